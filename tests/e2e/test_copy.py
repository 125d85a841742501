"""`copy`: files and folders onto real servers, and from them; full disks, interrupts, servers that do not play fair."""
import csv
import io
import json
import getpass
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import pytest
from fixtures import started
from servers import filesystem, sshd
from servers.base import wait_until
from servers.gate import Gate

SFTP_SERVER = '/usr/lib/openssh/sftp-server'
MINUTE = 60
MIB = 1024 * 1024


def can_sudo():
    return os.geteuid() == 0 and shutil.which('sudo') and subprocess.run(
        ['sudo', '-n', 'true'], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


needs_sudo = pytest.mark.skipif(not can_sudo(), reason='needs root, and sudo that does not ask')
needs_sftp_server = pytest.mark.skipif(not os.path.exists(SFTP_SERVER), reason=f'needs {SFTP_SERVER}')


@pytest.fixture(scope='module')
def server():
    yield from started(sshd.Sshd, ('web-01', 'web-02', 'web-03', 'db-01'))


def forced(tmp_path_factory, name, script):
    """A server that runs this instead of what it is asked for, which is in $SSH_ORIGINAL_COMMAND."""
    path = tmp_path_factory.mktemp(name) / 'forced'
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)
    yield from started(sshd.Sshd, ('web-01',), [f'ForceCommand {path}'])


@pytest.fixture
def disk():
    yield from started(filesystem.Filesystem)


class Site:
    """A folder that is here and one that is on the servers: site.copy('a', 'web-01:', ...) -> Result."""

    def __init__(self, toolkit, server, folder):
        self.toolkit, self.server = toolkit, server
        self.kept = '--store', toolkit.home / 'state.db'
        self.here, self.there = folder / 'here', folder / 'there'
        self.here.mkdir()
        self.there.mkdir()

    def args(self, *args):
        return 'copy', '--ssh-config', self.server.ssh_config, *self.kept, *args

    def copy(self, *args, **how):
        return self.toolkit(*self.args(*args), cwd=self.here, **how)

    def start(self, *args):
        return self.toolkit.start(*self.args(*args), cwd=self.here)

    def make(self, name, content='hello\n', mode=0o644):
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def names(self, *parts):
        return sorted(os.listdir(self.there.joinpath(*parts)))


@pytest.fixture
def site(toolkit, server, tmp_path):
    return Site(toolkit, server, tmp_path)


@pytest.fixture
def at(toolkit, tmp_path):
    """at(server): a site on another one."""
    return lambda server: Site(toolkit, server, tmp_path)


def verdicts(result, host=0):
    return {pathlib.Path(file['path']).name: file['verdict'] for file in result.json['results'][host]['files']}


# --- what is there at the end ---------------------------------------------------------------------

@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_file(site, transport):
    site.make('app.conf', mode=0o640)
    done = site.copy('app.conf', f'web-01:{site.there}/', '--transport', transport)
    assert (done.exit_code, done.stdout) == (0, '✓ web-01: 1 created (6 B)\n1/1 server copied successfully\n'), done
    assert (site.there / 'app.conf').read_text() == 'hello\n'
    assert (site.there / 'app.conf').stat().st_mode & 0o7777 == 0o640
    again = site.copy('app.conf', f'web-01:{site.there}/', '--transport', transport)
    assert again.stdout == '✓ web-01: 1 unchanged\n1/1 server copied successfully\n', again
    site.make('app.conf', 'HELLO\n', mode=0o640)
    assert site.copy('app.conf', f'web-01:{site.there}/', '--transport', transport).stdout.startswith(
        '✓ web-01: 1 updated (6 B)\n')
    assert (site.there / 'app.conf').read_text() == 'HELLO\n'
    assert site.names() == ['app.conf']


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_user_and_a_port_in_a_name(site, transport):
    user, port = getpass.getuser(), site.server.port
    site.make('app.conf')
    done = site.copy('app.conf', f'{user}@web-01:{site.there}/', '--transport', transport)
    assert done.stdout == f'✓ {user}@web-01: 1 created (6 B)\n1/1 server copied successfully\n', done
    done = site.copy('app.conf', f':{site.there}/', '--hosts', f'{user}@web-[01-02]:{port}', '--workers', '1',
                     '--transport', transport)
    assert done.stdout == (f'✓ {user}@web-01:{port}: 1 unchanged\n✓ {user}@web-02:{port}: 1 unchanged\n'
                           '2/2 servers copied successfully\n'), done
    done = site.copy('app.conf', f'{user}@web-01:{port}:{site.there}/', '--transport', transport)
    assert done.exit_code == 1 and '(a port goes into --hosts or a file of servers)' in done.stdout, done


def test_many_servers(site):
    site.make('app.conf')
    for host in site.server.hosts:
        (site.there / host).mkdir()
    # They are one machine: each has the same folder, so the others find it unchanged or write the same.
    done = site.copy('app.conf', f'web-[01-03],db-01:{site.there}/app.conf', '-o', 'json')
    assert done.exit_code == 0, done
    assert done.json['summary'] == {'total': 4, 'ok': 4, 'failed': 0, 'timeout': 0, 'unreachable': 0, 'not_started': 0}
    assert [result['name'] for result in done.json['results']] == list(site.server.hosts)
    assert '4 servers: db-01,web-[01-03]' in done.stderr or '4 servers: web-[01-03],db-01' in done.stderr, done
    again = site.copy('app.conf', f':{site.there}/app.conf', '--servers', site.server.servers, '--hosts', '!db-01',
                      '-o', 'jsonl')
    assert sorted(result['name'] for result in again.jsonl) == ['web-01', 'web-02', 'web-03']
    assert all(result['counts']['unchanged'] == 1 for result in again.jsonl), again
    some = site.copy('app.conf', f'web-[01-03],db-01:{site.there}/app.conf', '--hosts', '!db-01,!web-01', '-o', 'jsonl')
    assert sorted(result['name'] for result in some.jsonl) == ['web-02', 'web-03'], some
    rows = list(csv.DictReader(io.StringIO(site.copy('app.conf', f'web-01:{site.there}', '-o', 'csv').stdout)))
    assert [(row['name'], row['outcome'], row['unchanged']) for row in rows] == [('web-01', 'ok', '1')]


def test_a_folder(site):
    site.make('site/index.html', 'a')
    site.make('site/bin/run', 'b', 0o755)
    site.make('site/private/key', 'c', 0o600)
    (site.here / 'site/private').chmod(0o700)
    (site.here / 'site/current').symlink_to('bin/run')
    (site.here / 'site/nowhere').symlink_to('/nowhere/at all')
    done = site.copy('site', f'web-01:{site.there}/www', '-o', 'json')
    assert done.exit_code == 0, done
    assert set(verdicts(done).values()) == {'created'}
    assert os.readlink(site.there / 'www/current') == 'bin/run'
    assert os.readlink(site.there / 'www/nowhere') == '/nowhere/at all'
    assert (site.there / 'www/private').stat().st_mode & 0o7777 == 0o700
    assert (site.there / 'www/bin/run').stat().st_mode & 0o7777 == 0o755
    site.make('site/index.html', 'A')
    (site.here / 'site/current').unlink()
    (site.here / 'site/current').symlink_to('bin')
    again = site.copy('site', f'web-01:{site.there}/www', '-o', 'json')
    assert {name for name, verdict in verdicts(again).items() if verdict != 'unchanged'} == {'index.html', 'current'}
    assert site.copy('site', f'web-01:{site.there}/www').stdout.startswith('✓ web-01: 8 unchanged\n')
    site.copy('site', f'web-01:{site.there}/')
    assert site.names('site') == ['bin', 'current', 'index.html', 'nowhere', 'private']


def test_several(site):
    site.make('a')
    site.make('b')
    assert site.copy('a', 'b', f'web-01:{site.there}/').exit_code == 0
    assert site.names() == ['a', 'b']
    done = site.copy('a', 'b', f'web-01:{site.there}/none')
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        1, f"✗ web-01: there is no folder '{site.there}/none'"), done
    assert site.names() == ['a', 'b']


