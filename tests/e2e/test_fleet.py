"""`fleet COMMAND` on a real sshd: what runs, what is shown, in every format, and how it ends."""
import csv
import getpass
import io
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest
from servers.base import wait_until
from toolkit import TIMEOUT_SECONDS

HOSTS = ['web-01', 'web-02', 'web-03', 'db-01']
JUNIT = pathlib.Path(__file__).with_name('junit.xsd')


# --- text -----------------------------------------------------------------------------------------

def test_lines_and_ends(fleet):
    done = fleet('echo hello; echo oops >&2')
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert sorted(lines[:8]) == sorted(f'{host}{mark}' for host in HOSTS for mark in (': hello', ' (stderr): oops'))
    assert lines[8:] == [*(f'✓ {host}' for host in HOSTS), '4/4 servers responded successfully']
    assert done.stderr == '4 servers: web-[01-03],db-01\n'


def test_one_that_fails(fleet):
    done = fleet(fleet.case(web_02='exit 3', db_01='kill -9 $$'), '--quiet')
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        '✓ web-01', '✗ web-02: exit 3', '✓ web-03', '✗ db-01: signal KILL',
        '2/4 servers responded successfully (1 exit, 1 signal)']
    assert done.stderr == ''


def test_words_are_joined_as_ssh_does_it(fleet):
    assert 'web-01: a b' in fleet.on('web-01', 'echo', 'a', 'b').stdout
    assert 'web-01: -n x' in fleet.on('web-01', '--', 'printf', '"%s %s\\n"', '-n', 'x').stdout


def test_whole_lines_only(fleet):
    done = fleet("for i in 1 2 3; do printf 'a'; sleep 0.05; printf 'b\\n'; done; printf 'no end'", '--quiet')
    lines = [line for line in done.stdout.splitlines() if ': ' in line]
    assert sorted(lines) == sorted([f'{host}: ab' for host in HOSTS for _ in range(3)] +
                                   [f'{host}: no end' for host in HOSTS])


def test_what_a_terminal_would_obey_is_escaped(fleet):
    done = fleet.on('web-01', "printf 'a\\033[31mb\\007\\377\\n'", '--quiet')
    assert done.stdout.splitlines()[0] == 'web-01: a\\x1b[31mb\\x07\\xff'


def test_colours_on_a_terminal_only(fleet):
    done = fleet('echo hi', '--color', 'always')
    assert '\x1b[' in done.stdout and sorted(done.plain.splitlines()[:4]) == sorted(f'{host}: hi' for host in HOSTS)
    assert '\x1b[' not in fleet('echo hi').stdout
    screen = fleet('echo hi', screen=(80, 24))
    assert '\x1b[' in screen.stdout


def test_fold(fleet):
    done = fleet(f"echo version 1; {fleet.case(db_01='echo odd >&2; exit 3')}", '--fold', '--quiet')
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        'web-[01-03] (3 servers):', '  version 1', 'db-01 (1 server), exit 3:', '  version 1', '  stderr: odd',
        '✓ web-[01-03]', '✗ db-01: exit 3', '3/4 servers responded successfully (1 exit)']


def test_smart_fold_masks_what_always_differs(fleet):
    command = f"echo pid $$ at 12:00:0$(($$ % 10)); echo same; {fleet.case(web_02='echo odd')}"
    assert '(4 servers)' not in fleet(command, '--fold=exact', '--quiet').stdout
    done = fleet(command, '--fold=smart', '--quiet')
    assert 'web-[01,03],db-01 (3 servers), as on web-01 (own names, addresses, pids, times may differ):' in done.stdout
    assert 'web-02 (1 server), differs from web-[01,03],db-01:' in done.stdout
    assert '\n  +odd\n' in done.stdout


def test_fold_and_live(fleet):
    done = fleet('echo hi', '--fold', '--live', '--quiet')
    assert 'web-01: hi\n' in done.stdout and '(4 servers):\n  hi\n' in done.stdout


# --- for programs ---------------------------------------------------------------------------------

