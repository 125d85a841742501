"""Commands on whole machines, over both transports: every way in, every outcome, and that nothing is left there."""
import os
import pathlib
import signal
import subprocess
import time

import pytest
from fleet import processes_of
from servers.base import wait_until

TRANSPORTS = ['native', 'openssh']
# All that are ever up, as few as can be: booting is what takes long.  Most tests want the first two.
TEN = [f'web-{i:02}' for i in range(1, 11)]
NAMES, BASTION = TEN[:2], TEN[2]
WELL, FROZEN, CUT, FULL, REBOOTING = TEN[:6], *TEN[6:]
DROPBEAR_PORT = 2222
PASSWORD = 'correct horse'
# What the supervisor is allowed to take, and some.
KILLED_SECONDS, LOST_SECONDS = 15, 60
# To log in, unless a test says otherwise: two dozen programs at once take theirs on a machine with much else to do.
PATIENT_SECONDS = 60


@pytest.fixture(scope='module')
def furnished(boxes):
    """A user who must give his password to sudo, and dropbear beside sshd."""
    boxes.up(*NAMES)
    for name in NAMES:
        boxes.exec(name, 'sh', '-c', f'''
            useradd --create-home --shell /bin/bash ops && echo 'ops:{PASSWORD}' | chpasswd &&
            echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops && cp -r /home/sre/.ssh /home/ops/ && chown -R ops /home/ops/.ssh &&
            mkdir -p /etc/dropbear && dropbear -R -p {DROPBEAR_PORT} -P /run/dropbear.pid''')
    return boxes


@pytest.fixture
def ten(furnished):
    """Those that are not up, or have rebooted, are booted; what is done to them is undone."""
    furnished.up(*TEN)
    yield furnished
    furnished.mend(*TEN)


class Fleet:
    """The command `fleet` over one transport; web-02 may be behind one bastion or two."""

    def __init__(self, toolkit, boxes, transport, hops=0):
        self.toolkit, self.boxes, self.transport, self.hops = toolkit, boxes, transport, hops
        self.config = toolkit.home / f'ssh_config-{transport}-{hops}'
        self.configure()

    def configure(self, more='', base=True):
        """Lines that come before what all boxes have in common."""
        base_lines = (self.boxes.files / 'ssh_config').read_text() if base else ''
        self.config.write_text(more + self._bastions() + f'Host *\nConnectTimeout {PATIENT_SECONDS}\n' + base_lines)

    @property
    def bastions(self):
        return [BASTION, 'web-01'][:self.hops]

    def _bastions(self):
        if not self.hops:
            return ''
        # The boxes do not know each other's names.
        addresses = {name: address for name, (address, _) in self.boxes.list().items()}
        return (''.join(f'Host {name}\nHostName {addresses[name]}\n' for name in NAMES) +
                f'Host web-02\nProxyJump {",".join(self.bastions)}\n')

    def argv(self, command, hosts, *args):
        return ['fleet', *([] if command is None else [command]), '--hosts', hosts, '--transport', self.transport,
                '--store', self.toolkit.home / 'state.db',
                '--ssh-config', self.config, '--yes', *args]

    def __call__(self, command, hosts, *args, **options):
        """name -> result, of a run whose exit code fits it."""
        done = self.toolkit(*self.argv(command, hosts, '--output', 'json', *args), in_front=self.boxes.in_front,
                            **options)
        results = {result['name']: result for result in done.json['results']}
        assert done.exit_code == (0 if all(result['success'] for result in results.values()) else 1), done
        return results

    def one(self, command, host, *args, **options):
        [result] = self(command, host, *args, **options).values()
        return result

    def start(self, command, hosts, *args):
        return self.toolkit.start(*self.argv(command, hosts, *args), in_front=self.boxes.in_front)

    def password_file(self, password):
        path = self.toolkit.home / 'password'
        path.write_text(password + '\n')
        path.chmod(0o600)
        return path


@pytest.fixture(params=TRANSPORTS)
def fleet(toolkit, furnished, request):
    return Fleet(toolkit, furnished, request.param)