def test_mode_and_backup(site):
    site.make('a', '1')
    assert site.copy('a', f'web-01:{site.there}/', '--mode', '0604').exit_code == 0
    assert (site.there / 'a').stat().st_mode & 0o7777 == 0o604
    site.make('a', '2')
    done = site.copy('a', f'web-01:{site.there}/', '--backup')
    assert f'  updated  {site.there}/a, before: {site.there}/a~\n' in done.stdout, done
    assert (site.there / 'a~').read_text() == '1'
    site.make('a', '3')
    done = site.copy('a', f'web-01:{site.there}/', '--backup=time', '-o', 'json')
    backup = pathlib.Path(done.json['results'][0]['files'][0]['backup'])
    assert backup.read_text() == '2' and backup.name.startswith('a.20') and backup.name.endswith('~')
    assert site.names() == ['a', backup.name, 'a~']


def back_up_often(site, *args):
    """Copies within few seconds, which are as exact as the names of backups: nothing that was there may get lost."""
    written, kept = [f'{number}' for number in range(8)], []
    for content in written:
        site.make('a', content)
        done = site.copy('a', f'web-01:{site.there}/', '--backup=time', '-o', 'json', *args)
        assert done.exit_code == 0, done
        kept.append(done.json['results'][0]['files'][0]['backup'])
    names = [name for name in site.names() if name != 'a']
    assert sorted((site.there / name).read_text() for name in names) == written[:-1], names
    assert kept[0] is None and [pathlib.Path(path).read_text() for path in kept[1:]] == written[:-1], kept
    assert (site.there / 'a').read_text() == written[-1]
    assert all(name.startswith('a.20') and name.endswith('~') for name in names), names


@pytest.mark.parametrize('args', [(), ('--transport', 'openssh'), pytest.param(('--sudo',), marks=needs_sudo),
                                  pytest.param(('--sudo', '--transport', 'openssh'), marks=needs_sudo)])
def test_backups_of_one_second_are_all_kept(site, args):
    back_up_often(site, *args)


@needs_sftp_server
def test_backups_where_no_file_has_two_names(at, tmp_path_factory):
    for server in forced(tmp_path_factory, 'no-links', f'''case $SSH_ORIGINAL_COMMAND in
*sftp*) exec {SFTP_SERVER} -P hardlink;;
esac
eval "$SSH_ORIGINAL_COMMAND"'''):
        back_up_often(at(server))


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
def test_the_owner_stays(site):
    site.make('a', '1')
    (site.there / 'a').write_text('0')
    os.chown(site.there / 'a', 12345, 54321)
    assert site.copy('a', f'web-01:{site.there}/').exit_code == 0
    stat = (site.there / 'a').stat()
    assert (stat.st_uid, stat.st_gid, (site.there / 'a').read_text()) == (12345, 54321, '1')


def test_names_of_any_kind(site):
    names = ['-rf', ' space ', "quote'\"`$(touch x)", 'new\nline', '\\', 'ü', '*', '#', '~', 'x' * 255]
    for name in names:
        site.make(f'all/{name}', name)
    assert site.copy('all', f'web-01:{site.there}/').exit_code == 0
    assert site.names('all') == sorted(names)
    done = site.copy('all', f'web-01:{site.there}/', '-v')
    assert done.stdout.startswith(f'✓ web-01: {len(names) + 1} unchanged\n'), done
    assert r'all/new\nline' in done.stdout


def test_rehearsal(site):
    site.make('app.conf', 'a\nnew\nc\n')
    (site.there / 'app.conf').write_text('a\nold\nc\n')
    done = site.copy('app.conf', 'none.conf', f'web-[01-02]:{site.there}/', '--dry-run')
    assert done.exit_code == 2, done  # none.conf is not here
    done = site.copy('app.conf', f'web-[01-02]:{site.there}/', '--dry-run')
    assert done.exit_code == 0, done
    assert f'''web-[01-02] (2)
  would be updated  {site.there}/app.conf
    @@ -1,3 +1,3 @@
     a
    -old
    +new
     c
2/2 servers looked at, nothing changed
''' in done.stdout, done
    assert (site.there / 'app.conf').read_text() == 'a\nold\nc\n'
    assert site.names() == ['app.conf']


# --- what goes wrong ------------------------------------------------------------------------------

WRONG = [
    ((), 'what, and where to?'),
    (('a',), 'what, and where to?'),
    (('a', 'b'), 'no server: write HOST:PATH on one side'),
    (('a', ':/x'), 'which servers?'),
    (('none', 'web-01:/x'), "cannot read 'none': No such file or directory"),
    (('a', 'bob@@web-01:/x'), "a name cannot hold '@'; a user stands once"),
    (('a', ':/x', '--hosts', 'bob@web-01:x'), "port: number 'x'"),
    (('a', 'web-[01:/x'), 'no server'),
    (('a', 'web-[3-1]:/x'), 'web-[3-1]'),
    (('a', '@nobody:/x'), 'nobody'),
    (('a', 'web-01:~bob/x'), "only one's own home"),
    (('a', 'web-01:/x', '--mode', '888'), 'must be octal'),
    (('a', 'web-01:/x', '--mode', '7'), 'must be octal'),
    (('a', 'web-01:/x', '--hosts', 'web-02'), 'say them in one place'),
    (('a', 'sub/a', 'web-01:/x/'), "two are called 'a' there"),
    (('a', 'web-[01-11]:/x'), '11'),
    (('a', 'web-[01-03]:/x', '--max-hosts', '2'), '--max-hosts'),
    (('.', 'web-01:/x/'), "'.' has no name"),
]


@pytest.mark.parametrize('args,says', WRONG, ids=[' '.join(args) for args, _ in WRONG])
def test_wrong_usage_touches_nothing(site, args, says):
    site.make('a')
    site.make('sub/a')
    done = site.copy(*args)
    assert done.exit_code == 2 and says in done.stderr and not done.stdout, done


def test_a_server_that_is_not_there(site):
    site.make('a')
    done = site.copy('a', f'web-01,nowhere.invalid:{site.there}/', '-o', 'json')
    assert done.exit_code == 1, done
    assert [(result['outcome'], result['success']) for result in done.json['results']] == [
        ('ok', True), ('unreachable', False)]
    assert done.json['results'][1]['code'] in ('dns_failed', 'host_key_unknown'), done


def test_what_is_in_the_way(site):
    site.make('tree/a')
    site.make('tree/b')
    (site.there / 'a').mkdir()
    (site.there / 'a/keep').write_text('')
    done = site.copy('tree/a', 'tree/b', f'web-01:{site.there}/', '-o', 'json')
    assert done.exit_code == 1 and verdicts(done) == {'a': 'failed', 'b': 'created'}, done
    assert done.json['results'][0]['code'] == 'not_possible'
    assert site.names('a') == ['keep']


def test_a_full_disk(site, disk):
    folder = disk.full()
    names = sorted(os.listdir(folder))
    (folder / 'app.conf').touch()
    site.make('app.conf', os.urandom(MIB))
    site.make('other', 'x')
    done = site.copy('app.conf', f'web-01:{folder}/', '-o', 'json')
    assert done.exit_code == 1, done
    result = done.json['results'][0]
    assert (result['outcome'], result['code'], result['left_behind']) == ('failed', 'no_space', None), done
    assert 'no space is left for' in result['message'], done
    assert (folder / 'app.conf').read_bytes() == b''
    assert sorted(os.listdir(folder)) == sorted([*names, 'app.conf'])


def test_a_disk_that_cannot_be_written(at, tmp_path_factory):
    for server in forced(tmp_path_factory, 'read-only', f'exec {SFTP_SERVER} -R'):
        site = at(server)
        site.make('app.conf')
        done = site.copy('app.conf', f'web-01:{site.there}/', '-o', 'json')
        assert done.exit_code == 1, done
        result = done.json['results'][0]
        assert (result['outcome'], result['code']) == ('failed', 'permission_denied'), done
        assert result['message'] == f"cannot create a file beside '{site.there}/app.conf': Permission denied", done
        assert site.names() == []


@needs_sftp_server
def test_a_login_for_sftp_alone(at, tmp_path_factory):
    for server in forced(tmp_path_factory, 'alone',
                         f'case $SSH_ORIGINAL_COMMAND in *sftp*) exec {SFTP_SERVER};; esac; echo no shell here; exit 1'):
        site = at(server)
        site.make('app.conf')
        assert site.copy('app.conf', f'web-01:{site.there}/').exit_code == 0
        assert site.copy('app.conf', f'web-01:{site.there}/').stdout.startswith('✓ web-01: 1 unchanged\n')
        assert site.names() == ['app.conf']