def test_json(fleet):
    done = fleet(f"echo out; echo err >&2; {fleet.case(web_02='exit 3', web_03='kill -TERM $$')}", '--output', 'json')
    assert done.exit_code == 1
    document = done.json
    assert (document['schema'], document['command'], document['run'], document['dry_run']) == (1, 'fleet', 1, False)
    assert document['summary'] == {'total': 4, 'ok': 2, 'exit': 1, 'signal': 1, 'timeout': 0, 'unreachable': 0,
                                   'not_started': 0}
    assert [item['name'] for item in document['results']] == [item['target'] for item in document['results']] == HOSTS
    by_name = {item['name']: item for item in document['results']}
    for name, expected in {
            'web-01': {'outcome': 'ok', 'success': True, 'code': 'ok', 'exit_code': 0, 'signal': None},
            'web-02': {'outcome': 'exit', 'success': False, 'code': 'exit', 'exit_code': 3, 'signal': None},
            'web-03': {'outcome': 'signal', 'success': False, 'exit_code': None, 'signal': 'TERM'}}.items():
        assert expected.items() <= by_name[name].items()
        assert (by_name[name]['stdout'], by_name[name]['stderr']) == ('out\n', 'err\n')
        assert by_name[name]['truncated_bytes'] == 0 and by_name[name]['pid'] > 1
        assert 0 < by_name[name]['connect_seconds'] < by_name[name]['duration_seconds'] < 30


def test_json_is_well_formed_whatever_is_printed(fleet):
    text = fleet.results("printf '\\000\\377\\033\\200 ü\\n'")['web-01']['stdout']
    assert text == '\x00\ufffd\x1b\ufffd ü\n'


def test_jsonl_comes_as_each_host_ends(fleet):
    running = fleet.start(fleet.case(db_01='sleep 60', web_01='echo first; exit 4'), '--output', 'jsonl')
    for host in ('web-01', 'web-02', 'web-03'):
        running.wait_for(f'"{host}"')
    wait_until(lambda: running.so_far.stdout.count('\n') == 3, TIMEOUT_SECONDS, 'whole lines')
    assert '"db-01"' not in running.stdout
    lines = [json.loads(line) for line in running.stdout.splitlines()]
    assert {item['name']: item['exit_code'] for item in lines} == {'web-01': 4, 'web-02': 0, 'web-03': 0}
    running.signal(2)
    assert running.ended().exit_code == 130


def test_csv(fleet):
    done = fleet("printf 'a,\"b\"\\nc\\n'", '--output', 'csv')
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row['name'] for row in rows] == HOSTS
    assert all(row['stdout'] == 'a,"b"\nc\n' and row['success'] == 'true' and row['exit_code'] == '0' for row in rows)


def test_junit(fleet, tmp_path):
    done = fleet(f"printf 'a\\001<&>\\n'; {fleet.case(web_02='exit 3')}", '--output', 'junit')
    report = tmp_path / 'junit.xml'
    report.write_text(done.stdout)
    suite = xml.etree.ElementTree.parse(report).getroot().find('testsuite')
    assert (suite.get('tests'), suite.get('failures'), suite.get('errors')) == ('4', '1', '0')
    assert [case.get('name') for case in suite.iter('testcase')] == HOSTS
    assert suite.find('.//failure').get('message') == 'exit 3'
    checked = subprocess.run(['xmllint', '--noout', '--schema', JUNIT, report], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_a_file_for_each_host(fleet, tmp_path):
    folder = tmp_path / 'outputs'
    done = fleet(f"echo out; {fleet.case(web_02='echo err >&2')}", '--output-dir', folder)
    assert done.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        'db-01.out', 'web-01.out', 'web-02.err', 'web-02.out', 'web-03.out']
    assert (folder / 'web-02.err').read_text() == 'err\n'
    fleet('true', '--output-dir', folder)
    assert list(folder.iterdir()) == []  # what an earlier run left is not this one's


