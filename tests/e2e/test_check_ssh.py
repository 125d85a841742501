"""The health of servers over SSH: through real sshd on this machine (test_check_ssh_boxes.py: on whole ones)."""
import contextlib
import json
import getpass
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
import servers
from checks_over_ssh import FAST, TRANSPORTS, Checks
from fixtures import started


@pytest.fixture(scope='module')
def sshd():
    yield from started(servers.Sshd)


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture
def checks(toolkit, sshd):
    return Checks(toolkit, sshd.ssh_config)


def configure(toolkit, sshd, text):
    toolkit.config(f'ssh: {{config: "{sshd.ssh_config}"}}\n{text}')


# --- what is said ---------------------------------------------------------------------------------

def test_word_for_word(toolkit, sshd):
    configure(toolkit, sshd, '')
    done = toolkit(*'check web-01 web-02 --timeout 60 --output json'.split())
    document = done.json
    assert [result['name'] for result in document['results']] == ['web-01', 'web-02']
    for result in document['results']:
        assert (result['target'], result['kind'], result['attempts']) == (result['name'], 'host', 1)
        assert result['values']['hostname'] == os.uname().nodename
        assert result['values']['uptime_seconds'] == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=10)
        assert 'up ' in result['message'] and 'memory ' in result['message'] and 'disk ' in result['message']


# How far from each other what is measured at once may be: absolutely, in parts of it.
TOLERANCES = {'disk_used_percent': (2, 0), 'memory_available_bytes': (0, 0.2), 'processes': (0, 0.5)}
SAME = ('cpu_count', 'memory_total_bytes', 'filesystems_read_only', 'mounts_stuck', 'hostname')


def is_between(before, there, after):
    """Whether values of a machine that goes on living fit those that were measured before and after them."""
    # The clock depends on there being a tool that tells it.
    clock = {'clock_synchronised', 'clock_offset_seconds', 'clock_error_seconds'}
    if not set(before) - clock == set(there) - clock == set(after) - clock:
        return False
    for name in before:
        absolute, relative = TOLERANCES.get(name.partition('[')[0], (0, 0))
        if name in SAME and there[name] != before[name]:
            return False
        if absolute or relative:
            low, high = sorted((before[name], after[name]))
            if not low - absolute - low * relative <= there[name] <= high + absolute + high * relative:
                return False
    return True


def test_the_same_as_on_the_machine_itself(checks, toolkit, transport):
    """What else runs here may change much at any moment, but not each time."""
    def here():
        return toolkit('check', 'local:', *FAST, '--output', 'json').json['results'][0]['values']
    seen = []
    for _ in range(10):
        seen.append((here(), checks.one('web-01', *FAST, '--transport', transport)['values'], here()))
        if is_between(*seen[-1]):
            return
    raise AssertionError(seen)


def test_thresholds_and_evidence(checks):
    result = checks.one('web-01', *FAST, '--critical', 'memory_available_bytes=> 1k')
    assert (result['state'], result['code']) == ('critical', 'threshold_exceeded')
    assert result['evidence']['largest_processes']


def test_ways_to_write_it(checks, sshd):
    names = [f'web-0{n}' for n in (1, 2, 3)]
    assert list(checks('web-[01-03]', *FAST)) == names
    assert list(checks('web-01,web-02', 'web-[02-03]', *FAST)) == names
    user = next(line.split()[1] for line in sshd.ssh_config.read_text().splitlines() if line.strip().startswith('User '))
    result = checks.one(f'ssh://{user}@{sshd.address("web-01")}:{sshd.port}', *FAST)
    assert result['values']['hostname'] == os.uname().nodename
    assert list(checks(f'ssh://{user}@web-[01-02]', *FAST)) == [f'ssh://{user}@web-01', f'ssh://{user}@web-02']


def test_a_user_and_a_port_in_a_name(checks, sshd, tmp_path, transport):
    user = getpass.getuser()
    how = ('--transport', transport, *FAST)
    path = tmp_path / 'servers.txt'
    path.write_text(f'{user}@web-01:{sshd.port}\n{user}@web-02\n')
    logins = [f'ssh://{user}@web-01:{sshd.port}', f'{user}@web-02']
    assert list(checks('--servers', path, *how)) == logins
    assert list(checks('--hosts', f'{user}@web-01:{sshd.port}', f'{user}@web-[02-03]', *how)) == [
        f'{user}@web-02', f'{user}@web-03', logins[0]]
    assert list(checks(f'ssh://{user}@web-[01-02]:{sshd.port}', *how)) == [
        f'ssh://{user}@web-0{n}:{sshd.port}' for n in (1, 2)]