@needs_sftp_server
def test_a_login_that_talks(at, tmp_path_factory):
    for server in forced(tmp_path_factory, 'talks', f'echo "Welcome to web-01!"; exec {SFTP_SERVER}'):
        site = at(server)
        site.make('app.conf')
        done = site.copy('app.conf', f'web-01:{site.there}/', '-o', 'json')
        assert done.exit_code == 1, done
        result = done.json['results'][0]
        assert (result['outcome'], result['code']) == ('unreachable', 'protocol_error'), done
        assert "the login prints something where SFTP should begin: 'Welcome to web-01!" in result['message'], done


AS_NOBODY = 'setpriv --reuid 65534 --regid 65534 --clear-groups'


@pytest.fixture
def for_all(toolkit):
    """for_all(server): a site where anybody may pass; not in pytest's own folder, which is for us alone, and is made so
    again by each pytest that starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield lambda server: Site(toolkit, server, folder)


@needs_sftp_server
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which('setpriv'), reason='needs root and setpriv')
@pytest.mark.skipif(not os.stat('/').st_mode & stat.S_IXOTH, reason='needs a root directory that others may pass')
def test_a_user_who_may_not(for_all, tmp_path_factory):
    for server in forced(tmp_path_factory, 'nobody', f'''case $SSH_ORIGINAL_COMMAND in
*sftp*) exec {AS_NOBODY} {SFTP_SERVER};;
esac
exec {AS_NOBODY} sh -c "$SSH_ORIGINAL_COMMAND"'''):
        site = for_all(server)
        site.make('app.conf', 'new')
        (site.there / 'app.conf').write_text('old')
        (site.there / 'sticky').mkdir()
        (site.there / 'sticky').chmod(0o1777)
        (site.there / 'sticky/app.conf').write_text('old')
        (site.there / 'secret').write_text('secret')
        (site.there / 'secret').chmod(0o600)
        for folder, says in (('', 'cannot create a file beside'), ('sticky', 'cannot replace')):
            done = site.copy('app.conf', f'web-01:{site.there}/{folder}', '-o', 'json')
            result = done.json['results'][0]
            assert done.exit_code == 1 and says in result['message'], done
            assert (site.there / folder / 'app.conf').read_text() == 'old' and result['left_behind'] is None
        assert result['code'] in ('permission_denied', 'failed')
        assert site.names() == ['app.conf', 'secret', 'sticky'] and site.names('sticky') == ['app.conf']
        done = site.copy('app.conf', f'web-01:{site.there}/sticky/mine', '-o', 'json')
        assert done.exit_code == 0 and (site.there / 'sticky/mine').stat().st_uid == 65534, done
        done = site.copy(f'web-01:{site.there}/secret', 'secret', '-o', 'json')
        assert (done.exit_code, done.json['results'][0]['code']) == (1, 'permission_denied'), done
        assert os.listdir(site.here) == ['app.conf']


def test_a_server_that_says_nothing(at, tmp_path_factory):
    for server in forced(tmp_path_factory, 'mute', 'sleep 60'):
        site = at(server)
        site.make('app.conf')
        done = site.copy('app.conf', f'web-01:{site.there}/', '--silence', '1s', '-o', 'json')
        result = done.json['results'][0]
        assert (done.exit_code, result['outcome'], result['clock']) == (1, 'timeout', 'silence'), done
        done = site.copy('app.conf', f'web-01:{site.there}/', '--timeout', '1s', '-o', 'json')
        result = done.json['results'][0]
        assert (done.exit_code, result['outcome'], result['clock']) == (1, 'timeout', 'total'), done
        done = site.copy('app.conf', f'web-01:{site.there}/', '--deadline', '1s', '-o', 'json')
        assert done.exit_code == 124, done


# --- in the middle --------------------------------------------------------------------------------

def behind_gate(tmp_path_factory, name, pipe):
    """A server with a gate in the way to its SFTP, or from it."""
    if not os.path.exists(SFTP_SERVER):
        pytest.skip(f'needs {SFTP_SERVER}')
    gate = Gate(tmp_path_factory.mktemp(name))
    for server in forced(tmp_path_factory, name, f'''case $SSH_ORIGINAL_COMMAND in
*sftp*) {pipe.format(gate=gate.command)};;
*) eval "$SSH_ORIGINAL_COMMAND";;
esac'''):
        server.gate = gate
        yield server


@pytest.fixture(scope='module')
def uploads(tmp_path_factory):
    yield from behind_gate(tmp_path_factory, 'uploads', f'{{gate}} | {SFTP_SERVER}')


@pytest.fixture(scope='module')
def downloads(tmp_path_factory):
    yield from behind_gate(tmp_path_factory, 'downloads', f'{SFTP_SERVER} | {{gate}}')


@pytest.fixture
def gated(uploads):
    """What is uploaded stays in the middle, until the gate is opened."""
    yield uploads
    uploads.gate.open()


@pytest.fixture
def gated_back(downloads):
    yield downloads
    downloads.gate.open()


def stop(running, server, number):
    """While it is in the middle; then what waits for the gate may go on, because it is in front of the undoing."""
    running.signal(number).wait_for('undoing what is half done')
    server.gate.open()
    return running.ended()


def partial(site):
    """The file that is being written; None: there is none."""
    names = [name for name in site.names() if name.endswith('.copying')]
    return site.there / names[0] if names else None


def begin(site, size, until, *args):
    """A copy that is in the middle: at least so many bytes are there, and no more come than another MiB."""
    site.server.gate.close(until + MIB)
    site.make('large', os.urandom(size))
    (site.there / 'large').write_text('old')
    running = site.start('large', f'web-01:{site.there}/', '-o', 'json', *args)
    wait_until(lambda: partial(site) and partial(site).stat().st_size >= until, MINUTE, 'its middle')
    return running


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_interrupted_early(at, gated, transport):
    site = at(gated)
    running = begin(site, 64 * MIB, 1, '--transport', transport)
    done = stop(running, gated, signal.SIGINT)
    assert done.exit_code == 130, done
    assert 'interrupted: undoing what is half done' in done.stderr, done
    result = done.json['results'][0]
    assert (result['outcome'], result['code'], result['message']) == (
        'failed', 'interrupted', 'the run was interrupted'), done
    assert site.names() == ['large'] and (site.there / 'large').read_text() == 'old', done


def test_interrupted_late_and_gone_on(at, gated):
    site = at(gated)
    running = begin(site, 40 * MIB, 12 * MIB)
    done = stop(running, gated, signal.SIGTERM)
    assert done.exit_code == 143, done
    assert done.json['results'][0]['left_behind'] == str(partial(site)), done
    there = partial(site).stat().st_size
    assert there >= 8 * MIB and partial(site).stat().st_mode & 0o777 == 0o600
    assert (site.there / 'large').read_text() == 'old'
    again = site.copy('large', f'web-01:{site.there}/', '-o', 'json')
    assert again.exit_code == 0, again
    result = again.json['results'][0]
    assert result['bytes'] <= 40 * MIB - there and 'gone on with after' in result['files'][0]['message'], again
    assert site.names() == ['large']
    assert (site.there / 'large').read_bytes() == (site.here / 'large').read_bytes()


def test_twice_interrupted(at, gated):
    site = at(gated)
    running = begin(site, 64 * MIB, 1)
    running.signal(signal.SIGINT).wait_for('interrupted')
    time.sleep(0.3)  # a second signal at once counts as the same
    running.signal(signal.SIGINT)
    done = running.ended()
    assert done.exit_code == 130, done
    assert 'what may be left behind' in done.stderr and str(partial(site)) in done.stderr, done


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_server_that_vanishes(at, gated, transport):
    site = at(gated)
    running = begin(site, 64 * MIB, 1, '--transport', transport)
    gated.hang_up()
    done = running.ended()
    result = done.json['results'][0]
    assert (done.exit_code, result['outcome'], result['code']) == (1, 'unreachable', 'connection_lost'), done
    assert result['left_behind'] == str(partial(site)), done
    assert (site.there / 'large').read_text() == 'old'


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_what_earlier_copies_left(site, transport):
    """A small part that a lost connection left goes with the next copy of that file; nothing else does."""
    old = time.time() - 3600
    parts = {name: f'.{name}.0123456789ab-89abcdef.copying' for name in ('app.conf', 'young', 'sub.conf', 'other')}
    (site.there / 'sub').mkdir()
    for folder, names in (('', ('app.conf', 'young', 'other')), ('sub', ('sub.conf', 'other'))):
        for name in names:
            path = site.there / folder / parts[name]
            path.write_text('part')
            path.chmod(0o600)
            if name != 'young':
                os.utime(path, (old, old))
    site.make('all/app.conf')
    site.make('all/young')
    site.make('all/sub/sub.conf')
    args = ('all/app.conf', 'all/young', 'all/sub', f'web-01:{site.there}/', '--transport', transport)
    assert site.copy(*args, '--dry-run').exit_code == 0
    assert parts['app.conf'] in site.names()
    done = site.copy(*args)
    assert done.exit_code == 0, done
    assert site.names() == sorted([parts['other'], parts['young'], 'app.conf', 'sub', 'young']), done
    assert site.names('sub') == [parts['other'], 'sub.conf']


# --- written down, and again ----------------------------------------------------------------------

def gone_one(site, tmp_path):
    """An ssh_config with a server `gone`, at which nobody answers."""
    config = tmp_path / 'ssh_config'
    config.write_text(f'Host gone\n  HostName 127.0.0.1\n  Port 1\nHost *\n  Include {site.server.ssh_config}\n')
    return '--ssh-config', config


def ledger_verb(site, *args):
    return site.toolkit('fleet', *args, *site.kept)


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_copy_is_written_down(site, tmp_path, transport):
    site.make('app.conf')
    there = f'gone,web-01:{site.there}/'
    done = site.copy('app.conf', there, *gone_one(site, tmp_path), '--transport', transport, '-o', 'json')
    assert done.exit_code == 1, done
    lines = ledger_verb(site, 'show', '-v').stdout.splitlines()
    assert lines[1:3] == [f'command    copy app.conf {there}', 'selection  gone,web-01'] and lines[4].endswith(', exit code 1')
    assert lines[5].startswith('✗ gone: unreachable: ') and lines[6:] == [
        '✓ web-01', '  1 created (6 B)', '1/2 servers responded successfully'], lines
    document = ledger_verb(site, 'show', '-o', 'json').json
    assert (document['remote_command'], document['copy']) == (None, f'copy app.conf {there}')
    results = {item['name']: item for item in document['results']}
    told = {item['name']: item for item in done.json['results']}
    for name in ('gone', 'web-01'):
        assert (results[name]['outcome'], results[name]['code']) == (told[name]['outcome'], told[name]['code']), results
    assert results['gone']['message'] == told['gone']['message']
    run, = ledger_verb(site, 'last', '-o', 'json').json['runs']
    assert (run['servers'], run['ok'], run['exit_code']) == (2, 1, 1), run
    # The other one is there by now; in another folder, and with what the file is now.
    (tmp_path / 'ssh_config').write_text(site.server.ssh_config.read_text().replace('Host web-02', 'Host web-02 gone'))
    site.make('app.conf', 'newer\n')
    assert ledger_verb(site, 'retry', '--only', 'unreachable,timeout', '--list').stdout == 'gone\n'
    again = ledger_verb(site, 'retry', '--only', 'unreachable,timeout')
    assert (again.exit_code, again.stdout) == (0, '✓ gone: 1 updated (6 B)\n1/1 server copied successfully\n'), again
    assert again.stderr.splitlines()[0] == f'again, as in run 1: copy app.conf {there}', again
    assert (site.there / 'app.conf').read_text() == 'newer\n'
    assert ledger_verb(site, 'show').stdout.splitlines()[2] == 'selection  retry 1'
    same = ledger_verb(site, 'retry')
    assert same.exit_code == 2 and 'run 2 ended well on all its servers (1): nothing was done' in same.stderr, same


def test_a_copy_that_cannot_be_repeated(site):
    site.make('app.conf')
    there = f'web-01:{site.there}/none/'
    assert site.copy('app.conf', there).exit_code == 1
    assert ledger_verb(site, 'show').stdout.splitlines()[5].startswith(f"✗ web-01: there is no folder '{site.there}/none/'")
    (site.here / 'app.conf').unlink()
    for args, says in (((), f"cannot read '{site.here}/app.conf': No such file or directory"),
                       (('--env', 'A=b'), "run 1: --env does not go with 'copy'"),
                       (('-o', 'junit'), "--output junit does not go with 'copy'")):
        done = ledger_verb(site, 'retry', *args)
        assert done.exit_code == 2 and says in done.stderr and not done.stdout, done
    assert len(ledger_verb(site, 'last', '-o', 'json').json['runs']) == 1
    assert ledger_verb(site, 'retry', '--list').stdout == 'web-01\n'


def test_a_fetch_is_repeated_into_its_folder(site, tmp_path):
    """What was fetched from several goes into a folder for each, also from the one where it is repeated, and again."""
    (site.there / 'a').write_text('1')
    assert site.copy(f'gone,web-01:{site.there}/a', 'fetched', *gone_one(site, tmp_path)).exit_code == 1
    assert sorted(os.listdir(site.here / 'fetched')) == ['web-01']
    again = ledger_verb(site, 'retry')
    assert again.exit_code == 1 and again.stdout.startswith('✗ gone: unreachable: '), again
    (tmp_path / 'ssh_config').write_text(site.server.ssh_config.read_text().replace('Host web-02', 'Host web-02 gone'))
    again = ledger_verb(site, 'retry', '2', '-v')
    assert again.exit_code == 0, again
    assert (site.here / 'fetched/gone/a').read_text() == '1'


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_folder_fetched_under_a_name_is_repeated_under_it(at, gated_back, transport):
    """The folder that an interrupted fetch has begun is completed, not taken for one to put things into."""
    site = at(gated_back)
    (site.there / 'www').mkdir()
    (site.there / 'www/large').write_bytes(os.urandom(20 * MIB))
    gated_back.gate.close(10 * MIB)
    running = site.start(f'web-01:{site.there}/www', 'www', '--transport', transport)
    wait_until(lambda: list(site.here.glob('www/*.copying')), MINUTE, 'its middle')
    running.signal(signal.SIGKILL)
    assert running.ended().exit_code == -signal.SIGKILL
    gated_back.gate.open()
    assert ledger_verb(site, 'retry').exit_code == 0
    assert (site.here / 'www/large').read_bytes() == (site.there / 'www/large').read_bytes()
    (site.there / 'www/new').write_text('new')
    assert ledger_verb(site, 'retry', '--only', 'ok').exit_code == 0
    assert not (site.here / 'www/www').exists() and (site.here / 'www/new').read_text() == 'new'


def test_a_folder_fetched_into_a_folder_is_repeated_into_it(site):
    (site.there / 'www').mkdir()
    (site.there / 'www/a').write_text('1')
    (site.here / 'backup').mkdir()
    assert site.copy(f'web-01:{site.there}/www', 'backup').exit_code == 0
    (site.there / 'www/a').write_text('22')
    assert ledger_verb(site, 'retry', '--only', 'ok').exit_code == 0
    assert (site.here / 'backup/www/a').read_text() == '22' and os.listdir(site.here / 'backup') == ['www']


def test_copies_are_compared(site):
    site.make('app.conf')
    for _ in range(2):
        assert site.copy('app.conf', f'web-[01-02]:{site.there}/', '--workers', '1').exit_code == 0
    done = ledger_verb(site, 'diff', '1', '2')
    assert done.exit_code == 1 and done.stdout.splitlines() == [
        'web-01: other files', '    - 1 created (6 B)', '    + 1 unchanged',
        '1 of 2 servers differ between run 1 and run 2'], done
    assert site.toolkit('fleet', 'true', '--hosts', 'web-01', '--ssh-config', site.server.ssh_config, *site.kept).exit_code == 0
    done = ledger_verb(site, 'diff', '1', '3')
    assert done.exit_code == 2 and 'run 1 was a copy, run 3 a command' in done.stderr, done


def test_what_is_not_written_down(site):
    """A rehearsal; and a store that cannot be written stops nothing."""
    site.make('app.conf')
    assert site.copy('app.conf', f'web-01:{site.there}/', '--dry-run').exit_code == 0
    assert ledger_verb(site, 'last').stdout == 'no run was written down yet\n'
    done = site.copy('app.conf', f'web-01:{site.there}/', '--store', site.here, '--quiet')
    assert done.exit_code == 0 and done.stderr.count('is not written down') == 1, done


def test_what_a_killed_copy_began_is_lost(at, gated):
    site = at(gated)
    running = begin(site, 64 * MIB, 1)

    def is_written():
        return ledger_verb(site, 'show', '-o', 'json').json['results'][0]['code'] == 'connection_lost'
    wait_until(is_written, MINUTE, 'the ledger')
    running.signal(signal.SIGKILL)
    assert running.ended().exit_code == -signal.SIGKILL
    result = ledger_verb(site, 'show', '-o', 'json').json['results'][0]
    assert (result['outcome'], result['message']) == (
        'unreachable', 'unreachable: the copy was begun, and not heard to end'), result
    assert ledger_verb(site, 'retry', '--only', 'unreachable', '--list').stdout == 'web-01\n'


# --- as root --------------------------------------------------------------------------------------

# A hundred pieces a second.
SLOWLY = f"""{sys.executable} -c '
import os, time
while data := os.read(0, 65536):
    while data:
        data = data[os.write(1, data):]
    time.sleep(0.01)