def test_output_file(fleet, tmp_path):
    path = tmp_path / 'results'
    done = fleet('echo hi', '--output-file', path)
    assert (done.exit_code, done.stdout) == (0, '')
    assert path.read_text().endswith('4/4 servers responded successfully\n') and 'db-01: hi\n' in path.read_text()


def test_much_output_is_cut_in_the_middle_and_counted(fleet, tmp_path):
    done = fleet.on('web-01', 'seq 1000000', '--output', 'json', '--output-dir', tmp_path / 'all')
    result = done.json['results'][0]
    assert result['stdout'].startswith('1\n2\n') and result['stdout'].endswith('\n1000000\n')
    assert ' left out ...\n' in result['stdout'] and len(result['stdout']) < 2**20 + 200
    whole = (tmp_path / 'all/web-01.out').read_text()
    assert len(whole) == 6888896 and result['truncated_bytes'] > 5000000


# --- the command ----------------------------------------------------------------------------------

def test_stdin_is_for_all(fleet):
    done = fleet('cat; wc -c', '--stdin', stdin='one\ntwo\n')
    assert {f'{host}: two' for host in HOSTS} <= set(done.stdout.splitlines())
    assert 'web-01: 0' in done.stdout
    assert 'web-01: 0' in fleet('wc -c').stdout  # without it there is nothing to read


def test_stdin_that_does_not_fit_into_memory(fleet, tmp_path):
    path = tmp_path / 'big'
    with open(path, 'wb') as file:
        file.write(b'x' * 20_000_000)
    with open(path, 'rb') as file:
        done = fleet('wc -c', '--stdin', stdin=file.fileno())
    assert {f'{host}: 20000000' for host in HOSTS} <= set(done.stdout.splitlines())


SHELL_SCRIPT = 'echo "$# $1 $2"\ncat\nexit 4\n'
PYTHON_SCRIPT = '#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:], sys.stdin.read().split())\n'


@pytest.mark.parametrize('text, expected', [
    (SHELL_SCRIPT, ['web-01: 2 a b c', 'web-01: in', 'web-01: put', '✗ web-01: exit 4']),
    ('#!/bin/sh\n' + SHELL_SCRIPT, ['web-01: 2 a b c', 'web-01: in', 'web-01: put', '✗ web-01: exit 4']),
    (PYTHON_SCRIPT, ["web-01: ['a b', 'c'] ['in', 'put']", '✓ web-01']),
    ('#!/bin/sh -e\nfalse\necho not here\n', ['✗ web-01: exit 1']),
    ('#' * 300_000 + '\necho "$1"', ['web-01: a b', '✓ web-01']),
])
def test_script(fleet, tmp_path, text, expected):
    script = tmp_path / 'script'
    script.write_text(text)
    done = fleet.on('web-01', '--script', script, '--stdin', '--quiet', '--', 'a b', 'c', stdin='in\nput\n')
    assert done.stdout.splitlines()[:-1] == expected


def test_script_that_reads_nothing_leaves_the_rest(fleet, tmp_path):
    script = tmp_path / 'script'
    script.write_text('echo "$*"\n\n\n')
    done = fleet.on('web-01', '--script', script, '--quiet', '--', "it's", '$HOME', '-x')
    assert done.stdout.splitlines()[0] == "web-01: it's $HOME -x"


def test_environment_and_directory(fleet):
    done = fleet('echo "$NAME"; pwd; nice', '--env', 'NAME=a b=\'"$', '--directory', '/usr/lib', '--nice', '5')
    nice = min(os.nice(0) + 5, 19)  # on top of what the server has from us
    assert {'web-01: a b=\'"$', 'web-01: /usr/lib', f'web-01: {nice}'} <= set(done.stdout.splitlines())


def test_a_directory_that_is_not_there(fleet):
    result = fleet.results('echo ran', '--directory', '/no/such')['web-01']
    assert (result['outcome'], result['code'], result['stdout']) == ('not_started', 'directory_missing', '')


def test_tty(fleet):
    assert 'web-01: yes' in fleet('test -t 1 && echo yes', '--tty').stdout
    assert 'web-01: no' in fleet('test -t 1 || echo no').stdout