def test_servers_of_a_file(checks, sshd, tmp_path):
    path = tmp_path / 'servers.txt'
    path.write_bytes(b'\xef\xbb\xbf# ours\r\nweb-01\r\n\tweb-[01-02]  # again\r\n')
    assert list(checks('--servers', path, *FAST)) == ['web-01', 'web-02']
    assert list(checks('--servers', path, '--hosts', '!web-01', *FAST)) == ['web-02']
    assert list(checks('--hosts', 'web-01', 'web-03', *FAST)) == ['web-03', 'web-01']
    assert 'web-01 ' in checks.toolkit(*checks.argv('--servers', path, *FAST, '-v')).stderr  # is there twice
    done = checks.toolkit(*checks.argv('--servers', '/dev/null'))
    assert (done.exit_code, done.stdout) == (2, '')
    assert 'names no server' in done.stderr


# --- in a configuration ---------------------------------------------------------------------------

CONFIG = '''
servers: {groups: {web: "web-[01-02]"}}
checks:
  - {name: web servers, host: "@web", cpu_sample: 10ms, tags: [web], critical: {load1: ">= 0"}}
  - {name: database, host: db-01, cpu_sample: 10ms}
  - {host: web-03, cpu_sample: 10ms}
'''


def names_of(done):
    return [result['name'] for result in done.json['results']]


def test_a_check_of_many_servers(toolkit, sshd):
    configure(toolkit, sshd, CONFIG)

    def names(*args):
        return names_of(toolkit('check', *args, '--output', 'json'))
    assert names() == ['web servers/web-01', 'web servers/web-02', 'database', 'web-03']
    assert names('--tag', 'web') == names('web servers') == ['web servers/web-01', 'web servers/web-02']
    assert names('--name', '*web-02') == ['web servers/web-02']
    assert names('--name', 'web servers') == ['web servers/web-01', 'web servers/web-02']


def test_a_server_has_the_checks_that_the_configuration_gives_it(toolkit, sshd):
    configure(toolkit, sshd, CONFIG)
    done = toolkit('check', 'web-01', 'db-01', 'web-03', '--output', 'json')
    assert names_of(done) == ['web servers/web-01', 'database', 'web-03']
    assert done.json['results'][0]['code'] == 'threshold_exceeded'
    assert [result['target'] for result in done.json['results']] == ['web-01', 'db-01', 'web-03']


@pytest.mark.parametrize('checks_text, message', [
    ('[{name: a, host: "@nobody"}]', "check 'a': node set '@nobody': column 1: unknown group 'nobody'"),
    ('[{host: "web-[01-02]"}, {host: web-02}]', "a check called 'web-02' is already at"),
    ('[{host: "web-01:ssh"}]', 'write ssh://'),
    ('[{host: "-oProxyCommand=x"}]', "'-'"),
])
def test_a_configuration_that_is_wrong(toolkit, checks_text, message):
    toolkit.config(f'checks: {checks_text}\n')
    done = toolkit('config', 'check')
    assert done.exit_code == 2
    assert message in done.stderr


def test_the_inventory_says_where_and_who(toolkit, sshd, tmp_path):
    """ansible_host and ansible_port; the user of --username goes before ansible_user."""
    inventory = tmp_path / 'hosts.ini'
    inventory.write_text(f'[all]\nelsewhere ansible_host={sshd.address("web-01")} ansible_port={sshd.port} '
                         'ansible_user=who-is-that\n')
    configure(toolkit, sshd, f'servers: {{files: ["{inventory}"]}}\n')
    args = ('check', 'elsewhere', *FAST, '--output', 'json')
    result = toolkit(*args).json['results'][0]
    assert result['code'] == 'auth_failed' and "'who-is-that'" in result['message']
    assert toolkit(*args, '--username', 'root' if os.geteuid() == 0 else os.environ['USER']).json['results'][0]['values']


def test_a_name_that_is_nearly_a_check_is_told(toolkit, sshd, dns):
    configure(toolkit, sshd, CONFIG)
    done = toolkit('check', 'databse', '--resolver', f'127.0.0.1:{dns.port}')
    assert done.exit_code == 1
    assert "no check is called 'databse' (did you mean 'database'?); it is taken for a server" in done.stderr