'"""


@pytest.fixture
def homely(tmp_path_factory, tmp_path):
    """A server whose logins begin in a folder `home` that is empty, and that has a gate in the way to its SFTP; and so
    slow that nothing comes to its end when there is a file `slow` in tmp_path."""
    home, gate = tmp_path / 'login', Gate(tmp_path_factory.mktemp('gate'))
    home.mkdir(mode=0o700)
    for server in forced(tmp_path_factory, 'homely', f'''cd {home} || exit
case $SSH_ORIGINAL_COMMAND in
*sftp*) if [ -e {tmp_path}/slow ]; then {SLOWLY}; else {gate.command}; fi | {SFTP_SERVER};;
*) eval "$SSH_ORIGINAL_COMMAND";;
esac'''):
        server.home, server.gate = home, gate
        yield server
        gate.open()


@needs_sudo
@needs_sftp_server
@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_sudo(at, homely, transport):
    site = at(homely)
    site.make('conf/a', '1', 0o640)
    site.make('conf/sub/b', os.urandom(MIB), 0o600)
    (site.here / 'conf/link').symlink_to('a')
    (site.there / 'conf').mkdir()
    (site.there / 'conf/a').write_text('0')
    args = ('conf', f'web-01:{site.there}/', '--sudo', '--owner', '12345', '--group', '54321', '--backup', '-o', 'json',
            '--transport', transport)
    done = site.copy(*args, '--dry-run')
    assert done.exit_code == 0, done
    wanted = {'conf': 'unchanged', 'a': 'updated', 'link': 'created', 'sub': 'created', 'b': 'created'}
    assert verdicts(done) == wanted, done
    assert site.names('conf') == ['a']
    done = site.copy(*args)
    assert done.exit_code == 0 and verdicts(done) == wanted, done
    for name in ('a', 'sub', 'sub/b'):
        stat = (site.there / 'conf' / name).stat()
        assert (stat.st_uid, stat.st_gid) == (12345, 54321), name
    assert (site.there / 'conf/a').stat().st_mode & 0o7777 == 0o640
    assert (site.there / 'conf/a').read_text() == '1' and (site.there / 'conf/a~').read_text() == '0'
    assert (site.there / 'conf/sub/b').read_bytes() == (site.here / 'conf/sub/b').read_bytes()
    assert os.readlink(site.there / 'conf/link') == 'a'
    assert site.names('conf') == ['a', 'a~', 'link', 'sub'] and os.listdir(homely.home) == []
    done = site.copy(*args)
    assert set(verdicts(done).values()) == {'unchanged'} and done.json['results'][0]['bytes'] == 0, done
    os.chown(site.there / 'conf/a', 0, 0)
    assert verdicts(site.copy(*args))['a'] == 'mode'
    assert (site.there / 'conf/a').stat().st_uid == 12345


