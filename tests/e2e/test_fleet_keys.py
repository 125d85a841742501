"""`fleet keys`: the host keys of real servers, and what becomes of files of known hosts."""
import csv
import io
import json
import os
import pty
import signal
import socket
import subprocess

import pytest
from fixtures import started
from servers import sshd

TYPES = ('ed25519', 'ecdsa', 'rsa')


def make_key(path, kind):
    subprocess.run(['ssh-keygen', '-q', '-t', kind, '-N', '', '-C', 'made for a test', '-f', str(path)], check=True,
                   stdin=subprocess.DEVNULL)
    return path


def fingerprint(path):
    return subprocess.run(['ssh-keygen', '-lf', f'{path}.pub'], check=True, capture_output=True,
                          text=True).stdout.split()[1]


def public(path):
    return ' '.join((path.parent / f'{path.name}.pub').read_text().split()[:2])


@pytest.fixture(scope='module')
def keys(tmp_path_factory):
    """Two more host keys than the server has by itself: type -> file."""
    folder = tmp_path_factory.mktemp('keys')
    return {kind: make_key(folder / kind, kind) for kind in ('ecdsa', 'rsa')}


@pytest.fixture(scope='module')
def server(keys):
    yield from started(sshd.Sshd, ('web-01', 'web-02', 'web-03', 'db-01'),
                       [f'HostKey {path}' for path in keys.values()])


class Site:
    """A user's ~/.ssh, and `fleet keys` that uses it: site(...) -> Result."""

    def __init__(self, toolkit, server, folder):
        self.toolkit, self.server = toolkit, server
        self.known_hosts = folder / 'dot_ssh' / 'known_hosts'
        self.config = folder / 'ssh_config'
        self.configure()

    def configure(self, *lines):
        hosts = ''.join(f'Host {host}\n  HostName {self.server.address(host)}\n' for host in self.server.hosts)
        self.config.write_text(
            ''.join(f'{line}\n' for line in lines) + hosts +
            f'Host *\n  Port {self.server.port}\n  IdentityFile {self.server.key}\n  GlobalKnownHostsFile none\n'
            f'  UserKnownHostsFile "{self.known_hosts}"\n  ConnectTimeout {sshd.PATIENT_SECONDS}\n')

    def name(self, host):
        return f'[{self.server.address(host)}]:{self.server.port}'

    def know(self, text):
        self.known_hosts.parent.mkdir(exist_ok=True)
        self.known_hosts.write_text(text)

    def args(self, *args):
        return ('fleet', 'keys', '--ssh-config', self.config, *args)

    def __call__(self, *args):
        return self.toolkit(*self.args(*args))

    def json(self, *args):
        return json.loads(self(*args, '--output', 'json').stdout)

    def states(self, *args):
        return {host['name']: host['state'] for host in self.json(*args)['results']}

    def ssh_accepts(self, host, *options):
        """What OpenSSH makes of it."""
        return subprocess.run(['ssh', '-F', str(self.config), '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes',
                               *options, host, 'true'], stdin=subprocess.DEVNULL, capture_output=True,
                              check=False).returncode == 0


@pytest.fixture
def site(toolkit, server, tmp_path):
    return Site(toolkit, server, tmp_path)


def lines_of(path):
    return path.read_text().splitlines()


def test_new_are_shown_and_nothing_is_written(site, server, keys):
    result = site('--hosts', 'web-[01-03]')
    assert result.exit_code == 1
    assert '✗ web-[01-03]: new\n' in result.stdout, 'the same answer is shown once'
    for path in (server.host_key, *keys.values()):
        assert f'{fingerprint(path)}  new' in result.stdout
    assert not site.known_hosts.parent.exists()


def test_record(site, server):
    result = site('--hosts', 'web-[01-02]', '--record', '--yes')
    assert (result.exit_code, 'recorded 6 keys in' in result.stderr) == (0, True), result
    assert site.known_hosts.stat().st_mode & 0o777 == 0o600
    assert site.known_hosts.parent.stat().st_mode & 0o777 == 0o700
    assert len(lines_of(site.known_hosts)) == 6
    assert site.ssh_accepts('web-01') and not site.ssh_accepts('web-03')
    before = site.known_hosts.read_text()
    again = site('--hosts', 'web-[01-02]', '--record', '--yes')
    assert (again.exit_code, again.stderr.count('recorded')) == (0, 0)
    assert site.known_hosts.read_text() == before
    assert site.states('--hosts', 'web-[01-03]') == {'web-01': 'known', 'web-02': 'known', 'web-03': 'new'}