# --- what goes wrong ------------------------------------------------------------------------------

@contextlib.contextmanager
def listening():
    """A port that takes connections, and says nothing."""
    with socket.create_server(('127.0.0.1', 0), backlog=64) as sock:
        yield sock.getsockname()[1]


@contextlib.contextmanager
def refusing():
    """A port where nobody listens, nor can meanwhile."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        yield sock.getsockname()[1]


def with_hosts(sshd, tmp_path, text):
    path = tmp_path / 'ssh_config'
    path.write_text(text + sshd.ssh_config.read_text())
    return path


def test_a_host_that_refuses(toolkit, sshd, tmp_path, transport):
    with refusing() as port:
        checks = Checks(toolkit, with_hosts(sshd, tmp_path, f'Host gone\n HostName 127.0.0.1\n Port {port}\n'))
        result = checks.one('gone', '--transport', transport)
    assert (result['state'], result['code']) == ('critical', 'connection_refused')
    assert not result['values']


def test_a_host_that_nobody_knows(checks, dns):
    result = checks.one('no-such-host.test', '--resolver', f'127.0.0.1:{dns.port}')
    assert (result['state'], result['code']) == ('critical', 'dns_failed')


def test_a_host_that_is_silent_delays_nobody(toolkit, sshd, tmp_path, transport):
    with listening() as port:
        config = with_hosts(sshd, tmp_path, f'Host silent\n HostName 127.0.0.1\n Port {port}\n')
        done = toolkit('check', 'silent', 'web-01', *FAST, '--timeout', '10', '--output', 'jsonl',
                       '--transport', transport, '--ssh-config', config)
    first, last = done.jsonl
    assert (first['name'], first['state'] != 'unknown') == ('web-01', True)
    assert (last['name'], last['state'], last['code']) == ('silent', 'critical', 'timeout')
    assert 9 < last['duration_seconds'] < 20


def test_keys_of_hosts(toolkit, sshd, tmp_path, transport):
    known_hosts = tmp_path / 'known_hosts'
    config = with_hosts(sshd, tmp_path, f'Host *\n UserKnownHostsFile {known_hosts}\n')
    checks = Checks(toolkit, config)
    result = checks.one('web-01', *FAST, '--transport', transport)
    assert (result['state'], result['code']) == ('unknown', 'host_key_unknown')
    assert not result['values']

    result = checks.one('web-01', *FAST, '--transport', transport, '--accept-new-host-keys')
    assert result['values'] and sshd.public_host_key() in known_hosts.read_text()

    other = sshd.make_key(tmp_path / 'other')
    public = ' '.join(other.with_suffix('.pub').read_text().split()[:2])
    known_hosts.write_text(f'[{sshd.address("web-01")}]:{sshd.port} {public}\n')
    result = checks.one('web-01', *FAST, '--transport', transport, '--accept-new-host-keys')
    assert (result['state'], result['code']) == ('unknown', 'host_key_mismatch')


def test_a_host_that_does_not_let_us_in(checks, transport):
    result = checks.one('web-01', '--username', 'who-is-that', '--transport', transport)
    assert (result['state'], result['code']) == ('unknown', 'auth_failed')


def test_a_bastion_that_fails_is_not_the_host(toolkit, sshd, tmp_path):
    with refusing() as port:
        config = with_hosts(sshd, tmp_path,
                            f'Host bastion\n HostName 127.0.0.1\n Port {port}\nHost web-01\n ProxyJump bastion\n')
        result = Checks(toolkit, config).one('web-01')
    assert (result['state'], result['code']) == ('unknown', 'jump_failed')
    assert 'bastion' in result['message']


@pytest.mark.parametrize('command, code, message', [
    ('echo This account is locked.; exit 1', 'exec_failed', 'This account is locked.'),
    ('cat /dev/zero', 'too_large', 'MiB'),
    ('true', 'exec_failed', 'runs no shell'),
])
def test_a_login_that_runs_no_shell(toolkit, transport, command, code, message):
    with servers.Sshd(['web-01'], [f'ForceCommand {command}']) as sshd:
        result = Checks(toolkit, sshd.ssh_config).one('web-01', '--transport', transport, '--timeout', '60')
    assert (result['state'], result['code']) == ('unknown', code)
    assert message in result['message']


def test_a_login_that_greets(toolkit):
    with servers.Sshd(['web-01'], ['ForceCommand echo Welcome; echo >&2 hello; exec sh']) as sshd:
        assert Checks(toolkit, sshd.ssh_config).one('web-01', *FAST)['values']['uptime_seconds'] > 0


def test_busybox_alone(toolkit, tmp_path):
    busybox = pathlib.Path('/usr/bin/busybox')
    if not busybox.exists():
        pytest.skip('needs busybox')
    tools = tmp_path / 'tools'
    tools.mkdir()
    for name in subprocess.run([busybox, '--list'], capture_output=True, text=True, check=True).stdout.split():
        (tools / name).symlink_to(busybox)
    with servers.Sshd(['web-01'], [f'ForceCommand PATH={tools} exec {tools}/sh']) as sshd:
        values = Checks(toolkit, sshd.ssh_config).one('web-01', *FAST)['values']
    for name in ('uptime_seconds', 'memory_percent', 'disk_used_percent', 'inodes_used_percent', 'clock_error_seconds'):
        assert name in values


# --- mounts that hang -----------------------------------------------------------------------------

def hanging(path):
    found = subprocess.run(['ps', '-eo', 'pid=,stat=,args='], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if line.endswith(str(path)) and 'stat -f' in line]


@pytest.fixture
def filesystem():
    yield from started(servers.Filesystem)


@pytest.mark.parametrize('kind, left', [('dead', 0), ('stuck', 1)])
def test_a_dead_mount_hides_nothing(checks, filesystem, kind, left):
    """What hangs and cannot be killed stays alone: nobody else is sent after it, by whichever run."""
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    path = getattr(filesystem, kind)()
    for _ in range(2):
        result = checks.one('web-01', *FAST, '--set', 'mount_timeout=3s')
        assert (result['state'], result['code']) == ('critical', 'mount_stuck')
        assert f"filesystem '{path}' (fuse from {kind}) does not answer" in result['message']
        assert result['values']['mounts_stuck'] == 1
        assert {'memory_percent', 'disk_used_percent'} <= set(result['values'])
        assert f'disk_used_percent[{path}]' not in result['values']
        servers.base.wait_until(lambda: len(hanging(path)) <= left, 30, 'the end of what could be killed')
        assert len(hanging(path)) == left


def test_a_dead_mount_is_told_before_the_deadline(checks, filesystem):
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    filesystem.dead()
    result = checks.one('web-01', *FAST, '--timeout', '8')
    assert result['code'] == 'mount_stuck'
    assert result['duration_seconds'] < 8


# --- logins, and what stays -----------------------------------------------------------------------

def test_whoever_watches_logs_in_once(toolkit):
    with servers.Sshd(['web-01']) as sshd:
        running = toolkit.start('check', 'web-01', *FAST, '--output', 'jsonl', '--watch', '--interval', '300ms',
                                '--ssh-config', sshd.ssh_config)
        servers.base.wait_until(lambda: running.so_far.stdout.count('\n') >= 5, 60, 'five checks')
        running.signal(signal.SIGINT)
        assert running.ended().exit_code == 130
        assert sshd.log().count('Accepted publickey') == 1


def left_of(sshd):
    """Processes that sessions of this server have left."""
    found = subprocess.run(['ps', '-eo', 'pid=,ppid=,args='], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    ours, before = {str(sshd.process.pid)}, 0
    while before != len(ours):
        before = len(ours)
        ours |= {pid for pid, parent, _ in rows if parent in ours}
    return [row for row in rows if row[0] in ours and 'sshd' not in row[2]]


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_behind(toolkit, number):
    """Interrupted, or killed, in the middle of measuring."""
    with servers.Sshd(['web-01']) as sshd:
        running = toolkit.start('check', 'web-01', '--set', 'cpu_sample=30s', '--timeout', '90', '--ssh-config', sshd.ssh_config)
        servers.base.wait_until(lambda: any('sleep 30' in row[2] for row in left_of(sshd)), 60, 'the program')
        running.signal(number)
        done = running.ended()
        if number == signal.SIGINT:
            assert done.exit_code == 130
            assert 'interrupted while waiting for what the host says of itself' in done.stdout
        servers.base.wait_until(lambda: not left_of(sshd), 20, 'its end')