@needs_sudo
@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_sudo_rehearsal(site, transport):
    for name, there, here in (('app.conf', 'a\nold\nc\n', 'a\nnew\nc\n'), ('b.conf', '1\n', '2\n'), ('new', None, 'x\n'),
                              ('same', 'same\n', 'same\n'), ('binary', '\0', '\1'), ('large', 'x' * MIB, 'y\n')):
        site.make(f'conf/{name}', here)
        if there is not None:
            (site.there / name).write_text(there)
            (site.there / name).chmod(0o600)
    args = (*(f'conf/{name}' for name in os.listdir(site.here / 'conf')), f'web-01:{site.there}/', '--dry-run', '-o', 'json',
            '--transport', transport, '--mode', '0600')
    done = site.copy(*args, '--sudo')
    assert done.exit_code == 0, done
    diffs = {pathlib.Path(file['path']).name: file.get('diff') for file in done.json['results'][0]['files']}
    assert diffs == {'app.conf': '@@ -1,3 +1,3 @@\n a\n-old\n+new\n c\n', 'b.conf': '@@ -1,1 +1,1 @@\n-1\n+2\n',
                     'new': None, 'same': None, 'binary': None, 'large': None}, done
    as_user = site.copy(*args)
    assert sorted(done.json['results'][0]['files'], key=str) == sorted(as_user.json['results'][0]['files'], key=str), as_user
    assert (site.there / 'app.conf').read_text() == 'a\nold\nc\n' and 'new' not in site.names()


@needs_sudo
@needs_sftp_server
def test_sudo_goes_wrong(at, homely, disk):
    site = at(homely)
    site.make('a', os.urandom(MIB))
    (site.there / 'd').mkdir()
    (site.there / 'd/a').mkdir()
    for where, code, says in ((f'{site.there}/d', 'not_possible', 'it is a folder there'),
                              (f'{site.there}/none/x', 'failed', 'there is no folder'),
                              (f'{site.there}/none/', 'failed', 'there is no folder'),
                              (disk.full(), 'failed', 'space')):
        done = site.copy('a', f'web-01:{where}', '--sudo', '-o', 'json')
        result = done.json['results'][0]
        assert (done.exit_code, result['code']) == (1, code) and says in result['message'], done
    assert os.listdir(homely.home) == [] and site.names('d', 'a') == []
    done = site.copy('a', f'web-01:{site.there}/', '--owner', 'root')
    assert done.exit_code == 2 and '--owner and --group need --sudo' in done.stderr, done
    done = site.copy('a', f'web-01:{site.there}/', '--sudo', '--owner', 'a b')
    assert done.exit_code == 2 and 'is no name' in done.stderr, done
    done = site.copy('a', f'web-01:{site.there}/', '--sudo', '--owner', 'nobody-at-all', '-o', 'json')
    assert done.exit_code == 1 and 'nobody-at-all' in done.json['results'][0]['message'], done
    assert site.names() == ['d'] and os.listdir(homely.home) == []


def age(*paths):
    for path in paths:
        os.utime(path, (time.time() - 3600,) * 2, follow_symlinks=False)


def waiting(home):
    """Bytes that have arrived so far in folders that uploads wait in."""
    size = 0
    for path in home.glob('.sre-toolkit-copy-*/.*.copying'):
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            pass
    return size


@needs_sudo
@needs_sftp_server
@pytest.mark.parametrize('how,transport', [('early', 'native'), ('late', 'native'), ('late', 'openssh'),
                                           ('deadline', 'native')])
def test_sudo_interrupted(at, homely, tmp_path, how, transport):
    """However much of it is there by now: nobody would go on with it."""
    site = at(homely)
    site.make('large', os.urandom(96 * MIB))
    (site.there / 'large').write_text('old')
    args = ('large', f'web-01:{site.there}/', '--sudo', '-o', 'json', '--transport', transport)
    if how == 'deadline':
        (tmp_path / 'slow').touch()
        done = site.copy(*args, '--deadline', '7s')
        left = done.json['results'][0]['left_behind']
        # What was not undone in time is told of, and may be undone a moment later.
        assert done.exit_code == 124 and os.listdir(homely.home) in ([], [left]), done
    else:
        arrived = 0 if how == 'early' else 12 * MIB
        homely.gate.close(arrived + MIB)
        running = site.start(*args)
        wait_until(lambda: waiting(homely.home) > arrived, MINUTE, 'its middle')
        done = stop(running, homely, signal.SIGINT)
        assert done.exit_code == 130, done
        assert os.listdir(homely.home) == [] and done.json['results'][0]['left_behind'] is None, done
    assert site.names() == ['large'] and (site.there / 'large').read_text() == 'old'