def test_timeouts(fleet):
    total = fleet.results('echo hi; sleep 600', '--timeout', '5')['web-01']
    assert (total['outcome'], total['clock'], total['stdout']) == ('timeout', 'total', 'hi\n')
    silent = fleet.results('echo hi; sleep 600', '--silence', '1')['web-01']
    assert (silent['outcome'], silent['clock']) == ('timeout', 'silence')


def test_a_child_that_holds_the_output_open(fleet):
    done = fleet('sleep 60 & echo started', '--output', 'json')
    assert done.exit_code == 0 and done.seconds < 50
    assert all(item['left_open'] and item['stdout'] == 'started\n' for item in done.json['results'])
    assert '\n✓ web-01 (a child goes on)\n' in '\n' + fleet('sleep 30 & echo started', '--hosts', 'web-01').stdout


def test_dry_run_runs_nothing(fleet, tmp_path):
    mark = tmp_path / 'mark'
    done = fleet(f'touch {mark}', '--dry-run', '--output', 'json')
    assert done.exit_code == 0 and done.json['dry_run'] is True and done.json['run'] is None
    assert all(item['outcome'] == 'ok' for item in done.json['results'])
    assert not mark.exists() and not fleet.store.exists()
    done = fleet('true', '--dry-run', '--directory', '/no/such', '--quiet')
    assert done.exit_code == 1 and done.stderr == ''
    assert done.stdout.splitlines() == [
        *(f'✗ {host}: not started: cannot enter the directory: /no/such' for host in HOSTS),
        '0/4 servers: logged in, directory entered; nothing was run (4 not started)']
    assert fleet.on('web-01', 'true', '--dry-run', '-q').stdout == '✓ web-01\n1/1 servers: logged in; nothing was run\n'


# --- where it does not work -----------------------------------------------------------------------

def test_each_host_fails_for_itself(fleet, sshd, tmp_path):
    config = tmp_path / 'ssh_config'
    config.write_text(f'Host refused\n  HostName 127.0.0.1\n  Port 1\n'
                      f'Host stranger\n  HostName {sshd.address("web-01")}\n  UserKnownHostsFile /dev/null\n'
                      f'Host nobody\n  HostName {sshd.address("web-02")}\n  PubkeyAuthentication no\n'
                      f'Host *\n  Include {sshd.ssh_config}\n')
    done = fleet.toolkit('fleet', 'echo hi', '--hosts', 'refused,stranger,nobody,web-03', '--ssh-config', config,
                         '--output', 'json', *fleet.kept)
    assert done.exit_code == 1
    codes = {item['name']: (item['outcome'], item['code']) for item in done.json['results']}
    assert codes == {'refused': ('unreachable', 'connection_refused'), 'stranger': ('unreachable', 'host_key_unknown'),
                     'nobody': ('unreachable', 'auth_failed'), 'web-03': ('ok', 'ok')}


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_a_user_and_a_port_in_a_name(fleet, sshd, tmp_path, transport):
    user, port = getpass.getuser(), sshd.port
    config = tmp_path / 'ssh_config'
    config.write_text(f'Match originalhost web-*,db-*\n  User nobody\n  Port 1\nMatch all\n  Include {sshd.ssh_config}\n')

    def results(*args):
        return {item['name']: item for item in fleet.toolkit(
            'fleet', 'echo $USER', *args, '--ssh-config', config, '--transport', transport, '--output', 'json',
            *fleet.kept).json['results']}
    assert {item['outcome'] for item in results('--hosts', 'web-01').values()} == {'unreachable'}
    found = results('--hosts', f'{user}@web-[01-02]:{port}', '--hosts', f'{user}@[::1]:1')
    assert {name: item['outcome'] for name, item in found.items()} == {
        f'{user}@web-01:{port}': 'ok', f'{user}@web-02:{port}': 'ok', f'{user}@[::1]:1': 'unreachable'}
    servers = tmp_path / 'servers.txt'
    servers.write_text(f'{user}@web-01:{port}\n{user}@db-01:{port}  # and not web-01 again\n')
    assert list(results('--servers', servers, '--hosts', '!web-01')) == [f'{user}@db-01:{port}']


