"""Alerts given to a program: what it gets, what its exit status means, and what goes with it when its time is over."""
import json
import pathlib

import pytest
from servers.base import wait_until

# Keeps what it got in the folder it runs in, and ends as the file `ends` says.
PROGRAM = '''#!/bin/sh
n=$(ls | grep -c '^body')
cat >"body$n.json"
env | sort >"env$n"
printf '%s\\n' "$@" >"args$n"
. ./ends
'''


@pytest.fixture
def program(tmp_path):
    """A folder with the program in it; program.ends: the shell commands that it ends with."""
    folder = tmp_path / 'program folder'
    folder.mkdir()
    (folder / 'run').write_text(PROGRAM)
    (folder / 'run').chmod(0o755)
    (folder / 'ends').write_text('exit 0\n')
    return folder


@pytest.fixture
def desk(alerts, program):
    def configure(**keys):
        alerts.configure({'name': 'prog', 'exec': [str(program / 'run'), '--loud', '$(id) "x y"'], 'cwd': str(program),
                          'env': {'TOKEN': 'secretsecret'}, 'inherit_env': ['HANDED_ON'], **keys})
        return alerts
    alerts.with_keys = configure
    return configure()


def bodies(program):
    return [json.loads((program / f'body{i}.json').read_text()) for i in range(len(list(program.glob('body*'))))]


def runs(pid):
    """Whether it does; who is dead and was not buried does not."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(program, text):
    (program / 'ends').write_text(text + '\n')


def test_what_it_gets(desk, program):
    evil = '$(touch evil) `touch evil`; "\' x'
    sent = desk.send(evil, '-m', 'two\nlines', '-f', 'mount=/var', '-l', 'team=db',
                     env={'HANDED_ON': 'yes', 'KEPT_BACK': 'no', 'PATH': '/usr/bin:/bin'})
    assert (sent.exit_code, sent.states) == (0, {'prog': 'delivered'})
    desk.resolve(evil)
    fired, over = bodies(program)
    assert [(body['purpose'], body['severity'], body['receiver']) for body in (fired, over)] == [
        ('trigger', 'critical', 'prog'), ('resolve', 'critical', 'prog')]
    alert = fired['alerts'][0]
    assert (alert['title'], alert['message'], alert['fields'], alert['labels']) == (evil, 'two\nlines', {'mount': '/var'}, {'team': 'db'})
    assert (program / 'args0').read_text().splitlines() == ['--loud', '$(id) "x y"']
    env = dict(line.split('=', 1) for line in (program / 'env0').read_text().splitlines())
    assert env.items() >= {'SRE_RECEIVER': 'prog', 'SRE_PURPOSE': 'trigger', 'SRE_SEVERITY': 'critical', 'SRE_ATTEMPT': '1',
                           'SRE_TITLE': f'[CRITICAL] {evil} (db-01)', 'SRE_STATUS': 'firing', 'SRE_SOURCE': 'db-01',
                           'SRE_ALERT_ID': '1', 'SRE_ALERTS': '1', 'SRE_KEY': fired['key'], 'TOKEN': 'secretsecret',
                           'HANDED_ON': 'yes', 'LANG': 'C.UTF-8'}.items()
    assert 'KEPT_BACK' not in env and not list(program.parent.rglob('evil'))


@pytest.mark.parametrize('status', [64, 65, 67, 77, 78])
def test_some_statuses_are_final(desk, program, status):
    ends(program, f'echo "it says $TOKEN"; exit {status}')
    sent = desk.send('a')
    # What one program rejects is given up; what waits for a program that works is not.
    assert (sent.exit_code, sent.states) == (1, {'prog': 'failed' if status == 65 else 'retrying'})
    assert sent.by_receiver['prog']['fault'] == ('rejected' if status == 65 else 'misconfigured')
    assert sent.by_receiver['prog']['code'] == status
    assert "receiver 'prog' is dead" in sent.result.stderr
    # What it prints is kept, but for its secrets.
    said = desk.why()[0] + sent.result.stdout + sent.result.stderr
    assert 'it says' in said and 'secretsecret' not in said and b'secretsecret' not in desk.store.read_bytes()


@pytest.mark.parametrize('how', ['exit 75', 'exit 1', 'kill -9 $$', 'sleep 60 & echo $! >sleeper; wait'])
def test_others_are_tried_again(desk, program, how):
    ends(program, how)
    if 'sleep' in how:
        desk.with_keys(timeout='3s')
    desk.send('a', '--queue')
    desk.flush()
    ends(program, 'exit 0')
    desk.with_keys()
    desk.pass_time(60)
    assert desk.flush()['waiting'] == 0
    first, last = bodies(program)[0], bodies(program)[-1]
    assert first['key'] == last['key'] and desk.why()[1]['prog']['state'] == 'delivered'
    if (program / 'sleeper').exists():
        # Nothing that it started outlives it; who is killed needs a moment to be gone.
        sleeper = int((program / 'sleeper').read_text())
        wait_until(lambda: not runs(sleeper), 30, 'the end of what it started')


def test_a_program_that_reads_nothing(desk, program):
    (program / 'run').write_text('#!/bin/sh\nexit 0\n')
    assert desk('--events', '-', stdin=json.dumps({'title': 'a', 'source': 'a', 'message': 'x' * 60_000})).exit_code == 0
    assert desk.why()[1]['prog']['state'] == 'delivered'


def test_a_program_that_says_a_lot(desk, program):
    ends(program, 'head -c 3000000 /dev/zero | tr "\\0" x; exit 0')
    assert desk.send('a').states == {'prog': 'delivered'}


def test_a_program_that_is_not_there(alerts, tmp_path):
    alerts.configure({'name': 'prog', 'exec': [str(tmp_path / 'nothing')]})
    sent = alerts.send('a')
    assert (sent.exit_code, sent.states) == (1, {'prog': 'retrying'})
    assert sent.by_receiver['prog']['fault'] == 'misconfigured' and 'nothing' in sent.by_receiver['prog']['text']


def test_a_dry_run_runs_nothing(desk, program):
    shown = desk('-m', 'a', '--source', 'b', '--dry-run')
    assert shown.exit_code == 0 and bodies(program) == []
    assert 'EXEC ' in shown.stdout and '"purpose": "trigger"' in shown.stdout and 'secretsecret' not in shown.stdout