@pytest.fixture
def both(toolkit, furnished):
    """Of each transport one, for what takes long: they run at the same time."""
    return [Fleet(toolkit, furnished, transport) for transport in TRANSPORTS]


def gone_within(boxes, names, seconds):
    """How long it takes until no process of ours is left on any of them, whoever it belongs to."""
    begin = time.monotonic()
    while left := {name: list(map(str, found)) for name, found in boxes.processes(*names).items() if found}:
        assert time.monotonic() - begin < seconds, left
        time.sleep(0.1)


def wait_for_processes(boxes, names, args, running, seconds=120):
    """Until that runs on each of them, once for each of the running programs."""
    end = time.monotonic() + seconds
    while any([process.args for process in found].count(args) < len(running) for found in boxes.processes(*names).values()):
        assert time.monotonic() < end, '\n'.join(str(each.so_far) for each in running)
        time.sleep(0.1)


# --- outcomes -------------------------------------------------------------------------------------

def test_all_is_well(fleet):
    results = fleet('hostname; echo to stderr >&2', 'web-[01-02]')
    for name, result in results.items():
        assert (result['outcome'], result['success'], result['exit_code']) == ('ok', True, 0)
        assert (result['stdout'], result['stderr']) == (f'{name}\n', 'to stderr\n')


@pytest.mark.parametrize('code', [1, 3, 127, 255])
def test_it_exits(fleet, code):
    """255 too, which the program ssh cannot tell from its own failures."""
    result = fleet.one(f'exit {code}', 'web-01')
    assert (result['outcome'], result['exit_code'], result['signal']) == ('exit', code, None)


@pytest.mark.parametrize('name', ['KILL', 'TERM', 'SEGV'])
def test_a_signal_ends_it(fleet, name):
    result = fleet.one(f'kill -{name} $$', 'web-01')
    assert (result['outcome'], result['signal'], result['exit_code']) == ('signal', name, None)


# What, with which option, ends by which clock.
TOO_LONG = [
    ('sleep 4711', '--timeout', 'total'),
    ('echo begun; sleep 4711', '--silence', 'silence'),
    ("trap '' TERM; while :; do sleep 1; done", '--timeout', 'total'),
]


def test_it_takes_too_long(toolkit, both, furnished):
    """It ends on the host too, also if it ignores SIGTERM, is root's, or was begun through bastions."""
    furnished.up(BASTION)
    far = [Fleet(toolkit, furnished, transport, hops=2) for transport in TRANSPORTS]
    cases = [(fleet, *case, sudo) for fleet in both for case in TOO_LONG for sudo in ([], ['--sudo'])]
    cases += [(fleet, *TOO_LONG[0], []) for fleet in far]
    running = [fleet.start(command, 'web-02', option, '4', '--connect-timeout', '60', '--output', 'json', *sudo)
               for fleet, command, option, _, sudo in cases]
    ended = [each.ended() for each in running]
    gone_within(furnished, NAMES, 2 * KILLED_SECONDS)
    for (_, command, _, clock, _), done in zip(cases, ended):
        [result] = done.json['results']
        assert (result['outcome'], result['clock']) == ('timeout', clock), done
        assert result['stdout'] == ('begun\n' if 'begun' in command else ''), done


def test_its_child_holds_the_output_open(fleet, furnished):
    begin = time.monotonic()
    try:
        result = fleet.one('sleep 4711 & echo started', 'web-01')
        seconds = time.monotonic() - begin
    finally:
        furnished.exec('web-01', 'pkill', '-u', 'sre', 'sleep')
    assert (result['outcome'], result['stdout']) == ('ok', 'started\n')
    assert seconds < 60


def test_nobody_knows_the_name(fleet):
    result = fleet.one('true', 'web-99')
    assert (result['outcome'], result['code']) == ('unreachable', 'dns_failed')


def test_nobody_listens(fleet):
    fleet.configure('Host web-01\nPort 9\n')
    result = fleet.one('true', 'web-01')
    assert (result['outcome'], result['code']) == ('unreachable', 'connection_refused')