def test_servers_file(site, server):
    assert site.states('--servers', server.servers) == dict.fromkeys(server.hosts, 'new')


def test_nobody_logs_in(site, server):
    logged_in = server.log().count('Accepted ')
    asked = server.log().count('Connection from')
    assert site('--hosts', 'web-01').exit_code == 1
    assert server.log().count('Accepted ') == logged_in
    assert server.log().count('Connection from') - asked == len(TYPES), 'a connection for each type'


def test_hashed(site):
    site.configure('HashKnownHosts yes')
    assert site('--hosts', 'web-01', '--record', '--yes').exit_code == 0
    assert [line[:3] for line in lines_of(site.known_hosts)] == ['|1|'] * 3
    assert site.ssh_accepts('web-01')


def test_alias(site, server):
    site.configure('HostKeyAlias the-alias')
    assert site('--hosts', 'web-01', '--record', '--yes').exit_code == 0
    assert {line.split()[0] for line in lines_of(site.known_hosts)} == {'the-alias'}
    assert site.states('--hosts', 'web-[01-03]') == dict.fromkeys(('web-01', 'web-02', 'web-03'), 'known')


def test_dry_run(site):
    result = site('--hosts', 'web-01', '--record', '--dry-run')
    assert (result.exit_code, 'would record 3 keys in' in result.stderr) == (1, True)
    assert not site.known_hosts.exists()


def test_changed(site, server, tmp_path):
    old = make_key(tmp_path / 'old', 'ed25519')
    site.know(f'# mine\nother,{site.name("web-01")} {public(old)}\n{site.name("web-02")} {server.public_host_key()}\n')
    before = site.known_hosts.read_text()
    result = site('--hosts', 'web-01', '--record', '--yes')
    assert result.exit_code == 1
    assert '✗ web-01: CHANGED\n' in result.stdout
    assert (f'{fingerprint(server.host_key)}  changed: {site.known_hosts}:2 has ED25519 {fingerprint(old)}'
            in result.stdout)
    assert 'web-01: not recorded: it has changed: only --replace-changed writes its keys' in result.stderr
    assert site.known_hosts.read_text() == before

    site.known_hosts.chmod(0o640)
    link = tmp_path / 'real'
    site.known_hosts.rename(link)
    site.known_hosts.symlink_to(link)
    result = site('--hosts', 'web-01', '--replace-changed', '--yes')
    assert result.exit_code == 0, result
    assert site.known_hosts.is_symlink() and link.stat().st_mode & 0o777 == 0o640
    lines = lines_of(link)
    assert lines[:3] == ['# mine', f'other {public(old)}', f'{site.name("web-02")} {server.public_host_key()}']
    assert len(lines) == 6 and site.ssh_accepts('web-01')
    assert site.states('--hosts', 'web-01') == {'web-01': 'known'}


def test_one_type_is_known(site, server):
    """What a first login by us, or by an ssh that learns nothing more, leaves: the others are new, not changed."""
    site.know(f'{site.name("web-01")} {server.public_host_key()}\n')
    keys = site.json('--hosts', 'web-01')['results'][0]['keys']
    assert [key['state'] for key in keys] == ['known', 'new', 'new']
    assert (keys[0]['file'], keys[0]['line']) == (str(site.known_hosts), 1)


def test_revoked(site, server):
    site.know(f'@revoked * {server.public_host_key()}\n')
    result = site('--hosts', 'web-01', '--record', '--replace-changed', '--yes')
    assert result.exit_code == 1
    assert 'REVOKED' in result.stdout and f'revoked by {site.known_hosts}:1' in result.stdout
    assert len(lines_of(site.known_hosts)) == 1


def test_authority(site, server):
    site.know(f'@cert-authority * {server.public_host_key()}\n')
    result = site('--hosts', 'web-01', '--record', '--yes')
    assert (result.exit_code, 'known through an authority' in result.stdout) == (0, True)
    assert len(lines_of(site.known_hosts)) == 1