def test_a_login_that_is_named_twice(fleet):
    user = getpass.getuser()
    done = fleet.on(f'{user}@web-01,web-01', 'true', '--username', user)
    assert done.stdout == f'✓ {user}@web-01\n1/1 servers responded successfully\n', done
    assert 'web-01 is named twice, and counts once' in done.stderr


def test_the_same_through_openssh(fleet):
    done = fleet('echo hi', '--transport', 'openssh', '--output', 'json')
    assert done.exit_code == 0, done
    assert all((item['stdout'], item['transport']) == ('hi\n', 'openssh') for item in done.json['results'])


def test_deadline(fleet):
    done = fleet(fleet.case(web_02='sleep 600'), '--deadline', '8', '--workers', '1', '--output', 'json')
    assert done.exit_code == 124 and done.seconds < 60
    outcomes = [item['outcome'] for item in done.json['results']]
    assert outcomes == ['ok', 'timeout', 'not_started', 'not_started']
    assert done.json['results'][3]['code'] == 'deadline'


def test_report_and_lock(fleet, tmp_path):
    report, lock = tmp_path / 'report', tmp_path / 'lock'
    done = fleet(fleet.case(web_02='exit 3'), '--report', report, '--lock', lock)
    assert done.exit_code == 1
    assert 'web-02: exit 3' in report.read_text() and json.loads(report.read_text())['exit_code'] == 1
    assert 'db-01: case ' in report.read_text()  # what was done there
    running = fleet.start('echo up; sleep 600', '--lock', lock).wait_for('up')
    assert fleet('true', '--lock', lock).exit_code == 75
    running.signal(2)
    assert running.ended().exit_code == 130


def test_as_fleet_run(fleet, binary, tmp_path):
    link = tmp_path / 'fleet-run'
    link.symlink_to(binary)
    done = subprocess.run([link, 'echo hi', '--servers', fleet.sshd.servers, '--timeout', '30', '--workers', '10',
                           '--output', 'json', *fleet.login, *fleet.kept], capture_output=True, text=True,
                          env=fleet.toolkit.environment({}), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)['summary']['ok'] == 4
    assert subprocess.run([link, '--help'], capture_output=True, text=True).stdout.startswith('sre-toolkit fleet')


def test_verbose_says_why_it_is_the_program_ssh(fleet, tmp_path):
    config = tmp_path / 'ssh_config'
    config.write_text(f'Host web-01\n  ForwardAgent yes\nHost *\n  Include {fleet.sshd.ssh_config}\n')
    told = fleet.toolkit('fleet', 'true', '--hosts', 'web-01,web-02', '--ssh-config', config, '-v', *fleet.kept).stderr
    assert told.count('through the program ssh') == 1
    assert re.search(r'INFO +\] ssh: web-01: through the program ssh: ForwardAgent\n', told), told
    assert re.search(r'web-01: logged in after .* as \w+ \(openssh\)\n', told), told
    assert re.search(r'web-02: logged in after .* as \w+ \(native\)\n', told), told
    refused = fleet.toolkit('fleet', 'true', '--hosts', 'web-01', '--ssh-config', config, '--transport', 'native',
                            *fleet.kept)
    assert refused.exit_code == 1 and "'web-01' needs the program ssh: ForwardAgent" in refused.stdout, refused


def test_verbose_says_where_it_logs_in(fleet):
    quiet = fleet.on('web-01', 'true')
    assert 'logged in' not in quiet.stderr
    for transport in ('native', 'openssh'):
        told = fleet.on('web-01', 'true', '--verbose', '--transport', transport).stderr
        assert re.search(r'INFO +\] fleet: web-01: logged in after [0-9.]+ m?s: '
                         rf'{re.escape(fleet.sshd.address("web-01"))}:\d+ as \w+ \({transport}\)\n', told), told