def test_one_is_cut_off_and_one_is_frozen(both, furnished):
    """The third is as if alone."""
    furnished.up(BASTION)
    try:
        furnished.cut('web-01')
        furnished.freeze(BASTION)
        running = [fleet.start('true', 'web-[01-03]', '--connect-timeout', '10', '--output', 'json') for fleet in both]
        ended = [each.ended() for each in running]
    finally:
        furnished.mend('web-01', BASTION)
    for done in ended:
        cut, well, frozen = done.json['results']
        for result in (cut, frozen):
            assert (result['outcome'], result['clock']) == ('timeout', 'connect'), done
        assert well['outcome'] == 'ok' and well['duration_seconds'] < 10, done


def test_a_host_key_that_changed(fleet, tmp_path):
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', tmp_path / 'other'], check=True)
    known = tmp_path / 'known_hosts'
    known.write_text(f'# mine\nweb-01 {(tmp_path / "other.pub").read_text()}')
    fleet.configure(f'Host *\nUserKnownHostsFile {known}\n')
    result = fleet.one('true', 'web-01')
    assert (result['outcome'], result['code']) == ('unreachable', 'host_key_mismatch')
    assert f'{known}:2' in result['message'] and result['message'].count('SHA256:') == 2, result['message']


def test_a_host_key_that_nobody_knows(fleet, tmp_path):
    known = tmp_path / 'known_hosts'
    fleet.configure(f'Host *\nUserKnownHostsFile {known}\n')
    result = fleet.one('true', 'web-01')
    assert (result['outcome'], result['code']) == ('unreachable', 'host_key_unknown')
    assert 'SHA256:' in result['message'] and 'fleet keys' in result['message'], result['message']
    assert fleet.one('true', 'web-01', '--accept-new-host-keys')['outcome'] == 'ok'
    assert fleet.one('true', 'web-01')['outcome'] == 'ok'


def test_nobody_is_let_in(fleet):
    result = fleet.one('true', 'web-01', '--username', 'nobody')
    assert (result['outcome'], result['code']) == ('unreachable', 'auth_failed')


def test_a_login_that_runs_nothing(fleet, furnished):
    furnished.exec('web-01', 'sh', '-c', 'id closed >/dev/null 2>&1 || useradd -m -s /usr/sbin/nologin closed; '
                   'cp -r /home/sre/.ssh /home/closed/; chown -R closed /home/closed/.ssh')
    result = fleet.one('true', 'web-01', '--username', 'closed')
    assert result['outcome'] == 'not_started'
    assert 'not available' in result['message'], result['message']


def test_the_deadline_of_all(fleet):
    done = fleet.toolkit(*fleet.argv('sleep 4711', 'web-[01-02]', '--output', 'json', '--workers', '1', '--deadline', '2'),
                         in_front=fleet.boxes.in_front)
    assert done.exit_code == 124, done
    first, second = done.json['results']
    assert first['outcome'] != 'ok' and second['outcome'] == 'not_started'
    gone_within(fleet.boxes, NAMES, KILLED_SECONDS)


# --- ways in --------------------------------------------------------------------------------------

@pytest.fixture(params=[(transport, hops) for transport in TRANSPORTS for hops in (1, 2)])
def behind(toolkit, furnished, request):
    furnished.up(BASTION)
    return Fleet(toolkit, furnished, *request.param)


def test_through_bastions(behind, furnished):
    """The last of them is whom the server sees."""
    address, _ = furnished.list()[behind.bastions[-1]]
    assert behind.one('echo ${SSH_CONNECTION%% *}', 'web-02')['stdout'] == f'{address}\n'


def test_input_and_a_script_through_bastions(behind, tmp_path):
    text = ''.join(f'line {i}\n' for i in range(20000))
    assert behind.one('wc -c', 'web-02', '--stdin', stdin=text)['stdout'] == f'{len(text)}\n'
    script = tmp_path / 'report.sh'
    script.write_text('#!/bin/sh\necho "$(hostname) $1"; exit 4\n')
    result = behind.one(None, 'web-02', '--script', script, '--', "it's")
    assert (result['exit_code'], result['stdout']) == (4, "web-02 it's\n")