@needs_sudo
@needs_sftp_server
@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_what_copies_with_sudo_left(at, homely, transport):
    """The private folder of one that was killed goes with the next that uploads, if it is old; nothing else does."""
    site = at(homely)
    site.make('large', os.urandom(40 * MIB))
    site.make('app.conf', 'new')
    args = (f'web-01:{site.there}/', '--sudo', '-o', 'json', '--transport', transport)
    homely.gate.close(10 * MIB)
    running = site.start('large', *args)
    wait_until(lambda: waiting(homely.home) >= 9 * MIB, MINUTE, 'its middle')
    running.signal(signal.SIGKILL).ended()
    homely.gate.open()
    (killed,) = homely.home.iterdir()
    wait_until(lambda: not is_open(killed), MINUTE, 'the server to notice that nobody writes any more')
    done = site.copy('app.conf', *args)
    assert done.exit_code == 0 and os.listdir(homely.home) == [killed.name], done  # somebody may be writing it
    foreign, linked = homely.home / '.sre-toolkit-copy-0123abcd', homely.home / '.sre-toolkit-copy-0123abce'
    foreign.mkdir(mode=0o700)
    (foreign / 'notes').touch(mode=0o600)
    linked.symlink_to(killed)
    age(*killed.iterdir(), foreign / 'notes', killed, foreign, linked)
    done = site.copy('app.conf', *args)
    assert done.exit_code == 0 and verdicts(done) == {'app.conf': 'unchanged'} and killed.exists(), done
    site.make('app.conf', 'newer')
    done = site.copy('app.conf', *args)
    assert done.exit_code == 0 and done.json['results'][0]['left_behind'] is None, done
    assert sorted(os.listdir(homely.home)) == [foreign.name, linked.name] and os.listdir(foreign) == ['notes']
    assert site.names() == ['app.conf'] and (site.there / 'app.conf').read_text() == 'newer'


def is_open(folder):
    """Whether any process has a file of the folder open."""
    def files(process):
        try:
            return [os.readlink(fd) for fd in (process / 'fd').iterdir()]
        except OSError:  # it has ended
            return []
    return any(file.startswith(f'{folder}/') for process in pathlib.Path('/proc').glob('[0-9]*') for file in files(process))


@needs_sudo
def test_what_was_left_while_it_was_put_in_place(site):
    old = [f'.app.conf.0123456789ab-{number:08x}.copying' for number in range(2)]
    stay = ['.app.conf.0123456789ab-0000000f.copying', '.other.0123456789ab-00000000.copying']
    for name in old + stay:
        (site.there / name).write_text('part')
        (site.there / name).chmod(0o600)
    age(*(site.there / name for name in (*old, stay[1])))
    site.make('app.conf', 'new')
    done = site.copy('app.conf', f'web-01:{site.there}/', '--sudo', '-o', 'json')
    assert done.exit_code == 0 and site.names() == sorted([*stay, 'app.conf']), done


@needs_sudo
def test_sudo_refused(at, tmp_path_factory, tmp_path):
    tools = tmp_path / 'no-sudo'
    tools.mkdir()
    (tools / 'sudo').write_text('#!/bin/sh\necho "sudo: a password is required" >&2; exit 1\n')
    (tools / 'sudo').chmod(0o755)
    for server in forced(tmp_path_factory, 'no-sudo', f'''case $SSH_ORIGINAL_COMMAND in
*sftp*) exec {SFTP_SERVER};;
esac
PATH={tools}:$PATH
eval "$SSH_ORIGINAL_COMMAND"'''):
        site = at(server)
        site.make('a')
        done = site.copy('a', f'web-01:{site.there}/', '--sudo', '-o', 'json')
        result = done.json['results'][0]
        assert (done.exit_code, result['outcome'], result['code']) == (1, 'not_started', 'sudo_failed'), done
        assert site.names() == []


@needs_sudo
@needs_sftp_server
@pytest.mark.skipif(not shutil.which('setpriv'), reason='needs setpriv')
@pytest.mark.skipif(not os.stat('/').st_mode & stat.S_IXOTH, reason='needs a root directory that others may pass')
@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_fetch_with_sudo(for_all, tmp_path_factory, transport):
    for server in forced(tmp_path_factory, 'sudo', f'''case $SSH_ORIGINAL_COMMAND in
*"exec sudo"*) eval "$SSH_ORIGINAL_COMMAND"; exit;;
*sftp*) exec {AS_NOBODY} {SFTP_SERVER};;
esac
exec {AS_NOBODY} sh -c "$SSH_ORIGINAL_COMMAND"'''):
        site = for_all(server)
        secret = site.there / 'secret'
        secret.mkdir()
        (secret / 'key').write_text('key')
        (secret / 'key').chmod(0o600)
        (secret / 'large').write_bytes(os.urandom(3 * MIB))
        secret.chmod(0o700)
        fetch = (f'web-01:{secret}', 'got', '-o', 'json', '--transport', transport)
        done = site.copy(f'web-01:{secret}/key', 'refused', *fetch[2:])
        assert (done.exit_code, done.json['results'][0]['code']) == (1, 'permission_denied'), done
        done = site.copy(*fetch, '--sudo', '--dry-run')
        wanted = {'got': 'created', 'key': 'created', 'large': 'created'}
        assert done.exit_code == 0 and verdicts(done) == wanted and os.listdir(site.here) == [], done
        done = site.copy(*fetch, '--sudo')
        assert done.exit_code == 0 and verdicts(done) == wanted, done
        assert (site.here / 'got/key').read_text() == 'key'
        assert (site.here / 'got/key').stat().st_mode & 0o777 == 0o600
        assert (site.here / 'got/large').read_bytes() == (secret / 'large').read_bytes()
        again = site.copy(f'web-01:{secret}/key', f'web-01:{secret}/large', 'got', *fetch[2:], '--sudo')
        assert set(verdicts(again).values()) == {'unchanged'} and again.json['results'][0]['bytes'] == 0, again
        done = site.copy(f'web-01:{secret}/none', 'none', *fetch[2:], '--sudo')
        assert (done.exit_code, done.json['results'][0]['code']) == (1, 'not_found'), done
        done = site.copy(*fetch, '--sudo', '--owner', 'root')
        assert done.exit_code == 2 and '--owner is for what is copied to servers' in done.stderr, done


# A program instead of sudo, further flags, and what comes of it.
SUDOS = {
    'asks': ('echo "sudo: a password is required" >&2; exit 1', (), 'not_started', 'sudo_failed', 'a password is required'),
    'refuses': ('while :; do printf %s "$3" >&2; read -r p || exit 1; echo "Sorry, try again." >&2; done',
                ('--sudo-password-file', 'password'), 'not_started', 'sudo_failed',
                'sudo refuses the password: Sorry, try again.'),
    'no-program': ('exec /bin/sh -c "$(printf %s "$5" | sed s,/usr/lib,/none,g)"', (), 'unreachable', 'exec_refused',
                   'there is no sftp-server that root could run'),
    'passes': ('shift 2; exec "$@"', (), 'ok', 'ok', ''),
    'password': ('echo lecture >&2; printf %s "$3" >&2; read -r p; [ "$p" = correct ] || exit 1; shift 4; exec "$@"',
                 ('--sudo-password-file', 'password'), 'ok', 'ok', ''),
}


@needs_sftp_server
@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_fetch_with_sudo_of_any_kind(at, tmp_path_factory, tmp_path, transport):
    for server in forced(tmp_path_factory, 'sudos', f'''case $SSH_ORIGINAL_COMMAND in
*"exec sudo"*) PATH={tmp_path}:$PATH; eval "$SSH_ORIGINAL_COMMAND"; exit;;
esac
exit 1'''):
        site = at(server)
        site.make('password', 'correct\n', 0o600)
        (site.there / 'a').write_text('content')
        for name, (sudo, args, outcome, code, says) in SUDOS.items():
            (tmp_path / 'sudo').write_text(f'#!/bin/sh\n{sudo}\n')
            (tmp_path / 'sudo').chmod(0o755)
            done = site.copy(f'web-01:{site.there}/a', name, '--sudo', *args, '-o', 'json', '--transport', transport)
            result = done.json['results'][0]
            assert (result['outcome'], result['code']) == (outcome, code) and says in (result['message'] or ''), done
            assert (site.here / name).exists() == (outcome == 'ok') and 'correct' not in done.stdout + done.stderr, done


