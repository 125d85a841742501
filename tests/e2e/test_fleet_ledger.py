"""What is kept of runs, and what can be done with it: last, show, retry, diff."""
import csv
import getpass
import io
import json
import os
import signal
import sqlite3

import pytest
from servers.base import wait_until

HOSTS = ['web-01', 'web-02', 'web-03', 'db-01']


def test_a_run_is_written_down(fleet):
    fleet(f'echo hello; {fleet.case(web_02="exit 3")}')
    done = fleet.verb('show')
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == 'run        1' and lines[1].startswith('command    echo hello; case')
    assert lines[2] == f'selection  --servers {fleet.sshd.servers}' and lines[4].endswith(', exit code 1')
    assert lines[5:] == ['✓ web-01', '✗ web-02: exit 3', '✓ web-03', '✓ db-01',
                         '3/4 servers responded successfully']
    assert '  hello\n' in fleet.verb('show', '1', '-v').stdout
    assert fleet.verb('show', '--only', 'failed').stdout.splitlines()[5:] == [
        '✗ web-02: exit 3', '1 of 4 servers ended so; 3/4 servers responded successfully']
    document = fleet.verb('show', '1', '--output', 'json').json
    assert (document['run'], document['exit_code'], document['summary']['exit']) == (1, 1, 1)
    assert [(item['name'], item['excerpt']) for item in document['results']] == [(host, 'hello\n') for host in HOSTS]


def test_last(fleet):
    assert fleet.verb('last').stdout == 'no run was written down yet\n'
    assert fleet.verb('show').exit_code == 2
    fleet('true')
    fleet('exit 2', '--output', 'json')
    lines = fleet.verb('last').stdout.splitlines()
    assert lines[0].split() == ['RUN', 'STARTED', 'BY', 'OK', 'ENDED', 'COMMAND']
    assert [(line.split()[0], line.split()[4:]) for line in lines[1:]] == [
        ('2', ['0/4', 'exit', '1', 'exit', '2']), ('1', ['4/4', 'exit', '0', 'true'])]
    assert len(fleet.verb('last', '--limit', '1').stdout.splitlines()) == 2
    assert [run['run'] for run in fleet.verb('last', '-o', 'json').json['runs']] == [2, 1]
    rows = list(csv.DictReader(io.StringIO(fleet.verb('last', '-o', 'csv').stdout)))
    assert [(row['run'], row['command'], row['exit_code']) for row in rows] == [('2', 'exit 2', '1'), ('1', 'true', '0')]


def test_retry_where_it_did_not_work(fleet, tmp_path):
    mended = tmp_path / 'mended'
    fleet(f'echo "$NAME $(pwd)"; {fleet.case(web_02=f"test -e {mended}")}', '--directory', '/usr', '--env', 'NAME=x',
          '--timeout', '60')
    mended.touch()
    done = fleet.verb('retry', '--env', 'NAME=y')
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ['web-02: y /usr', '✓ web-02', '1/1 servers responded successfully']
    assert done.stderr.splitlines()[0].startswith('again, as in run 1: echo')
    assert fleet.rows('SELECT id, selection FROM run ORDER BY id')[1] == (2, 'retry 1')
    again = fleet.verb('retry', '2')
    assert again.exit_code == 2 and 'run 2 ended well on all its servers (1): nothing was done' in again.stderr


def test_retry_only_some(fleet, tmp_path):
    config = tmp_path / 'ssh_config'
    config.write_text(f'Host gone\n  HostName 127.0.0.1\n  Port 1\nHost *\n  Include {fleet.sshd.ssh_config}\n')
    run = ['fleet', fleet.case(web_02='exit 3'), '--hosts', 'gone,web-01,web-02', '--ssh-config', config, *fleet.kept]
    assert fleet.toolkit(*run).exit_code == 1
    assert fleet.verb('retry', '--only', 'unreachable,timeout', '--list').stdout == 'gone\n'
    assert fleet.verb('retry', '1', '--only', 'exit', '--list').stdout == 'web-02\n'
    assert fleet.verb('retry', '--list').stdout == 'gone\nweb-02\n'
    done = fleet.verb('retry', '--only', 'unreachble')
    assert done.exit_code == 2 and '--only: ' in done.stderr


