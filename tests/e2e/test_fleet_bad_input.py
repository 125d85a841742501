"""What people get wrong: selections, files, flags, passwords; and the guard in front of many servers."""
import subprocess

import pytest
from fleet import Terminal

REFUSED = 2


def refused(done, *words):
    assert (done.exit_code, done.stdout) == (REFUSED, ''), done
    for word in words:
        assert word in done.stderr, done
    assert done.stderr.splitlines()[-1].startswith('sre-toolkit fleet: ')


# --- selections -----------------------------------------------------------------------------------

@pytest.mark.parametrize('hosts, words', [
    ('web 01;reboot', 'column 7'),
    ('-oProxyCommand=reboot', 'column 1'),
    ('web-01\nreboot|x', 'column 14'),
    ('$(reboot)', 'column 1'),
    ('web-[1-', "'[' is never closed"),
    ('web-[5-1]', 'column'),
    ('@none', 'there are no groups'),
    ('', 'expected a name or a group'),
    ('web-01!web-01', 'matches no server'),
])
def test_selections_that_are_refused(fleet, hosts, words):
    refused(fleet.on(hosts, 'true') if not hosts.startswith('-') else
            fleet.toolkit('fleet', 'true', f'--hosts={hosts}', *fleet.kept), words if hosts != '@none' else 'none')
    assert not fleet.store.exists()


@pytest.mark.parametrize('content, words', [
    (b'', 'names no server'),
    (b'# nobody\n\n', 'names no server'),
    (b'web-01\nweb 02;reboot\n', ':2:7: '),
    (b'web-01\n-oProxyCommand=x\n', ':2:1: '),
    (b'web-01\n`reboot`\n', ':2:1: '),
    (b'\xff\xfew\x00', 'UTF-16'),
    (b'---\nall:\n', 'YAML'),
    (b'web-[01-\n', ":1:"),
])
def test_files_that_are_refused(fleet, tmp_path, content, words):
    path = tmp_path / 'servers.txt'
    path.write_bytes(content)
    refused(fleet.toolkit('fleet', 'true', '--servers', path, *fleet.login, *fleet.kept), words, str(path))


def test_a_file_with_everything_that_is_fine(fleet, tmp_path):
    path = tmp_path / 'servers.txt'
    path.write_bytes(b'\xef\xbb\xbf# ours\r\n\tweb-01\t# the first\r\n\r\nweb-[02-03]\r\nweb-01\r\ndb-01')
    done = fleet.toolkit('fleet', 'echo hi', '--servers', path, *fleet.login, *fleet.kept)
    assert done.exit_code == 0 and done.stdout.count(': hi\n') == 4
    assert 'web-01 is named twice, and counts once\n' in done.stderr


def test_a_file_with_100000_lines(fleet, tmp_path):
    path = tmp_path / 'servers.txt'
    path.write_text(''.join(f'host-{number:06}\n' for number in range(100_000)))
    done = fleet.toolkit('fleet', '--list', '--servers', path)
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 100_000
    refused(fleet.toolkit('fleet', 'true', '--servers', path, *fleet.kept), '100000 servers are more than')
    assert not fleet.store.exists()


def test_list_connects_nowhere(fleet):
    done = fleet.toolkit('fleet', '--list', '--hosts', 'web-[01-03],db-01', '--hosts', '!web-02')
    assert (done.exit_code, done.stdout, done.stderr) == (0, 'web-01\nweb-03\ndb-01\n', '')


def test_groups_of_the_configuration(fleet):
    fleet.toolkit.config('servers: {groups: {web: "web-[01-02]"}}\nssh: {workers: 1}\n')
    done = fleet.on('@web', 'echo hi')
    assert (done.exit_code, done.stderr) == (0, '2 servers: web-[01-02]\n')
    refused(fleet.on('@wbe', 'true'), "did you mean 'web'?")


# --- flags ----------------------------------------------------------------------------------------

@pytest.mark.parametrize('args, words', [
    ([], 'which command?'),
    (['true', '--timeout', 'soon'], '--timeout'),
    (['true', '--workers', '0'], '--workers'),
    (['true', '--transport', 'telnet'], 'telnet'),
    (['true', '--fold=clever'], 'clever'),
    (['true', '--live'], '--live goes with --fold'),
    (['true', '--fold', '--output', 'json'], '--fold goes with --output text'),
    (['true', '--env', 'no value'], '--env'),
    (['true', '--env', 'a-b=c'], 'a-b'),
    (['true', '--nice', '40'], '--nice'),
    (['true', '--sudo-user', 'root; reboot'], 'root; reboot'),
    (['--script', '/no/such'], '/no/such'),
    (['--script', '/bin/ls'], 'is no text'),
    (['--script', '/etc'], 'is a directory'),
    (['true', '--srevers', 'x'], "did you mean '--servers'?"),
    (['true', '--limit', '5'], '--limit does not go with running a command'),
    (['true', '--output-dir', '/no/such/folder'], '--output-dir'),
    (['true', '--report', '/no/such/file'], '--report'),
    (['ls', '-x'], "unknown option '-x'"),
])
def test_flags_that_are_refused(fleet, args, words):
    done = fleet.on('web-01', *args)
    assert (done.exit_code, done.stdout) == (REFUSED, ''), done
    assert words in done.stderr