# --- from servers ---------------------------------------------------------------------------------

@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_fetch_a_file(site, transport):
    (site.there / 'app.log').write_text('one\n')
    (site.there / 'app.log').chmod(0o640)
    fetch = ('--transport', transport, f'web-01:{site.there}/app.log')
    done = site.copy(*fetch, 'mine.log')
    assert (done.exit_code, done.stdout) == (0, '✓ web-01: 1 created (4 B)\n1/1 server copied successfully\n'), done
    assert (site.here / 'mine.log').read_text() == 'one\n'
    assert (site.here / 'mine.log').stat().st_mode & 0o7777 == 0o640
    assert site.copy(*fetch, 'mine.log').stdout.startswith('✓ web-01: 1 unchanged\n')
    (site.there / 'app.log').write_text('ONE\n')
    assert site.copy(*fetch, 'mine.log').stdout.startswith('✓ web-01: 1 updated (4 B)\n')
    assert site.copy(*fetch, '.').exit_code == 0
    assert (site.here / 'app.log').read_text() == 'ONE\n'
    assert site.copy(*fetch, 'new/').exit_code == 0
    assert sorted(os.listdir(site.here)) == ['app.log', 'mine.log', 'new']
    assert os.listdir(site.here / 'new') == ['app.log']


def test_fetch_from_many(site):
    (site.there / 'etc/sub').mkdir(parents=True)
    (site.there / 'etc/a').write_text('a')
    (site.there / 'etc/sub/b').write_bytes(os.urandom(3 * MIB))
    (site.there / 'etc/link').symlink_to('sub/b')
    (site.there / 'etc/sub').chmod(0o750)
    os.mkfifo(site.there / 'etc/pipe')
    done = site.copy(f'web-[01-03]:{site.there}/etc', 'backup', '-o', 'json')
    assert done.exit_code == 0, done
    for number, host in enumerate(('web-01', 'web-02', 'web-03')):
        assert verdicts(done, number) == {'etc': 'created', 'a': 'created', 'link': 'created', 'sub': 'created',
                                          'b': 'created', 'pipe': 'skipped'}, done
        folder = site.here / 'backup' / host / 'etc'
        assert sorted(os.listdir(folder)) == ['a', 'link', 'sub']
        assert os.readlink(folder / 'link') == 'sub/b'
        assert (folder / 'sub/b').read_bytes() == (site.there / 'etc/sub/b').read_bytes()
        assert (folder / 'sub').stat().st_mode & 0o777 == 0o750
    again = site.copy(f'web-[01-03]:{site.there}/etc', 'backup', '-o', 'jsonl')
    assert all(result['counts']['unchanged'] == 5 and result['bytes'] == 0 for result in again.jsonl), again


def test_fetch_rehearsal(site):
    (site.there / 'a').write_text('new\n')
    (site.there / 'b').write_text('b\n')
    (site.here / 'into').mkdir()
    (site.here / 'into/a').write_text('old\n')
    done = site.copy(f'web-01:{site.there}/a', f'web-01:{site.there}/b', 'into', '--dry-run', '-v')
    assert done.exit_code == 0, done
    assert 'would be updated  into/a\n    @@ -1,1 +1,1 @@\n    -old\n    +new\n' in done.stdout, done
    assert 'would be created  into/b\n' in done.stdout, done
    assert os.listdir(site.here / 'into') == ['a'] and (site.here / 'into/a').read_text() == 'old\n'
    done = site.copy(f'web-[01-02]:{site.there}/a', 'nowhere', '--dry-run')
    assert done.exit_code == 0 and not (site.here / 'nowhere').exists(), done


def test_fetch_what_is_not_there(site):
    done = site.copy(f'web-01:{site.there}/none', 'x', '-o', 'json')
    result = done.json['results'][0]
    assert (done.exit_code, result['outcome'], result['code']) == (1, 'failed', 'not_found'), done
    (site.there / 'a').write_text('new\n')
    (site.here / 'a').mkdir()
    done = site.copy(f'web-01:{site.there}/a', '.', '-o', 'json')
    assert done.exit_code == 1 and os.listdir(site.here / 'a') == [], done
    done = site.copy(f'web-01:{site.there}/a', 'no/such/folder/', '-o', 'json')
    assert done.exit_code == 1 and "cannot make the folder 'no/such/folder/'" in done.stdout, done
    done = site.copy(f'web-01:{site.there}/a', 'x', '--mode', '0644')
    assert done.exit_code == 2 and '--mode is for what is copied to servers' in done.stderr, done


@pytest.mark.parametrize('args', [(), ('--dry-run',)])
def test_fetch_makes_no_folders_but_the_last(site, args):
    (site.there / 'a').write_text('a')
    (site.there / 'sub').mkdir()
    for source, hosts, where, says in (
            ('a', 'web-01', 'q/n2/sub', "there is no folder 'q/n2' here"),
            ('a', 'web-01', 'n2/a', "there is no folder 'n2' here"),
            ('sub', 'web-01', 'n2/sub', "there is no folder 'n2' here"),
            ('a', 'web-01', 'q/n2/', "cannot make the folder 'q/n2/'"),
            ('a', 'web-[01-02]', 'q/n2', "cannot make the folder 'q/n2'")):
        done = site.copy(f'{hosts}:{site.there}/{source}', where, *args)
        assert done.exit_code == 1 and says in done.stdout and os.listdir(site.here) == [], done
    for source, hosts, where in (('a', 'web-01', 'one/'), ('a', 'web-[01-02]', 'several'), ('sub', 'web-01', 'sub')):
        assert site.copy(f'{hosts}:{site.there}/{source}', where, *args).exit_code == 0
    assert sorted(os.listdir(site.here)) == ([] if args else ['one', 'several', 'sub'])


@pytest.mark.parametrize('sudo', [(), pytest.param(('--sudo',), marks=[needs_sudo, needs_sftp_server])])
def test_fetch_of_what_is_no_file(site, sudo):
    """Within a folder it is skipped; what was named has to be here at the end."""
    os.mkfifo(site.there / 'pipe')
    (site.there / 'a').write_text('a')
    (site.there / 'link').symlink_to('pipe')
    for name, args in (('pipe', ()), ('link', ('--dry-run',))):
        done = site.copy(f'web-01:{site.there}/{name}', 'z', *sudo, *args)
        says = f"✗ web-01: '{site.there}/{name}' is neither a file nor a folder nor a link there\n"
        assert done.exit_code == 1 and says in done.stdout and os.listdir(site.here) == [], done
    (site.here / 'into').mkdir()
    done = site.copy(f'web-01:{site.there}/a', f'web-01:{site.there}/pipe', 'into', '-o', 'json', *sudo)
    assert (done.exit_code, done.json['results'][0]['code']) == (1, 'not_possible'), done
    assert verdicts(done) == {'a': 'created', 'pipe': 'failed'} and os.listdir(site.here / 'into') == ['a'], done
    done = site.copy(f'web-01:{site.there}', 'all', '-o', 'json', *sudo)
    assert done.exit_code == 0 and verdicts(done)['pipe'] == 'skipped', done
    assert sorted(os.listdir(site.here / 'all')) == ['a', 'link']


@pytest.mark.parametrize('kind', ['pipe', 'device', 'link'])
def test_fetch_never_replaces_what_is_no_file(site, kind):
    """As root it would break the machine: think of /dev/null."""
    (site.there / 'a').write_text('new\n')
    place = site.here / 'place'
    if kind == 'device':
        try:
            os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            pytest.skip('may not make devices')
    else:
        os.mkfifo(site.here / 'pipe')
        os.link(site.here / 'pipe', place) if kind == 'pipe' else place.symlink_to('pipe')
    before = place.lstat()
    names = sorted(os.listdir(site.here))
    says = "'./place' is a link to what is no file here" if kind == 'link' else "'./place' is no file here"
    for args in ('--dry-run', '--quiet', '-ojson'):
        done = site.copy(f'web-01:{site.there}/a', 'place', args)
        assert done.exit_code == 1 and says in done.stdout, done
    assert done.json['results'][0]['code'] == 'not_possible', done
    after = place.lstat()
    assert (after.st_mode, after.st_ino, after.st_rdev) == (before.st_mode, before.st_ino, before.st_rdev)
    assert sorted(os.listdir(site.here)) == names


