"""`fleet` and what people give it by mistake: files of servers, names, keys and passwords.  Where something is
refused, it is said where it stands, and nobody is connected to."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from fixtures import started
from measured_fleet import TRANSPORTS, MeasuredFleet
from servers.base import NOBODY, can_be_nobody
from servers.hostile_ssh import HostileSsh, WantsPassword
from servers.sshd import Sshd

LINES = 100_000


@pytest.fixture(scope='module')
def sshd():
    yield from started(Sshd, ['web-01', 'web-02'])


def touched(sshd):
    return sshd.log().count('Connection from')


@pytest.fixture
def fleet(toolkit, sshd):
    """fleet(ARGS...) with the servers of sshd, and whatever other name at its address."""
    toolkit.servers = toolkit.home / 'servers'
    kept = ['--store', toolkit.home / 'state.db']
    return lambda *args, **options: toolkit('fleet', 'true', '--ssh-config', sshd.ssh_config, '--yes', *kept, *args, **options)


@pytest.fixture
def refused(toolkit, sshd, fleet):
    """refused(ARGS...) -> the one line that is said."""
    def run(*args):
        before = touched(sshd)
        done = fleet(*args)
        assert (done.exit_code, done.stdout) == (2, ''), done
        assert done.stderr.count('\n') == 1 and len(done.stderr) < 1000
        assert touched(sshd) == before, 'nobody is connected to'
        return done.stderr.removeprefix('sre-toolkit fleet: ').rstrip('\n')
    return run


# --- files of servers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('text', [
    'web-01\nweb-02\n',
    '\ufeffweb-01\nweb-02\n',
    'web-01\r\nweb-02\r\n',
    '\ufeff# all of them\r\n\r\n\tweb-01\t# the first\r\n  web-[02]  \r\n',
    'web-[01-02]',
    '[web]\r\nweb-[01:02]\r\n',
    '[web]\nweb-01 ansible_connection=ssh\n\n[db]\nweb-02\n',
], ids=['plain', 'bom', 'crlf', 'all', 'set', 'ini', 'groups'])
def test_files_that_are_good(fleet, toolkit, text):
    toolkit.servers.write_text(text, newline='')
    listed = fleet('--list', '--servers', toolkit.servers)
    assert (listed.exit_code, listed.stdout.split()) == (0, ['web-01', 'web-02'])
    done = fleet('--servers', toolkit.servers)
    assert (done.exit_code, '2/2 servers responded successfully' in done.stdout) == (0, True), done


def test_a_file_of_very_many(fleet, toolkit, sshd):
    toolkit.servers.write_text(''.join(f'web-{i:06}.example.com\r\n' for i in range(LINES)))
    before = touched(sshd)
    done = fleet('--list', '--servers', toolkit.servers)
    assert (done.exit_code, done.stdout.count('\n'), done.stderr.count('\n')) == (0, LINES, 1)
    assert "'true' is not run" in done.stderr
    assert touched(sshd) == before


def test_one_that_stands_there_twice(fleet, toolkit, sshd):
    toolkit.servers.write_text('web-01\nweb-02\nweb-[01-02]\n')
    before = touched(sshd)
    done = fleet('--servers', toolkit.servers, '--output', 'jsonl')
    assert [result['name'] for result in sorted(done.jsonl, key=lambda result: result['name'])] == ['web-01', 'web-02']
    assert touched(sshd) - before == 2
    assert 'more than once' in done.stderr and 'web-01' in done.stderr


# The file, and what is said of it behind its name.
BROKEN_FILES = {
    'web-01\nweb-[01-\n': ":2:5: '[' is never closed",
    'web-01\n  web-[05-01]\n': ':2:8: range ',
    'web-[1-99999999]\n': ':1:5: it stands for more than ',
    'web-01\n-oProxyCommand=touch pwned\n': ":2:1: a name must not begin with '-'",
    'web-01\n$(touch pwned)\n': ":2:1: a name cannot hold '$'",
    'web-01\n`touch pwned`\n': ":2:1: a name cannot hold '`'",
    'web;touch pwned\n': ":1:4: a name cannot hold ';'",
    'web|touch\n': ":1:4: a name cannot hold '|'",
    "web'01\n": ":1:4: a name cannot hold '''",
    'web\\01\n': ":1:4: a name cannot hold '\\'",
    'web\x1b[31m\n': ":1:4: a name cannot hold '\\x1b'",
    'web\0\n': ":1:4: a name cannot hold '\\x00'",
    '%h\n': ":1:1: a name cannot hold '%'",
    '../../etc/passwd\n': ":1:1: a name must not begin with '.'",
    'web-01\nroot@web-01:99999\n': ":2:1: port: ",
    'web-01 root@\n': ":1:12: a name cannot hold '@'",
    '[::zz]:22\n': ":1:1: '::zz' is no address of IPv6",
    '\ufeffweb-01\r\nweb-é\r\n': ":2:5: a name cannot hold 'é'",
    '# only words\n\n': ' names no server',
    '': ' names no server',
    '[web]\nw1 ansible_host="10.0.0.1;touch pwned"\n': ":2:4: ansible_host: ",
    '[web]\nw1 ansible_host="10.0.0.1 10.0.0.2"\n': ":2:4: ansible_host: ",
    '[web]\nw1 ansible_host=-oProxyCommand=touch\n': ":2:4: ansible_host: ",
    '[web]\nw1 ansible_host=$(touch)\n': ":2:4: ansible_host: ",
    '[web]\nw1 ansible_user=-lroot\n': ":2:4: ansible_user: ",
    '[web]\nw1 ansible_user="a b"\n': ":2:4: ansible_user: ",
    '[web]\nw1 ansible_user=$(touch)\n': ":2:4: ansible_user: ",
    '[web]\nw1 ansible_port=99999\n': ":2:4: ansible_port: ",
    '[web]\nweb-01\nweb;02\n': ":3:4: a name cannot hold ';'",
}


@pytest.mark.parametrize('text', BROKEN_FILES, ids=ascii)
def test_a_broken_file(refused, toolkit, text):
    toolkit.servers.write_text(text, newline='')
    for args in (('--servers', toolkit.servers), ('--servers', toolkit.servers, '--hosts', 'web-01')):
        said = refused(*args)
        assert BROKEN_FILES[text] in said and str(toolkit.servers) in said
    assert not (toolkit.home / 'pwned').exists()


def test_a_file_of_another_kind(refused, toolkit, tmp_path):
    toolkit.servers.write_bytes('web-01\n'.encode('utf-16'))
    assert ':1:1: the file is UTF-16' in refused('--servers', toolkit.servers)
    # The second line is not empty, and no name, whatever comes.
    toolkit.servers.write_bytes(b'web-01\n\xff' + os.urandom(1 << 20).replace(b'#', b'~'))
    assert f'{toolkit.servers}:2:' in refused('--servers', toolkit.servers)
    assert str(tmp_path) in refused('--servers', tmp_path)
    assert 'No such file' in refused('--servers', tmp_path / 'missing')


# What --hosts is given; what is said.
BROKEN_NAMES = {
    '': 'expected a name',
    ' ': 'expected a name',
    '!web-01': '',
    'web-[01-': 'is never closed',
    '@nobody': "unknown group 'nobody'",
    '-oProxyCommand=touch': "must not begin with '-'",
    'web-01,$(touch)': "cannot hold '$'",
    'web-01\n;touch pwned': "cannot hold ';'",
    'web-01,!web-[01-02]': '',
    'web-\x1b[31m': 'cannot hold',
    'ssh://root@web-01:22': 'a server is no URL, write [USER@]HOST[:PORT]',
}


@pytest.mark.parametrize('name', BROKEN_NAMES, ids=ascii)
def test_a_broken_name(refused, name):
    said = refused(f'--hosts={name}')
    assert BROKEN_NAMES[name] in said and '\x1b' not in said


def test_words_that_name_nobody(refused, toolkit):
    assert refused()
    toolkit.servers.write_text('web-01\n')
    assert 'db-01' in refused('--servers', toolkit.servers, '--hosts', 'db-01')


# What '!' is given, with web-[01-02]; what is said.
IDLE_EXCLUSIONS = {
    '!web-99': 'no server of the selection is that',
    '!web-01,web-99': "'!web-99' leaves out nothing",
    '!web-01,!web-99': "'!web-99' leaves out nothing",
    '!web-01!web-99': "'!web-99' leaves out nothing",
    '!web-01 !web-99': "'!web-99' leaves out nothing",
    '!web-[03-05]': "'!web-[03-05]' leaves out nothing",
    '!root@web-02': "the selection has 'web-02'; write '!web-02'",
    '!web-02:24322': "the selection has 'web-02'; write '!web-02'",
}


@pytest.mark.parametrize('text', IDLE_EXCLUSIONS)
def test_an_exclusion_that_leaves_out_nothing(refused, toolkit, text):
    toolkit.servers.write_text('web-01\nweb-02\n')
    for args in [('--hosts', 'web-[01-02]'), ('--servers', toolkit.servers)]:
        said = refused(*args, '--hosts', text)
        assert IDLE_EXCLUSIONS[text] in said and 'leaves out nothing' in said
    one = text if '!' in text[1:] else text.replace(',', '!')
    assert 'leaves out nothing' in refused('--hosts', f'web-[01-02]{one}')


@pytest.mark.parametrize('text', ['!a-1,!a-2', '!a-1!a-2', '!a-1 !a-2', '!a-1,a-2', ' !a-1 , !a-2'])
def test_exclusions_that_are_joined(toolkit, text):
    """None of the ways to write it runs the command where it was not to run."""
    servers = toolkit.home / 'servers'
    servers.write_text('a-[1-3]\n')
    for args in [('--hosts', 'a-[1-3]'), ('--servers', servers), ('--servers', servers, '--hosts', 'a-[1-3]')]:
        done = toolkit('fleet', '--list', *args, '--hosts', text)
        assert (done.exit_code, done.stdout) == (0, 'a-3\n'), done


@pytest.mark.parametrize('text, words', [
    ('!a-1&a-2', "'&' could mean two things"),
    ('!a-1,a-2!a-3', "write '!' before each"),
    ('!a-1,!a-2,a-3', "write '!' before each"),
    ('!(a-1,a-2)', "cannot hold '('"),
    ('!a-1!', 'expected a name'),
])
def test_exclusions_that_could_mean_two_things(refused, text, words):
    assert words in refused('--hosts', 'a-[1-3]', '--hosts', text)


def test_a_plain_host_of_a_file_with_logins(toolkit):
    servers = toolkit.home / 'servers'
    servers.write_text('root@web-03:24322\nweb-01\nsre@web-03\n')

    def listed(*hosts):
        done = toolkit('fleet', '--list', '--servers', servers, *(arg for host in hosts for arg in ('--hosts', host)))
        assert done.exit_code == 0, done
        return done.stdout.split()
    assert listed('web-03') == ['root@web-03:24322', 'sre@web-03']
    assert listed('web-[01,03]', '!sre@web-03') == ['web-01', 'root@web-03:24322']
    assert listed('sre@web-03') == ['sre@web-03']


# --- keys and passwords -----------------------------------------------------------------------------------------


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture
def try_keys(toolkit, transport, sshd):
    """try_keys(PATH...) -> what became of a login with these keys, at a terminal, where nothing is ever asked."""
    host = f'Host web-01\n  HostName {sshd.address("web-01")}\n  Port {sshd.port}\n'

    def run(first, *others):
        lines = host + ''.join(f'  IdentityFile {path}\n' for path in (first, *others))
        fleet = MeasuredFleet(toolkit, transport, first, lines, sshd.known_hosts.read_text())
        results = toolkit.home / 'results'
        end = fleet.start('echo well', ['web-01'], '--output', 'jsonl', '--output-file', results, screen=(80, 24)).ended()
        result = json.loads(results.read_text())
        assert (end.exit_code, end.stdout) == (0 if result['success'] else 1, '')
        return result
    return run


def key_of(sshd, path, passphrase='', mode=0o600):
    """The right key, in another file."""
    shutil.copy(sshd.key, path)
    path.chmod(0o600)
    subprocess.run(['ssh-keygen', '-q', '-p', '-P', '', '-N', passphrase, '-f', str(path)], check=True, capture_output=True)
    shutil.copy(sshd.key.with_suffix('.pub'), f'{path}.pub')
    path.chmod(mode)
    return path


@pytest.mark.parametrize('kind, words', [
    ('world', 'can be read by others (chmod 600)'),
    ('group', 'can be read by others (chmod 600)'),
    ('encrypted', 'is encrypted, and is used through the agent only'),
    ('junk', 'is no private key'),
    ('folder', 'is not a regular file'),
])
def test_a_key_that_is_not_used(try_keys, sshd, tmp_path, kind, words):
    """And the next one is."""
    path = tmp_path / kind
    if kind == 'junk':
        path.write_bytes(b'\xff\0junk' * 1000)
        path.chmod(0o600)
    elif kind == 'folder':
        path.mkdir()
    else:
        key_of(sshd, path, 'secret' if kind == 'encrypted' else '', {'world': 0o644, 'group': 0o640}.get(kind, 0o600))
    result = try_keys(path)
    assert (result['outcome'], result['code']) == ('unreachable', 'auth_failed')
    assert f"'{path}' {words}" in result['message']
    assert try_keys(path, sshd.key)['outcome'] == 'ok'


def test_a_key_that_cannot_be_read(toolkit, binary, transport, sshd):
    if not can_be_nobody(binary):
        pytest.skip('needs root, and a user nobody who can run the program')
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        key = key_of(sshd, folder / 'key')
        (folder / 'config').write_text(
            f'Host web-01\n  HostName {sshd.address("web-01")}\n  Port {sshd.port}\n  User nobody\n  IdentityFile {key}\n'
            f'  IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking accept-new\n'
            f'  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n')
        done = toolkit('fleet', 'true', '--hosts', 'web-01', '--ssh-config', folder / 'config', '--transport', transport,
                       '--store', toolkit.home / 'state.db',
                       '--output', 'json', in_front=NOBODY, cwd=folder,
                       env={'HOME': folder, 'XDG_STATE_HOME': folder, 'XDG_RUNTIME_DIR': folder, 'XDG_CONFIG_HOME': folder})
    [result] = done.json['results']
    assert result['code'] == 'auth_failed' and f"'{key}' cannot be read" in result['message'], result


@pytest.fixture(scope='module')
def hostile():
    yield from started(HostileSsh)


@pytest.fixture
def by_password(toolkit, transport, hostile):
    """by_password(FILE, ARGS...) on three names of one server whose users have a password."""
    file = toolkit.home / 'password'

    def run(password, *args, mode=0o600):
        file.write_text(password)
        file.chmod(mode)
        (toolkit.home / 'known_hosts').write_text(hostile.known_hosts())
        (toolkit.home / 'ssh_config').write_text(
            f'Host *\n  HostName 127.0.0.1\n  Port {hostile.ports["wants-password"]}\n  User sre\n  IdentityAgent none\n'
            f'  UserKnownHostsFile {toolkit.home}/known_hosts\n  GlobalKnownHostsFile /dev/null\n')
        return toolkit('fleet', 'true', '--hosts', 'web-[01-03]', '--ssh-config', toolkit.home / 'ssh_config', '--store',
                       toolkit.home / 'state.db', '--transport',
                       transport, '--yes', '--password-file', file, *args)
    return run


def test_the_password(by_password, hostile):
    done = by_password(f'{WantsPassword.PASSWORD}\n', '--output', 'json')
    assert [result['stdout'] for result in done.json['results']] == ['welcome\n'] * 3


def test_a_wrong_password_is_tried_once(by_password, hostile):
    before = hostile.visits('wants-password')
    done = by_password('wrong\n', '--output', 'json')
    results = done.json['results']
    assert [(result['outcome'], result['code']) for result in results] == [
        ('unreachable', 'auth_failed'), ('not_started', 'stopped'), ('not_started', 'stopped')]
    assert hostile.visits('wants-password') - before == 1, 'no account is locked on more than one server'
    assert 'wrong' not in done.stdout.replace('password was wrong', '') + done.stderr


def test_a_password_file_that_others_can_read(by_password, hostile):
    before = hostile.visits('wants-password')
    done = by_password('correct horse\n', mode=0o644)
    assert (done.exit_code, done.stdout) == (2, '') and 'password' in done.stderr and 'others' in done.stderr
    assert WantsPassword.PASSWORD not in done.stderr and hostile.visits('wants-password') == before


def test_flags_of_the_command(toolkit):
    done = toolkit('fleet', 'uname', '-a', '--hosts', 'web-01')
    assert done.exit_code == 2
    assert "unknown option '-a' (flags of the command's own go into quotes, or behind --; see " in done.stderr


def test_a_variable_without_a_value(toolkit):
    done = toolkit('fleet', 'true', '--hosts', 'web-01', '--env', 'hunter2')
    assert done.exit_code == 2 and "option '--env': write NAME=VALUE" in done.stderr and 'hunter2' not in done.stderr