@pytest.mark.parametrize('server', ['sshd', 'dropbear'])
def test_sudo_with_a_password_through_bastions(behind, tmp_path, server):
    if server == 'dropbear':
        behind.configure(f'Host web-02\nPort {DROPBEAR_PORT}\nUserKnownHostsFile {tmp_path}/known_hosts\n')
    args = ['--sudo', '--username', 'ops', '--sudo-password-file', behind.password_file(PASSWORD), '--accept-new-host-keys']
    # All that comes on standard input, to its reader each: the password, the script, the input.
    assert behind.one('id -un; cat', 'web-02', '--stdin', *args, stdin='in\n')['stdout'] == 'root\nin\n'
    script = tmp_path / 'report.sh'
    script.write_text('id -un; echo $SSH_CONNECTION $SUDO_USER "$@"\n')
    result = behind.one(None, 'web-02', '--script', script, *args, '--', 'a b')
    assert result['stdout'].startswith('root\n') and result['stdout'].endswith('ops a b\n'), result


def test_through_a_bastion_that_is_not_there(fleet):
    fleet.configure('Host web-02\nProxyJump web-99\n')
    result = fleet.one('true', 'web-02')
    assert result['outcome'] == 'unreachable' and 'web-99' in result['message'], result


def base_without_key(boxes):
    return f'Host *\nUser sre\nUserKnownHostsFile {boxes.files}/known_hosts\n'