def test_unreachable(site, server):
    site.configure('Host gone', f'  HostName {server.address("web-01")}', '  Port 1')
    result = site('--hosts', 'gone,web-01', '--record', '--yes')
    assert result.exit_code == 1
    assert '✗ gone: unreachable: ' in result.stdout and 'refused' in result.stdout
    assert len(lines_of(site.known_hosts)) == 3, 'the other is recorded'


def test_bastion(site, server, tmp_path):
    """It is logged in to, and must be known before; recording it first is one command."""
    site.configure('Host web-03', '  ProxyJump db-01')
    result = site('--hosts', 'web-03')
    assert result.exit_code == 1 and 'fleet keys --hosts db-01' in result.stdout
    assert site('--hosts', 'db-01', '--record', '--yes').exit_code == 0
    assert site('--hosts', 'web-03', '--record', '--yes').exit_code == 0
    assert site.ssh_accepts('web-03')


def test_expected(site, server, keys, tmp_path):
    """What the consoles of the servers said, as ssh-keygen prints it, or as known hosts."""
    said = tmp_path / 'said'
    said.write_text(f'256 {fingerprint(server.host_key)} root@web-01 (ED25519)\n* {public(keys["ecdsa"])}\n')
    result = site('--hosts', 'web-01', '--expect', said, '--record', '--yes')
    assert result.exit_code == 1 and result.stdout.count('new, as expected') == 2
    assert f'{fingerprint(keys["rsa"])}  new, NOT EXPECTED' in result.stdout
    assert 'not recorded: a key of it is not in the file of --expect' in result.stderr
    assert not site.known_hosts.exists()
    said.write_text(said.read_text() + fingerprint(keys['rsa']) + '\n')
    result = site('--hosts', 'web-01', '--expect', said)
    assert (result.exit_code, '✓ web-01: new, as expected' in result.stdout) == (0, True)
    assert site('--hosts', 'web-01', '--expect', said, '--record', '--yes').exit_code == 0
    assert len(lines_of(site.known_hosts)) == len(TYPES)