@pytest.mark.parametrize('folder', ['', 'into'])
def test_fetch_never_replaces_standard_output(site, tmp_path, folder):
    """A link like /dev/stdout, while it ends at a file: in a job of cron or CI."""
    (site.there / 'a').write_text('new\n')
    (site.here / folder).mkdir(exist_ok=True)
    (site.here / 'stdout').symlink_to('/proc/self/fd/1')
    place = site.here / folder / 'a'
    place.symlink_to(os.path.relpath(site.here / 'stdout', place.parent))
    out = tmp_path / 'out'
    for args in ('--dry-run', '--quiet', '-ojson'):
        done = site.copy(f'web-01:{site.there}/a', folder or 'a', args,
                         in_front=('sh', '-c', 'out=$1; shift; exec "$@" >"$out"', 'sh', out))
        says = f"'{folder or '.'}/a' is a link in or to /proc or /dev here"
        assert done.exit_code == 1 and says in out.read_text(), (done, out.read_text())
    assert json.loads(out.read_text())['results'][0]['code'] == 'not_possible'
    assert place.is_symlink() and (site.here / 'stdout').is_symlink()
    assert os.listdir(place.parent) == ['a'] if folder else sorted(os.listdir(site.here)) == ['a', 'stdout']


def test_fetch_onto_a_link(site):
    (site.there / 'a').write_text('new\n')
    site.make('kept', 'mine\n')
    (site.here / 'a').symlink_to('kept')
    done = site.copy(f'web-01:{site.there}/a', 'a', '--dry-run', '-v')
    assert '  would be updated  ./a\n' in done.stdout and (site.here / 'a').is_symlink(), done
    done = site.copy(f'web-01:{site.there}/a', 'a')
    assert done.stdout.startswith('✓ web-01: 1 updated (4 B)\n'), done
    assert not (site.here / 'a').is_symlink() and (site.here / 'a').read_text() == 'new\n'
    assert (site.here / 'kept').read_text() == 'mine\n'


def test_fetch_onto_a_full_disk(site, disk):
    folder = disk.full()
    (site.there / 'large').write_bytes(os.urandom(MIB))
    names = sorted(os.listdir(folder))
    done = site.copy(f'web-01:{site.there}/large', f'{folder}/', '-o', 'json')
    result = done.json['results'][0]
    assert (done.exit_code, result['code']) == (1, 'no_space'), done
    assert 'no space is left here' in result['message'] and sorted(os.listdir(folder)) == names


def test_fetch_interrupted(at, gated_back):
    site = at(gated_back)
    gated_back.gate.close(MIB)
    (site.there / 'large').write_bytes(os.urandom(64 * MIB))
    (site.here / 'large').write_text('old')
    running = site.start(f'web-01:{site.there}/large', 'large', '-o', 'json')
    wait_until(lambda: len(os.listdir(site.here)) > 1, MINUTE, 'its middle')
    done = stop(running, gated_back, signal.SIGINT)
    assert done.exit_code == 130, done
    # So little of it is not worth keeping.
    assert os.listdir(site.here) == ['large'] and done.json['results'][0]['left_behind'] is None, done
    assert (site.here / 'large').read_text() == 'old'


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_fetch_twice_interrupted(at, gated_back, transport):
    """Nothing is undone: what is here of it stays, however little, and is named."""
    site = at(gated_back)
    gated_back.gate.close(MIB)
    (site.there / 'large').write_bytes(os.urandom(64 * MIB))
    running = site.start(f'web-01:{site.there}/large', 'large', '--transport', transport)
    wait_until(lambda: os.listdir(site.here), MINUTE, 'its middle')
    running.signal(signal.SIGINT).wait_for('interrupted')
    time.sleep(0.3)  # a second signal at once counts as the same
    running.signal(signal.SIGINT)
    done = running.ended()
    [part] = os.listdir(site.here)
    assert done.exit_code == 130 and part.endswith('.copying'), done
    assert f'what may be left behind:\nweb-01: ./{part}\n' in done.stderr, done


def begin_fetch(site, *args):
    """A fetch that is in the middle, with enough there to be kept, and the path of that part."""
    site.server.gate.close(10 * MIB)
    running = site.start(f'web-01:{site.there}/large', 'large', '-o', 'json', *args)

    def part():
        parts = [name for name in os.listdir(site.here) if name.endswith('.copying')]
        return site.here / parts[0] if parts else None
    wait_until(lambda: part() and part().stat().st_size >= 9 * MIB, MINUTE, 'its middle')
    return running, part()


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_fetch_cut_and_gone_on(at, gated_back, transport):
    site = at(gated_back)
    (site.there / 'large').write_bytes(os.urandom(20 * MIB))
    (site.here / 'large').write_text('old')
    fetch = (f'web-01:{site.there}/large', 'large', '-o', 'json', '--transport', transport)
    running, part = begin_fetch(site, '--transport', transport)
    gated_back.hang_up()
    done = running.ended()
    gated_back.gate.open()
    result = done.json['results'][0]
    assert (done.exit_code, result['outcome'], result['code']) == (1, 'unreachable', 'connection_lost'), done
    assert pathlib.Path(result['left_behind']).name == part.name and part.stat().st_mode & 0o777 == 0o600, done
    size = part.stat().st_size
    assert size >= 8 * MIB and (site.here / 'large').read_text() == 'old'
    done = site.copy(*fetch)
    result = done.json['results'][0]
    assert done.exit_code == 0 and result['files'][0]['verdict'] == 'updated', done
    assert result['bytes'] == 20 * MIB - size and 'gone on with after' in result['files'][0]['message'], done
    assert os.listdir(site.here) == ['large']
    assert (site.here / 'large').read_bytes() == (site.there / 'large').read_bytes()


def test_fetch_cut_and_changed(at, gated_back):
    site = at(gated_back)
    content = bytearray(os.urandom(20 * MIB))
    (site.there / 'large').write_bytes(content)
    running, part = begin_fetch(site)
    done = stop(running, gated_back, signal.SIGTERM)
    assert done.exit_code == 143 and done.json['results'][0]['left_behind'].endswith(part.name), done
    content[0] ^= 1
    (site.there / 'large').write_bytes(content)
    done = site.copy(f'web-01:{site.there}/large', 'large', '-o', 'json')
    assert done.exit_code == 0 and done.json['results'][0]['bytes'] == 20 * MIB, done
    assert os.listdir(site.here) == ['large'] and (site.here / 'large').read_bytes() == content


def test_fetch_killed_and_gone_on(at, gated_back):
    site = at(gated_back)
    (site.there / 'large').write_bytes(os.urandom(20 * MIB))
    running, part = begin_fetch(site)
    running.signal(signal.SIGKILL).ended()
    gated_back.gate.open()
    size = part.stat().st_size
    done = site.copy(f'web-01:{site.there}/large', 'large')
    assert (done.exit_code, f'gone on with after {size} bytes' in done.stdout) == (0, True), done
    assert os.listdir(site.here) == ['large']
    assert (site.here / 'large').read_bytes() == (site.there / 'large').read_bytes()


HOSTILE = {
    'climbing': "has a file named '../evil'",
    'absolute': "has a file named '/tmp/evil'",
    'nested': "has a file named 'a/b'",
    'null': "has a file named 'a\\x00b'",
    'empty': "has a file named ''",
    'long': "has a file named 'aaaa",
    'link-and-folder': 'something else has its name here',
    'folders-without-end': 'folders within folders',
}


@pytest.mark.parametrize('manner', HOSTILE)
def test_hostile_names(at, tmp_path_factory, tmp_path, manner):
    program = pathlib.Path(sshd.__file__).with_name('hostile_sftp.py')
    outside = tmp_path / 'outside'
    outside.mkdir()
    for server in forced(tmp_path_factory, manner, f'''case $SSH_ORIGINAL_COMMAND in
*sftp*) OUTSIDE={outside} exec {sys.executable} {program} {manner};;
esac
exit 1'''):
        site = at(server)
        done = site.copy('web-01:/x', 'into/', '-o', 'json')
        assert done.exit_code == 1, done
        assert HOSTILE[manner] in json.dumps(done.json, ensure_ascii=False).replace('\\\\', '\\'), done
        assert os.listdir(outside) == []
        assert sorted(os.listdir(site.here)) == ['into'] and not os.path.exists('/tmp/evil')
        assert sorted(os.listdir(tmp_path)) == ['here', 'home', 'outside', 'there']