@pytest.fixture
def agent(tmp_path):
    """Its socket."""
    process = subprocess.Popen(['ssh-agent', '-D', '-a', tmp_path / 'agent'], stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not (tmp_path / 'agent').exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    yield tmp_path / 'agent'
    process.kill()
    process.wait()


def test_by_the_agent(fleet, furnished, agent):
    subprocess.run(['ssh-add', '-q', furnished.files / 'id_ed25519'], env={**os.environ, 'SSH_AUTH_SOCK': str(agent)}, check=True)
    fleet.configure(base_without_key(furnished), base=False)
    assert fleet.one('true', 'web-01', env={'SSH_AUTH_SOCK': agent})['outcome'] == 'ok'
    assert fleet.one('true', 'web-01')['code'] == 'auth_failed'


def test_by_certificate(fleet, furnished, tmp_path):
    for name in ('ca', 'key'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', tmp_path / name], check=True)
    subprocess.run(['ssh-keygen', '-q', '-s', tmp_path / 'ca', '-I', 'test', '-n', 'sre', tmp_path / 'key.pub'], check=True)
    authority = (tmp_path / 'ca.pub').read_text().strip()
    furnished.exec('web-01', 'sh', '-c', f"echo 'cert-authority {authority}' >>/home/sre/.ssh/authorized_keys")
    fleet.configure(f'Host *\nIdentityFile {tmp_path}/key\nIdentitiesOnly yes\n' + base_without_key(furnished), base=False)
    assert fleet.one('true', 'web-01')['outcome'] == 'ok'
    assert fleet.one('true', 'web-02')['code'] == 'auth_failed'


def test_a_host_with_a_certificate(toolkit, furnished, tmp_path):
    """Which our own sessions cannot check: the program ssh is taken by itself, and why is said.  A restart, unlike a
    reload, is over when sshd listens again."""
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', tmp_path / 'ca'], check=True)
    (tmp_path / 'host.pub').write_text(furnished.exec('web-02', 'cat', '/etc/ssh/ssh_host_ed25519_key.pub'))
    subprocess.run(['ssh-keygen', '-q', '-s', tmp_path / 'ca', '-I', 'web-02', '-h', '-n', 'web-02', tmp_path / 'host.pub'],
                   check=True)
    certificate = (tmp_path / 'host-cert.pub').read_text().strip()
    known = tmp_path / 'known_hosts'
    known.write_text(f'@cert-authority web-* {(tmp_path / "ca.pub").read_text()}')
    fleet = Fleet(toolkit, furnished, 'auto')
    fleet.configure(f'Host *\nUserKnownHostsFile {known}\n')
    furnished.exec('web-02', 'sh', '-c', f"echo '{certificate}' >/etc/ssh/host-cert.pub; "
                   'echo HostCertificate /etc/ssh/host-cert.pub >/etc/ssh/sshd_config.d/cert.conf; systemctl restart ssh')
    try:
        done = toolkit(*fleet.argv('hostname', 'web-02', '-v'), in_front=furnished.in_front)
    finally:
        furnished.exec('web-02', 'sh', '-c', 'rm /etc/ssh/sshd_config.d/cert.conf; systemctl restart ssh')
    assert done.exit_code == 0 and 'web-02: web-02' in done.stdout, done
    assert 'through the program ssh' in done.stderr, done


def test_dropbear(fleet, furnished, tmp_path):
    """A small server, as routers have it."""
    known = tmp_path / 'known_hosts'
    fleet.configure(f'Host *\nPort {DROPBEAR_PORT}\nUserKnownHostsFile {known}\n')
    assert fleet('hostname', 'web-[01-02]', '--accept-new-host-keys')['web-02']['stdout'] == 'web-02\n'
    assert fleet.one('exit 3', 'web-01')['exit_code'] == 3
    assert fleet.one('kill -KILL $$', 'web-01')['signal'] == 'KILL'
    assert fleet.one('sleep 4711', 'web-01', '--timeout', '2')['clock'] == 'total'
    gone_within(furnished, ['web-01'], KILLED_SECONDS)
    assert fleet.one('id -un', 'web-01', '--sudo')['stdout'] == 'root\n'


# --- sudo -----------------------------------------------------------------------------------------

def test_sudo_without_a_password(fleet):
    assert fleet.one('id -un', 'web-01', '--sudo')['stdout'] == 'root\n'
    assert fleet.one('id -un', 'web-01', '--sudo', '--sudo-user', 'www-data')['stdout'] == 'www-data\n'


def test_sudo_that_would_ask(fleet):
    result = fleet.one('id -un', 'web-01', '--sudo', '--username', 'ops')
    assert (result['outcome'], result['code']) == ('not_started', 'sudo_failed'), result


def test_sudo_with_a_password(fleet):
    results = fleet('id -un; cat', 'web-[01-02]', '--sudo', '--username', 'ops',
                    '--sudo-password-file', fleet.password_file(PASSWORD))
    assert [result['stdout'] for result in results.values()] == ['root\n', 'root\n'], results


def refused_passwords(boxes):
    """As sudo writes them down."""
    return sum(int(boxes.exec(name, 'sh', '-c', "journalctl --sync; journalctl -q -o cat _COMM=sudo | grep -c 'authentication failure' || true"))
               for name in NAMES)


def test_sudo_with_a_wrong_password_is_tried_once(fleet, furnished):
    before = refused_passwords(furnished)
    results = fleet('id -un', 'web-[01-02]', '--sudo', '--username', 'ops',
                    '--sudo-password-file', fleet.password_file('wrong'))
    assert (results['web-01']['outcome'], results['web-01']['code']) == ('not_started', 'sudo_failed')
    assert results['web-02']['outcome'] == 'not_started' and results['web-02']['code'] != 'sudo_failed'
    wait_until(lambda: refused_passwords(furnished) > before, 60, 'the journal')
    assert refused_passwords(furnished) == before + 1


# --- input ----------------------------------------------------------------------------------------

def test_all_get_the_same_input(fleet):
    text = ''.join(f'line {i}\n' for i in range(20000))
    results = fleet('wc -l; exec sha256sum', 'web-[01-02]', '--stdin', stdin='')
    assert [result['stdout'].split()[0] for result in results.values()] == ['0', '0']
    results = fleet('wc -c', 'web-[01-02]', '--stdin', stdin=text)
    assert [int(result['stdout']) for result in results.values()] == [len(text)] * 2


def test_a_script_with_arguments(fleet, tmp_path):
    script = tmp_path / 'report.sh'
    script.write_text('#!/bin/bash\nshopt -q login_shell; printf "%s|" "$BASH" "$@" "$WORD"; exit 4\n')
    result = fleet.one(None, 'web-01', '--script', script, '--env', "WORD=it's $HOME", '--', 'a b', '$(id)', "'")
    assert (result['exit_code'], result['stdout']) == (4, "/bin/bash|a b|$(id)|'|it's $HOME|")


# --- the worst night ------------------------------------------------------------------------------

ALL = 'web-[01-10]'


def started_by(both, command):
    """The command on all ten through both transports, and as root's on two."""
    return [fleet.start(command, ALL) for fleet in both], [fleet.start(command, 'web-[01-02]', '--sudo') for fleet in both]


def test_four_in_trouble_trouble_nobody_else(both, ten):
    """One is frozen, one is cut off in the middle, one has no space left, one reboots."""
    ten.freeze(FROZEN)
    ten.exec(FULL, 'sh', '-c', 'mkdir -p /full && mount -t tmpfs -o size=16k,mode=1777 none /full')
    command = '''echo begun
        if [ -d /full ]; then head -c 100000 /dev/zero >/full/file || exit 28; fi
        until [ -e /run/go ]; do sleep 0.4711; done
        echo done'''
    try:
        running = [fleet.start(command, ALL, '--output', 'jsonl', '--connect-timeout', '40') for fleet in both]
        wait_for_processes(ten, [CUT, REBOOTING, *WELL], 'sleep 0.4711', running)
        ten.cut(CUT)
        ten.exec(REBOOTING, 'systemctl', '--no-block', 'reboot')
        for name in WELL:
            ten.exec(name, 'touch', '/run/go')
        ended = [each.ended(240) for each in running]
        ten.mend(FROZEN, CUT)
        gone_within(ten, [FROZEN, CUT, FULL, *WELL], LOST_SECONDS)
    finally:
        ten.exec(FULL, 'umount', '-l', '/full')
        for name in WELL:
            ten.exec(name, 'rm', '-f', '/run/go')
    for done in ended:
        results = {result['name']: result for result in done.jsonl if 'name' in result}
        assert done.exit_code == 1, done
        assert (results[FROZEN]['outcome'], results[FROZEN]['clock']) == ('timeout', 'connect'), done
        assert (results[CUT]['outcome'], results[CUT]['code']) == ('unreachable', 'connection_lost'), done
        assert (results[FULL]['outcome'], results[FULL]['exit_code']) == ('exit', 28), done
        assert results[REBOOTING]['outcome'] in ('signal', 'unreachable'), done
        for name in WELL:
            assert (results[name]['outcome'], results[name]['stdout']) == ('ok', 'begun\ndone\n'), done
        told = list(results)
        assert max(told.index(name) for name in WELL) < told.index(CUT), done


def test_ctrl_c_leaves_nothing(both, ten):
    everywhere, roots = started_by(both, 'echo begun; sleep 4711')
    wait_for_processes(ten, TEN, 'sleep 4711', everywhere)
    wait_for_processes(ten, NAMES, 'sleep 4711', everywhere + roots)
    for running in everywhere + roots:
        running.signal(signal.SIGINT)
    for running in everywhere + roots:
        assert running.ended().exit_code == 130
    gone_within(ten, TEN, KILLED_SECONDS)


def test_sigkill_leaves_nothing(both, ten):
    """Neither there nor here, where the program ssh was at work."""
    everywhere, roots = started_by(both, 'echo begun; trap "" HUP; sleep 4711')
    wait_for_processes(ten, TEN, 'sleep 4711', everywhere)
    wait_for_processes(ten, NAMES, 'sleep 4711', everywhere + roots)
    for running in everywhere + roots:
        os.kill(running.pid, signal.SIGKILL)  # what leads into the network of the boxes has become the program
    gone_within(ten, TEN, 2 * KILLED_SECONDS)
    wait_until(lambda: not [left for fleet in both for left in processes_of(str(fleet.config))], 60, 'the end of ssh here')


def test_a_lost_network_leaves_nothing(both, ten):
    everywhere, roots = started_by(both, 'echo begun; sleep 4711')
    wait_for_processes(ten, TEN, 'sleep 4711', everywhere)
    wait_for_processes(ten, NAMES, 'sleep 4711', everywhere + roots)
    ten.cut(*TEN)
    gone_within(ten, TEN, LOST_SECONDS)
    for running, count in [(each, 10) for each in everywhere] + [(each, 2) for each in roots]:
        done = running.ended()
        assert done.exit_code == 1 and f'0/{count} servers responded successfully' in done.stdout + done.stderr, done