def test_retry_repeats_a_script_with_its_arguments(fleet, tmp_path):
    script = tmp_path / 'script'
    script.write_text(f'echo "$*"; cat; {fleet.case(web_03="exit 1")}')
    fleet('--script', 'script', '--stdin', '--', 'a', 'b c', stdin='first\n', cwd=tmp_path)
    done = fleet.verb('retry', '--quiet', stdin='second\n')
    assert done.stdout.splitlines()[:2] == ['web-03: a b c', 'web-03: second']
    script.write_text('echo other')
    done = fleet.verb('retry', '1')
    assert done.exit_code == 2 and 'is not the script any more that was run' in done.stderr


@pytest.mark.parametrize('how', ['found', 'variable', 'given'])
@pytest.mark.parametrize('what', ['fleet', 'copy'])
def test_retry_knows_the_configuration_of_the_run(fleet, tmp_path, what, how):
    """Typed elsewhere, where another configuration is found, it goes where the run went."""
    here, elsewhere = tmp_path / 'here', tmp_path / 'elsewhere'
    for folder, ssh_config in ((here, fleet.sshd.ssh_config), (elsewhere, '/dev/null')):
        folder.mkdir()
        (folder / 'sre-toolkit.yaml').write_text(f'ssh: {{config: {ssh_config}}}\nservers: {{groups: {{web: web-01}}}}\n')
        (folder / 'sre-toolkit.yaml').chmod(0o600)
    (here / 'file').write_text('x')
    line = ['fleet', 'exit 0', '--hosts', '@web'] if what == 'fleet' else ['copy', 'file', f'@web:{tmp_path}/copied']
    ways = {'found': {'cwd': here}, 'variable': {'env': {'SRE_TOOLKIT_CONFIG': here / 'sre-toolkit.yaml'}, 'cwd': here},
            'given': {'cwd': here}}
    given = ['--config', 'sre-toolkit.yaml'] if how == 'given' else []
    assert fleet.toolkit(*line, *given, *fleet.kept, **ways[how]).exit_code == 0
    retry = ['retry', '1', '--only', 'ok', '--connect-timeout', '5s']
    for env in ({}, {'SRE_TOOLKIT_CONFIG': elsewhere / 'sre-toolkit.yaml'}):
        again = fleet.verb(*retry, cwd=elsewhere, env=env)
        assert again.exit_code == 0, again
    again = fleet.verb('retry', '3', '--only', 'ok', cwd=elsewhere)
    assert again.exit_code == 0, again
    (here / 'sre-toolkit.yaml').rename(here / 'other.yaml')
    gone = fleet.verb(*retry, cwd=elsewhere)
    assert gone.exit_code == 2 and f"run 1: configuration '{here}/sre-toolkit.yaml': No such file" in gone.stderr, gone
    assert fleet.verb(*retry, '--config', '../here/other.yaml', cwd=elsewhere).exit_code == 0
    stored = json.loads(fleet.rows('SELECT options FROM run WHERE id = (SELECT max(id) FROM run)')[0][0])
    assert os.path.realpath(stored['config']) == str(here / 'other.yaml')


def test_retry_of_a_run_without_a_configuration_takes_none(fleet, tmp_path):
    fleet('exit 0', '--hosts', 'web-01')
    (tmp_path / 'sre-toolkit.yaml').write_text('ssh: {username: nobody-is-called-so}\n')
    (tmp_path / 'sre-toolkit.yaml').chmod(0o600)
    assert fleet.rows('SELECT json_extract(options, "$.config") FROM run') == [(None,)]
    assert fleet.verb('retry', '--only', 'ok', cwd=tmp_path).exit_code == 0


@pytest.mark.parametrize('what', ['fleet', 'copy'])
def test_a_retry_is_repeated_with_its_own_flags(fleet, tmp_path, what):
    (tmp_path / 'file').write_text('x')
    line = (['fleet', '--hosts', 'web-01', '--env', 'A=hunter1', '--', 'true'] if what == 'fleet'
            else ['copy', '--', 'file', f'web-01:{tmp_path}/copied'])
    more = ['--env', 'A=hunter2', '--env', 'B=hunter3'] if what == 'fleet' else []
    wrong = ['--username', 'nobody-is-called-so']
    assert fleet.toolkit(line[0], *fleet.login, *fleet.kept, *wrong, *line[1:], cwd=tmp_path).exit_code == 1
    assert fleet.verb('retry', *more, '--username', getpass.getuser(), '--timeout', '50', '--canary').exit_code == 0
    again = fleet.verb('retry', '2', '--only', 'ok', *more, '--no-canary')
    assert again.exit_code == 0, again
    assert fleet.verb('retry', '3', '--only', 'ok', *more).exit_code == 0
    for path in fleet.store.parent.glob('state.db*'):
        assert b'hunter' not in path.read_bytes()
    if what == 'fleet':
        done = fleet.verb('retry', '3', '--only', 'ok', *more[:2])
        assert done.exit_code == 2 and '--env B=VALUE again' in done.stderr, done