@pytest.fixture
def silent(site):
    """A host `silent` that takes connections and never says a word."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        site.configure('Host silent', '  HostName 127.0.0.1', f'  Port {listener.getsockname()[1]}')
        yield listener


def test_timeout(site, silent):
    result = site('--hosts', 'silent,web-01', '--connect-timeout', '5s')
    assert result.exit_code == 1
    assert 'gave up after 5 s: waiting for the greeting' in result.stdout, result
    assert 'web-01: new' in result.stdout


def test_deadline(site, silent):
    result = site('--hosts', 'silent,web-01', '--deadline', '6s', '--record', '--yes')
    assert result.exit_code == 124
    assert 'silent: unreachable: the deadline passed before it was asked' in result.stdout
    assert 'web-01: new' in result.stdout
    assert not site.known_hosts.exists(), 'nobody saw all of it'


def test_interrupted(site, silent, toolkit):
    running = toolkit.start(*site.args('--hosts', 'silent', '--verbose'))
    with silent.accept()[0] as asked:
        asked.recv(4)
        result = running.signal(signal.SIGINT).ended()
    assert (result.exit_code, 'interrupted' in result.stdout) == (130, True), result


def test_needs_of_logins_do_not_matter(site):
    """Keys are asked for by ourselves, also where only the program ssh can log in; not past a ProxyCommand."""
    site.configure('Host web-01', '  PKCS11Provider /nowhere.so', '  ForwardAgent yes',
                   'Host web-02', '  ProxyCommand false')
    results = {host['name']: host for host in site.json('--hosts', 'web-[01-02]')['results']}
    assert [results[name]['state'] for name in ('web-01', 'web-02')] == ['new', 'unreachable']
    assert 'ProxyCommand' in results['web-02']['message']


def test_command_of_a_refused_login(site, server):
    """What a login over an unknown key says is a command that works."""
    refused = site.toolkit('fleet', 'true', '--hosts', 'web-01', '--ssh-config', site.config, '--store',
                           site.toolkit.home / 'state.db')
    command = f'sre-toolkit fleet keys --hosts web-01 --port {server.port} --ssh-config {site.config} --record'
    assert refused.exit_code == 1 and command in refused.stdout + refused.stderr
    assert site.toolkit(*command.split()[1:], '--yes').exit_code == 0
    again = site.toolkit('fleet', 'true', '--hosts', 'web-01', '--ssh-config', site.config, '--store',
                         site.toolkit.home / 'state.db')
    assert again.exit_code == 0


def test_port_of_a_name_goes_before_the_flag(site, server):
    hosts = f'web-01:{server.port},root@web-02:{server.port},web-03'
    results = {host['name']: host for host in site.json('--hosts', hosts, '--port', '1')['results']}
    assert {name: host['state'] for name, host in results.items()} == {
        f'web-01:{server.port}': 'new', f'root@web-02:{server.port}': 'new', 'web-03': 'unreachable'}
    assert results[f'web-01:{server.port}']['known_as'] == site.name('web-01')


def test_read_only_file(site, toolkit):
    site.know('')
    site.known_hosts.parent.chmod(0o500)
    site.known_hosts.chmod(0o400)
    if os.access(site.known_hosts, os.W_OK):
        site.known_hosts.unlink()
        site.known_hosts.mkdir()  # root may write to files that are read-only
    result = site('--hosts', 'web-01', '--record', '--yes')
    assert result.exit_code == 1 and str(site.known_hosts) in result.stdout + result.stderr


def test_formats(site, server):
    site.know(f'{site.name("web-01")} {server.public_host_key()}\n')
    report = site.json('--hosts', 'web-[01-02]')
    assert (report['schema'], report['command'], report['summary']['total'], report['summary']['new']) == (
        1, 'fleet keys', 2, 2)
    assert report['results'][1]['known_as'] == site.name('web-02')
    rows = list(csv.DictReader(io.StringIO(site('--hosts', 'web-[01-02]', '--output', 'csv').stdout)))
    assert [(row['name'], row['key_state']) for row in rows] == [
        ('web-01', 'known'), ('web-01', 'new'), ('web-01', 'new'),
        ('web-02', 'new'), ('web-02', 'new'), ('web-02', 'new')]
    assert {row['fingerprint'] for row in rows[:3]} == {row['fingerprint'] for row in rows[3:]}


@pytest.mark.parametrize('args, text', [
    ((), 'which servers'),
    (('--hosts', 'web-01', '--record', '--output', 'json'), 'add --yes'),
    (('--hosts', 'web-01', '--output', 'junit'), "'junit' is not one of text, json, csv (see sre-toolkit fleet keys --help)"),
    (('--hosts', 'web-01', '--accept-new-host-keys'), 'does not go with keys'),
    (('--hosts', 'web-01', '--port', '0'), '--port'),
    (('--hosts', 'web-[01'), 'web-[01'),
    (('--hosts', 'web-01', '--expect', '/nowhere'), '/nowhere'),
    (('--hosts', 'web-01', '--expect', '/etc/passwd'), '/etc/passwd:1 is neither'),
])
def test_usage(site, args, text):
    result = site(*args)
    assert (result.exit_code, text in result.stderr) == (2, True), result


def test_without_a_terminal(site):
    result = site('--hosts', 'web-01', '--record')
    assert (result.exit_code, 'there is no terminal to ask at' in result.stderr) == (1, True)
    assert not site.known_hosts.exists()


def at_terminal(toolkit, args, answer):
    """Exit code and all that is written, with the answer typed once there is a question."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(toolkit.home)
        os.execve(toolkit.binary, [str(toolkit.binary), *map(str, args)], toolkit.environment({'NO_COLOR': '1'}))
    written = b''
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:  # it has closed the terminal
            data = b''
        if not data:
            break
        written += data
        if answer and b': ' in written.splitlines()[-1] and b'? Type' in written.splitlines()[-1]:
            os.write(fd, answer)
            answer = None
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


@pytest.mark.parametrize('answer, exit_code, recorded', [(b'6\n', 0, 6), (b'7\n', 1, 0), (b'yes\n', 1, 0), (b'\n', 1, 0)])
def test_question(site, toolkit, answer, exit_code, recorded):
    code, written = at_terminal(toolkit, site.args('--hosts', 'web-[01-02]', '--record'), answer)
    assert code == exit_code, written
    assert f'Record 6 keys, in {site.known_hosts}? Type 6: ' in written
    assert written.index('SHA256:') < written.index('Record 6 keys'), 'they are shown first'
    assert len(lines_of(site.known_hosts) if site.known_hosts.exists() else []) == recorded