def test_without_a_selection(fleet):
    refused(fleet.toolkit('fleet', 'uptime'), 'say --servers FILE or --hosts SELECTION')
    refused(fleet('true', '--hosts', 'web-09'), "'web-09' is not in ")


def test_a_script_from_windows(fleet, tmp_path):
    script = tmp_path / 'script'
    script.write_bytes(b'#!/bin/sh\r\necho hi\r\n')
    refused(fleet.on('web-01', '--script', script), '\\r\\n')


# --- passwords ------------------------------------------------------------------------------------

def test_password_files(fleet, tmp_path):
    path = tmp_path / 'password'
    path.write_text('secret\n')
    path.chmod(0o644)
    refused(fleet.on('web-01', 'true', '--sudo-password-file', path), 'can be read by others (mode 0644)')
    path.chmod(0o600)
    path.write_text('')
    refused(fleet.on('web-01', 'true', '--sudo-password-file', path), 'the password is empty')
    path.write_text('one\ntwo\n')
    refused(fleet.on('web-01', 'true', '--password-file', path), 'more than one line')
    refused(fleet.on('web-01', 'true', '--password-file', '/no/such'), '/no/such')
    refused(fleet.on('web-01', 'true', '--ask-sudo-password'), 'no terminal to ask')


# --- the guard ------------------------------------------------------------------------------------

def test_more_than_was_confirmed(fleet):
    done = fleet('true', '--confirm-over', '3')
    refused(done, '4 servers: web-[01-03],db-01', 'say --yes if it is meant')
    assert fleet('true', '--confirm-over', '3', '--yes').exit_code == 0
    assert fleet('true', '--confirm-over', '4').exit_code == 0
    assert fleet('true', '--confirm-over', '3', '--dry-run').exit_code == 0  # changes nothing


def test_no_more_than_allowed(fleet):
    refused(fleet('true', '--max-hosts', '3', '--yes'), '4 servers, and --max-hosts allows 3')
    assert fleet('true', '--max-hosts', '4').exit_code == 0


def at_terminal(fleet, *args):
    argv = [fleet.toolkit.binary, 'fleet', *fleet.all, *fleet.login, *fleet.kept, *args]
    return Terminal([str(arg) for arg in argv], fleet.toolkit.environment({}))


def test_the_number_is_typed(fleet):
    terminal = at_terminal(fleet, 'echo hi', '--confirm-over', '2')
    terminal.wait_for('4 servers: web-[01-03],db-01').wait_for('type how many servers it is: ').type('4\n')
    terminal.wait_for('4/4 servers responded successfully')
    assert terminal.ended() == 0


@pytest.mark.parametrize('answer', ['3\n', 'y\n', '\n', '\x04'])
def test_another_answer_stops_it(fleet, answer):
    terminal = at_terminal(fleet, 'echo hi', '--confirm-over', '2').wait_for('type how many').type(answer)
    assert terminal.ended() == REFUSED
    assert 'nothing was done' in terminal.seen and not fleet.store.exists()


def test_ctrl_c_at_the_question(fleet):
    terminal = at_terminal(fleet, 'echo hi', '--confirm-over', '2').wait_for('type how many').type('\x03')
    assert terminal.ended() == -2 and not fleet.store.exists()


def test_a_password_is_not_shown(fleet):
    terminal = at_terminal(fleet, 'echo hi', '--ask-sudo-password').wait_for('Password for sudo: ')
    terminal.type('hunx\x7fter2\x15secret\n')
    terminal.ended()
    assert 'hunt' not in terminal.seen and 'secret' not in terminal.seen
    for path in fleet.store.parent.glob('state.db*'):
        assert b'secret' not in path.read_bytes()
    terminal = at_terminal(fleet, 'echo hi', '--ask-sudo-password').wait_for('Password for sudo: ').type('\x03')
    assert terminal.ended() == -2


# --- the machine ----------------------------------------------------------------------------------

def test_few_descriptors(fleet, binary):
    done = subprocess.run(['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh', str(binary), 'fleet', 'echo hi', '--workers', '50',
                           *map(str, [*fleet.all, *fleet.login, *fleet.kept])], capture_output=True, text=True,
                          env=fleet.toolkit.environment({}), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


def test_no_room_for_the_results(fleet):
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([str(arg) for arg in (fleet.toolkit.binary, 'fleet', 'echo hi', *fleet.all, *fleet.login,
                                                    *fleet.kept)], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=fleet.toolkit.environment({}), stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and 'No space left on device' in done.stderr


def test_a_full_terminal_of_80_columns(fleet):
    done = fleet('echo "$SSH_CONNECTION"', screen=(80, 24))
    assert done.exit_code == 0 and all(len(line) <= 80 for line in done.plain.splitlines())