def test_values_of_variables_are_not_kept(fleet):
    fleet('exit 1', '--env', 'TOKEN=hunter2', '--env=OTHER=hunter3')
    for path in fleet.store.parent.glob('state.db*'):
        assert b'hunter' not in path.read_bytes()
    done = fleet.verb('retry')
    assert done.exit_code == 2 and '--env TOKEN=VALUE again' in done.stderr
    assert fleet.verb('retry', '--env', 'TOKEN=a', '--env', 'OTHER=b').exit_code == 1


def test_diff(fleet, tmp_path):
    version = tmp_path / 'version'
    version.write_text('1\n')
    command = f'echo version; cat {version}; {fleet.case(web_02=f"grep -q 1 {version}")}'
    fleet(command)
    fleet(command)
    same = fleet.verb('diff', '1', '2')
    assert (same.exit_code, same.stdout) == (0, '0 of 4 servers differ between run 1 and run 2\n')
    version.write_text('2\n')
    fleet(command, '--hosts', 'web-01,web-02')
    done = fleet.verb('diff', '1', '3')
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        'web-01: other output', '    - 1', '    + 2', 'web-02: ok, then exit 1', '    - 1', '    + 2',
        'web-03: only in run 1', 'db-01: only in run 1', '4 of 4 servers differ between run 1 and run 3']
    document = fleet.verb('diff', '1', '3', '--output', 'json').json
    assert [item['name'] for item in document['differences']] == HOSTS and document['same'] == 0


def test_verbs_know_their_flags(fleet):
    for args, words in [(['last', '--hosts', 'web-01'], "to run the program last on servers write 'exec last'"),
                        (['diff', '1'], 'write sre-toolkit fleet diff ID1 ID2'),
                        (['show', '1', '2'], "one argument too many: '2'"),
                        (['show', 'x'], "'x' is no run's number"),
                        (['last', '-o', 'junit'], "'junit' is not one of text, json, csv (see sre-toolkit fleet last --help)"),
                        (['retry', '--directory', '/'], '--directory does not go with retry')]:
        done = fleet.verb(*args)
        assert (done.exit_code, done.stdout) == (2, ''), done
        assert words in done.stderr


def test_a_store_that_cannot_be_written_stops_nothing(fleet, tmp_path):
    done = fleet.toolkit('fleet', 'echo hi', *fleet.all, *fleet.login, '--store', tmp_path, '--output', 'json')
    assert done.exit_code == 0 and done.json['run'] is None
    assert done.stderr.count('is not written down') == 1


def test_it_is_told_also_with_quiet_that_nothing_is_written_down(fleet):
    fleet('exit 1')
    with sqlite3.connect(fleet.store, isolation_level=None) as database:
        database.execute('BEGIN IMMEDIATE')
        done = fleet('echo hi', '--quiet')
        database.execute('ROLLBACK')
    assert done.exit_code == 0 and len(done.stderr.splitlines()) == 1, done
    assert 'is locked' in done.stderr and 'the run goes on, and is not written down' in done.stderr, done
    assert fleet.rows('SELECT command FROM run') == [('exit 1',)]


def test_what_a_killed_client_began_is_lost_not_undone(fleet):
    running = fleet.start(f"echo up; {fleet.case(web_01='exit 0', web_02='sleep 600')}", '--workers', '2')
    running.wait_for('web-02: up').wait_for('db-01: up')

    def is_written():
        with sqlite3.connect(fleet.store) as database:
            return database.execute('SELECT count(*) FROM run_host WHERE outcome != 5').fetchone()[0] == 4
    wait_until(is_written, 60, 'the ledger')
    running.signal(signal.SIGKILL)
    assert running.ended().exit_code == -signal.SIGKILL
    results = {item['name']: item for item in fleet.verb('show', '-o', 'json').json['results']}
    assert (results['web-01']['outcome'], results['web-02']['code']) == ('ok', 'connection_lost')
    assert fleet.verb('retry', '--only', 'not-started', '--list').exit_code == 2
    assert 'web-02' in fleet.verb('retry', '--only', 'unreachable', '--list').stdout
    assert json.loads(fleet.rows('SELECT options FROM run')[0][0])['arguments'][0] == 'fleet'
