"""What every subcommand has in common: help, flags, log, lock, report, deadline, signals, watching; and which checks
`check` chooses."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
from datetime import datetime

import pytest
from servers.base import START_SECONDS, wait_until

COMMANDS = ('check', 'config')


def target(echo, name, host='127.0.0.1'):
    return f'tcp://{host}:{echo.ports[name]}'


def write_config(toolkit, *checks, **more):
    return toolkit.config(json.dumps({**more, 'checks': list(checks)}))


def slow(echo, name, **more):
    """Waits for an answer; once the server has heard from it, it certainly does."""
    return {'name': name, 'tcp': f'127.0.0.1:{echo.ports["silent"]}', 'send': 'x', 'expect': 'x', 'timeout': '10m', **more}


def quick(echo, name, **more):
    return {'name': name, 'tcp': f'127.0.0.1:{echo.ports["echo"]}', **more}


def children(pid):
    """The processes below it that are alive."""
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / 'stat').read_text().rpartition(')')[2].split()
            except OSError:
                continue
            if int(stat[1]) == pid and stat[0] != 'Z':
                found.append(int(entry.name))
    return found


def has_taken_signals(pid):
    """Whether no signal waits for it any more."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    return not any(int(bits, 16) for bits in re.findall(r'^(?:Sig|Shd)Pnd:\s*([0-9a-f]+)$', status, re.MULTILINE))


# --- help -----------------------------------------------------------------------------------------

def test_help(toolkit):
    for args in (['--help'], ['-h'], ['help']):
        done = toolkit(*args)
        assert (done.exit_code, done.stderr) == (0, '')
        for command in COMMANDS:
            assert re.search(rf'^  {command} +\w', done.stdout, re.M)
        assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize('command', COMMANDS)
def test_help_of_a_command(toolkit, command):
    done = toolkit(command, '--help')
    assert (done.exit_code, done.stderr) == (0, '')
    assert toolkit('help', command).stdout == done.stdout
    assert toolkit(command, '-h').stdout == done.stdout
    assert done.stdout.startswith(f'sre-toolkit {command}: ')
    for flag in ('config', 'output', 'output-file', 'deadline', 'lock', 'report', 'verbose', 'quiet', 'log-file',
                 'log-format', 'color', 'help', 'version'):
        assert re.search(rf'^  (-\w, |    )--{flag}\b', done.stdout, re.M), flag
    too_long = [line for line in done.stdout.splitlines() if len(line) > 80 and not line.startswith('  sre-toolkit ')]
    assert too_long == []


def test_help_goes_before_everything_else(toolkit):
    """Nothing is locked, logged or checked."""
    done = toolkit('check', 'local:', '--lock', '/no/such/lock', '--log-file', '/no/such/log', '--help')
    assert (done.exit_code, done.stderr) == (0, '')
    assert done.stdout.startswith('sre-toolkit check: ')


def test_version(toolkit):
    texts = {toolkit(*args).stdout for args in (['--version'], ['version'], ['check', '--version'])}
    assert len(texts) == 1
    assert re.fullmatch(r'sre-toolkit \d+\.\d+\.\d+\n', texts.pop())


def test_no_command(toolkit):
    done = toolkit()
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr == toolkit('--help').stdout


# --- what is unknown ------------------------------------------------------------------------------

@pytest.mark.parametrize('args, message', [
    (['chek'], "sre-toolkit: unknown command 'chek'; did you mean 'check'?"),
    (['xyzzy'], "sre-toolkit: unknown command 'xyzzy' (sre-toolkit --help lists them)"),
    (['help', 'cofnig'], "sre-toolkit: unknown command 'cofnig'; did you mean 'config'?"),
    (['--quiet', 'check'], "sre-toolkit: flag '--quiet' before the command; write sre-toolkit COMMAND [FLAGS] (see --help)"),
    (['config', 'chek'], "sre-toolkit config: unknown verb 'chek'; did you mean 'check'?"),
    (['config'], 'sre-toolkit config: write sre-toolkit config check, show or schema'),
    (['config', 'check', 'show'], 'sre-toolkit config: write sre-toolkit config check, show or schema'),
    (['check', '--timeot', '3'], "sre-toolkit check: unknown option '--timeot'; did you mean '--timeout'? (see sre-toolkit check --help)"),
    (['check', '--xyzzy'], "sre-toolkit check: unknown option '--xyzzy' (see sre-toolkit check --help)"),
    (['check', '-z'], "sre-toolkit check: unknown option '-z' (see sre-toolkit check --help)"),
    (['check', '--timeout'], "sre-toolkit check: option '--timeout' needs a value (DURATION) (see sre-toolkit check --help)"),
    (['check', '--output', 'jsn'], "sre-toolkit check: option '--output': 'jsn' is not one of text, csv, json, jsonl, junit, nagios, "
                                   "prometheus; did you mean 'json'? (see sre-toolkit check --help)"),
    (['check', '--color', 'sometimes'], "sre-toolkit check: option '--color': 'sometimes' is not one of auto, always, never "
                                        '(see sre-toolkit check --help)'),
    (['check', '--attempts', '0'], "sre-toolkit check: option '--attempts': number '0': must be from 1 to 100 "
                                   '(see sre-toolkit check --help)'),
    (['check', '--workers', '1e3'], "sre-toolkit check: option '--workers': number '1e3': not a whole number "
                                    '(see sre-toolkit check --help)'),
    (['fleet', 'last', '--stroe', 'x'], "sre-toolkit fleet: unknown option '--stroe'; did you mean '--store'? (see sre-toolkit fleet last --help)"),
    (['fleet', 'last', '-o', 'junit'], "sre-toolkit fleet: option '-o': 'junit' is not one of text, json, csv (see sre-toolkit fleet last --help)"),
    (['fleet', '-o', 'junit', 'last'], "sre-toolkit fleet: option '-o': 'junit' is not one of text, json, csv (see sre-toolkit fleet last --help)"),
    (['fleet', 'show', '--output=xml'],
     "sre-toolkit fleet: option '--output': 'xml' is not one of text, json (see sre-toolkit fleet show --help)"),
    (['alert', 'why', '3', '-o', 'csv'], "sre-toolkit alert: option '-o': 'csv' is not one of text, json (see sre-toolkit alert why --help)"),
    (['alert', '-m', 'x', '-o', 'csv'], "sre-toolkit alert: option '-o': 'csv' is not one of text, json (see sre-toolkit alert --help)"),
    (['check', 'web-[01-03]!web-99'],
     "sre-toolkit check: '!web-99' leaves out nothing: no server of the selection is that; these are in it: web-[01-03]"),
    (['check', 'tcp://web-[01-03]!web-99:22'], "sre-toolkit check: 'tcp://web-[01-03]!web-99:22': '!web-99' leaves out nothing: "
                                               'no server of the selection is that; these are in it: web-[01-03]'),
    (['fleet', 'true', '--hosts', 'web-[01-03]!web-99'],
     "sre-toolkit fleet: --hosts: '!web-99' leaves out nothing: no server of the selection is that; these are in it: web-[01-03]"),
    (['check', 'htps://a/'], "sre-toolkit check: unknown scheme 'htps:' in 'htps://a/'; did you mean 'https:'?"),
    (['check', 'gopher://a/'], "sre-toolkit check: unknown scheme 'gopher:' in 'gopher://a/'; known are exec, local, ssh, http, https, tcp"),
    (['check', 'tcp://a:80', '--set', 'expct=x'], "sre-toolkit check: --set: kind 'tcp': no setting 'expct'; did you mean 'expect'?"),
    (['check', 'tcp://a:80', '--set', 'expect'], "sre-toolkit check: 'tcp://a:80': setting 'expect' has no value; write expect=VALUE"),
    (['check', 'tcp://a:80', '--warning', 'total_second=1'],
     "sre-toolkit check: --warning: kind 'tcp' measures no 'total_second'; did you mean 'total_seconds'?"),
    (['check', 'tcp://a:80', '--critical', 'total_seconds'],
     "sre-toolkit check: option '--critical': 'total_seconds' is not KEY=VALUE (see sre-toolkit check --help)"),
    (['check', 'localhost:80'], "sre-toolkit check: 'localhost:80' has no scheme; write ssh://localhost:80, tcp://localhost:80 or http://localhost:80"),
])
def test_wrong_usage(toolkit, args, message):
    done = toolkit(*args)
    assert (done.exit_code, done.stdout, done.stderr) == (2, '', f'{message}\n')


# --- which checks ---------------------------------------------------------------------------------

@pytest.fixture
def five(toolkit, echo):
    """Five configured checks; chosen(*flags) -> the names of those that ran."""
    write_config(toolkit, quick(echo, 'web-1', tags=['web', 'public']), quick(echo, 'web-2', tags=['web']), quick(echo, 'db-1', tags=['db']),
                 quick(echo, 'db-2', tags=['db', 'replica']), quick(echo, 'alone'))

    def chosen(*flags):
        done = toolkit('check', '--output', 'json', *flags)
        assert (done.exit_code, done.stderr) == (0, '')
        return [result['name'] for result in done.json['results']]
    return chosen


@pytest.mark.parametrize('flags, names', [
    ([], ['web-1', 'web-2', 'db-1', 'db-2', 'alone']),
    (['--name', 'web-1'], ['web-1']),
    (['--name', 'web-*'], ['web-1', 'web-2']),
    (['--name', '?b-1', '--name', 'al*'], ['db-1', 'alone']),
    (['--name=*-[12]'], ['web-1', 'web-2', 'db-1', 'db-2']),
    (['--tag', 'db'], ['db-1', 'db-2']),
    (['--tag', 'public', '--tag', 'replica'], ['web-1', 'db-2']),
    (['--tag', 'd*'], ['db-1', 'db-2']),
    (['--tag', 'web', '--name', '*-2'], ['web-2']),
    (['db-1', 'web-2'], ['db-1', 'web-2']),
    (['db-1', 'db-1'], ['db-1']),
    (['--', 'alone'], ['alone']),
])
def test_selection(five, flags, names):
    assert five(*flags) == names


def test_configured_checks_beside_targets(toolkit, echo, five):
    done = toolkit('check', 'alone', target(echo, 'banner'), '--output', 'json')
    assert [result['name'] for result in done.json['results']] == ['alone', target(echo, 'banner')]


@pytest.mark.parametrize('flags, message', [
    (['--name', 'none'], 'the selection matches none of the 5 configured checks'),
    (['--tag', 'web', '--name', 'db-*'], 'the selection matches none of the 5 configured checks'),
    (['web-1', '--tag', 'db'], "check 'web-1' is asked for and left out: it does not match --name and --tag"),
    (['@web'], "node set '@web': column 1: unknown group 'web'; no groups are defined"),
])
def test_a_selection_of_nothing(toolkit, five, flags, message):
    done = toolkit('check', *flags)
    assert (done.exit_code, done.stdout, done.stderr) == (2, '', f'sre-toolkit check: {message}\n')


def test_nothing_to_check(toolkit):
    done = toolkit('check')
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr == ('sre-toolkit check: nothing to check: give a target (a server, https://..., tcp://host:port, local:) or a '
                           'configuration with checks\n')


def test_the_same_target_twice(toolkit, echo):
    again = target(echo, 'echo')
    done = toolkit('check', again, again, '--output', 'json')
    assert (done.exit_code, done.stderr, done.json['summary']['total']) == (0, '', 1)
    told = toolkit('check', again, again, '-v')
    assert re.fullmatch(rf"\S+ \S+ \[INFO    \] check: '{again}' was given twice; it is checked once\n", told.stderr)


# --- how they are checked -------------------------------------------------------------------------

def test_timeout_goes_before_the_checks_own(toolkit, echo):
    write_config(toolkit, slow(echo, 'slow'), slow(echo, 'fast', timeout='200ms'))
    done = toolkit('check', '--timeout', '0.3', '--output', 'json')
    assert done.exit_code == 1
    for result in done.json['results']:
        assert result['message'].startswith('timed out after 300ms while ')
        assert 0.3 <= result['duration_seconds'] < 30


def test_attempts(toolkit, echo):
    """A plugin that fails twice, then is well."""
    counter = toolkit.home / 'counter'
    script = f'echo x >>{counter}; test $(wc -l <{counter}) -gt 2 && echo fine || {{ echo no; exit 2; }}'
    write_config(toolkit, {'name': 'flaky', 'exec': ['/bin/sh', '-c', script], 'timeout': '20s', 'attempts': 2})
    done = toolkit('check', '--attempts', '5', '--attempt-pause', '50ms', '--output', 'json')
    result, = done.json['results']
    assert (done.exit_code, result['state'], result['attempts']) == (0, 'ok', 3)
    assert done.json['duration_seconds'] >= 0.1
    counter.unlink()
    done = toolkit('check', '--attempt-pause', '10ms', '--output', 'json')
    result, = done.json['results']
    assert (done.exit_code, result['state'], result['attempts']) == (1, 'critical', 2)
    counter.unlink()
    assert toolkit('check', '--attempt-pause', '10ms').stdout == '✗  flaky  critical  no (attempt 2)\n'


def test_no_more_attempts_than_needed(toolkit, echo):
    warned = {'name': 'warned', 'exec': ['/bin/sh', '-c', 'echo hm; exit 1'], 'timeout': '20s'}
    write_config(toolkit, quick(echo, 'well'), warned)
    done = toolkit('check', '--attempts', '5', '--attempt-pause', '10s', '--output', 'json')
    assert [result['attempts'] for result in done.json['results']] == [1, 1]


def test_workers(toolkit):
    """With one worker, one after the other, in order."""
    trail = toolkit.home / 'trail'
    checks = [{'name': f'n{i}', 'exec': ['/bin/sh', '-c', f'echo b{i} >>{trail}; sleep 0.05; echo e{i} >>{trail}']} for i in range(3)]
    write_config(toolkit, *checks)
    assert toolkit('check', '--workers', '1').exit_code == 0
    assert trail.read_text().split() == ['b0', 'e0', 'b1', 'e1', 'b2', 'e2']


def test_settings(toolkit, echo):
    settings = ['--set', 'expect=^220', '--set', 'tags=a', '--set', 'tags=b', '--set', 'labels.team=web', '--set', 'name=renamed']
    done = toolkit('check', target(echo, 'banner'), *settings, '--output', 'json')
    result, = done.json['results']
    assert (done.exit_code, result['name'], result['tags'], result['labels']) == (0, 'renamed', ['a', 'b'], {'team': 'web'})


@pytest.mark.parametrize('flags, state, exit_code', [
    (['--warning', 'total_seconds=0'], 'warning', 0),
    (['--critical', 'total_seconds=0'], 'critical', 1),
    (['--warning', 'total_seconds=0', '--critical', 'total_seconds=0'], 'critical', 1),
    (['--warning', 'total_seconds=1h', '--critical', 'total_seconds=2h'], 'ok', 0),
    (['--warning', 'total_seconds=< 1h'], 'warning', 0),
    (['--warning', 'total_seconds=0', '--fail-on', 'warning'], 'warning', 1),
])
def test_thresholds(toolkit, echo, flags, state, exit_code):
    done = toolkit('check', target(echo, 'echo'), *flags, '--output', 'json')
    result, = done.json['results']
    assert (done.exit_code, result['state'], result['healthy']) == (exit_code, state, exit_code == 0)
    assert result['code'] == ('ok' if state == 'ok' else 'threshold_exceeded')


# --- what is said ---------------------------------------------------------------------------------

def test_quiet_and_verbose(toolkit, echo):
    """stdout is data, stderr is talk."""
    again = [target(echo, 'refused')] * 2
    quiet, normal, verbose = (toolkit('check', *again, *flags) for flags in (['-q'], [], ['--verbose']))
    assert (quiet.stdout, quiet.stderr) == (normal.stdout, normal.stderr)
    assert normal.stderr == ''
    assert verbose.stdout.startswith(normal.stdout) and 'command: nc' in verbose.stdout
    assert '[INFO    ] check: ' in verbose.stderr
    assert toolkit('check', 'nope:', '--quiet').stderr.startswith("sre-toolkit check: unknown scheme 'nope:'")


LOG_LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[INFO    \] check: '.*' was given twice; it is checked once\n"
RESULT_LINE = LOG_LINE.replace("'.*' was given twice; it is checked once", 'tcp://.* is ok: connected to .*')


def test_log_file(toolkit, echo):
    again, log = [target(echo, 'echo')] * 2, toolkit.home / 'log'
    for lines in (1, 2):  # it is appended to
        done = toolkit('check', *again, '-v', '--log-file', log)
        assert (done.exit_code, done.stderr) == (0, '')
        assert re.fullmatch((LOG_LINE + RESULT_LINE) * lines, log.read_text())
    done = toolkit('check', 'nope:', '--log-file', log)
    assert done.exit_code == 2
    assert log.read_text().endswith(done.stderr) and '[ERROR   ] check: unknown scheme' in done.stderr
    assert log.stat().st_mode & 0o007 == 0


def test_log_format_json(toolkit, echo):
    again, log = [target(echo, 'echo')] * 2, toolkit.home / 'log'
    toolkit('check', *again, '-v', '--log-file', log, '--log-format', 'json')
    line, result = map(json.loads, log.read_text().splitlines())
    assert result['message'].startswith(f'{again[0]} is ok: connected to ')
    assert datetime.fromisoformat(line.pop('time'))
    assert line == {'level': 'info', 'component': 'check', 'message': f"'{again[0]}' was given twice; it is checked once"}
    wrong = toolkit('check', 'nope:', '--log-format', 'json')
    assert wrong.exit_code == 2
    assert json.loads(wrong.stderr)['level'] == 'error'


@pytest.mark.parametrize('flag, path, message', [
    ('--log-file', 'no/log', "--log-file: cannot open log file '{}': No such file or directory"),
    ('--log-file', '.', "--log-file: cannot open log file '{}': Is a directory"),
    ('--output-file', 'no/out', "--output-file: cannot write '{}': No such file or directory"),
    ('--output-file', '.', "--output-file: cannot write '{}': it is a directory"),
    ('--report', 'no/report', "--report: cannot write '{}': No such file or directory"),
    ('--report', '.', "--report: cannot write '{}': it is a directory"),
    ('--lock', 'no/lock', "cannot lock '{}': No such file or directory"),
    ('--lock', '.', "cannot lock '{}': Is a directory"),
])
def test_files_that_cannot_be(toolkit, echo, flag, path, message):
    """Told before the work."""
    echo.forget()
    path = toolkit.home / path
    done = toolkit('check', target(echo, 'silent'), '--set', 'expect=x', flag, path)
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr == f'sre-toolkit check: {message.format(path)}\n'
    assert echo.log() == ''


# --- the lock -------------------------------------------------------------------------------------

def test_lock(toolkit, echo):
    lock = toolkit.home / 'lock'
    echo.forget()
    first = toolkit.start('check', target(echo, 'silent'), '--set', 'expect=x', '--timeout', '60', '--lock', lock)
    echo.wait_for_log('silent')
    second = toolkit('check', target(echo, 'echo'), '--lock', lock)
    assert (second.exit_code, second.stdout) == (75, '')
    host = os.uname().nodename
    assert re.fullmatch(rf"sre-toolkit check: lock '{lock}' is held by pid {first.pid} on {re.escape(host)}: check, for [0-9.]+ ?m?s\n",
                        second.stderr)
    as_json = toolkit('check', target(echo, 'echo'), '--lock', lock, '--log-format', 'json')
    assert as_json.exit_code == 75 and f'pid {first.pid}' in json.loads(as_json.stderr)['message']
    assert toolkit('check', target(echo, 'echo'), '--lock', toolkit.home / 'another').exit_code == 0
    assert first.signal(signal.SIGKILL).process.wait() == -signal.SIGKILL
    assert toolkit('check', target(echo, 'echo'), '--lock', lock).exit_code == 0  # a dead owner's lock is free
    assert toolkit('check', target(echo, 'echo'), '--lock', lock).exit_code == 0


def test_lock_spares_other_files(toolkit, echo):
    precious = toolkit.home / 'precious'
    precious.write_text('not a lock\n')
    done = toolkit('check', target(echo, 'echo'), '--lock', precious)
    assert done.exit_code == 2 and str(precious) in done.stderr
    assert precious.read_text() == 'not a lock\n'


# --- the run report -------------------------------------------------------------------------------

def report_of(toolkit, *args, exit_code):
    path = toolkit.home / 'report.json'
    done = toolkit(*args, '--report', path)
    assert done.exit_code == exit_code
    report = json.loads(path.read_text())
    assert list(report) == ['schema', 'name', 'started', 'duration_seconds', 'success', 'exit_code', 'counts', 'actions', 'warnings',
                            'errors', 'omitted']
    assert (report['schema'], report['name']) == (1, args[0])
    assert (report['exit_code'], report['success']) == (exit_code, exit_code == 0)
    assert report['counts'] == {key: len(report[key]) for key in ('actions', 'warnings', 'errors')}
    assert report['omitted'] == {'actions': 0, 'warnings': 0, 'errors': 0}
    assert 0 <= report['duration_seconds'] <= done.seconds
    assert datetime.fromisoformat(report['started'])
    return report


def test_report(toolkit, echo):
    write_config(toolkit, quick(echo, 'well'), quick(echo, 'late', warning={'total_seconds': 0}),
                 {'name': 'gone', 'tcp': f'127.0.0.1:{echo.ports["refused"]}'})
    report = report_of(toolkit, 'check', exit_code=1)
    assert report['errors'] == [f'gone: connection refused by 127.0.0.1:{echo.ports["refused"]}']
    assert len(report['warnings']) == 1 and report['warnings'][0].startswith('late: total_seconds ')
    assert report_of(toolkit, 'check', 'well', exit_code=0)['errors'] == []
    assert report_of(toolkit, 'config', 'check', exit_code=0)['errors'] == []


def test_report_of_what_could_not_begin(toolkit):
    report = report_of(toolkit, 'check', 'local', exit_code=2)
    assert report['errors'] == ["check: no check is called 'local'; this machine's health is 'local:'"]
    toolkit.config('checks:\n  - {tcp: a}\n  - {nope: b}\n')
    report = report_of(toolkit, 'check', exit_code=2)
    assert report['errors'] == ["sre-toolkit.yaml:2:5: checks[0]: no port in 'tcp://a'",
                                "sre-toolkit.yaml:3:5: checks[1] has no kind; it needs one of the keys 'exec', 'host', 'http', 'tcp'",
                                "sre-toolkit.yaml:3:6: unknown key 'nope' in checks[1]"]


# --- the deadline ---------------------------------------------------------------------------------

def test_deadline(toolkit, echo):
    write_config(toolkit, quick(echo, 'quick'), slow(echo, 'running-1'), slow(echo, 'running-2'), slow(echo, 'waiting'))
    report = toolkit.home / 'report'
    done = toolkit('check', '--deadline', '3s', '--workers', '2', '--output', 'json', '--report', report)
    assert (done.exit_code, done.stderr) == (124, '')
    assert 3 <= done.json['duration_seconds'] < 30
    states = {result['name']: (result['state'], result['code']) for result in done.json['results']}
    assert states == {'quick': ('ok', 'ok'), 'running-1': ('unknown', 'cancelled'), 'running-2': ('unknown', 'cancelled'),
                      'waiting': ('unknown', 'not_started')}
    running, waiting = done.json['results'][1], done.json['results'][3]
    port = echo.ports['silent']
    assert running['message'] == f"the deadline of the run passed while waiting in step 2 for 'x' from 127.0.0.1:{port}"
    assert running['evidence']['address'] == f'127.0.0.1:{port}'
    assert (waiting['message'], waiting['attempts']) == ('not started: the deadline of the run passed', 0)
    assert json.loads(report.read_text())['exit_code'] == 124


def test_a_deadline_that_is_not_reached(toolkit, echo):
    done = toolkit('check', target(echo, 'echo'), '--deadline', '1m')
    assert done.exit_code == 0 and done.seconds < 50


def test_deadline_between_attempts(toolkit, echo):
    """What the last attempt said is the result."""
    done = toolkit('check', target(echo, 'refused'), '--attempts', '3', '--attempt-pause', '1m', '--deadline', '3s', '--output', 'json')
    result, = done.json['results']
    assert (done.exit_code, result['state'], result['code'], result['attempts']) == (124, 'critical', 'connection_refused', 1)


# --- signals --------------------------------------------------------------------------------------

@pytest.fixture
def many(toolkit, echo):
    """Ten quick checks, thirty that hang on the network and three plugins that hang, with children of their own."""
    script = 'trap "" INT TERM; sleep 600 & sleep 600'
    write_config(toolkit, *(quick(echo, f'quick-{i}') for i in range(10)), *(slow(echo, f'slow-{i}') for i in range(30)),
                 *({'name': f'plugin-{i}', 'exec': ['/bin/sh', '-c', script], 'timeout': '10m'} for i in range(3)))
    echo.forget()
    return toolkit


def families_gone(pids):
    return not any(os.path.exists(f'/proc/{pid}') for pid in pids)


@pytest.mark.parametrize('number, exit_code, word', [
    (signal.SIGINT, 130, 'interrupted'), (signal.SIGTERM, 143, 'terminated'), (signal.SIGHUP, 143, 'terminated')])
def test_a_signal(many, echo, number, exit_code, word):
    running = many.start('check', '--output', 'json')
    wait_until(lambda: echo.log().count('heard') == 30, START_SECONDS, 'thirty connections')
    wait_until(lambda: len(children(running.pid)) == 3, START_SECONDS, 'three plugins')
    plugins = children(running.pid)
    wait_until(lambda: all(children(plugin) for plugin in plugins), START_SECONDS, 'their children')
    family = plugins + [pid for plugin in plugins for pid in children(plugin)]
    began = time.monotonic()
    done = running.signal(number).ended()
    assert time.monotonic() - began < 40  # they would last ten minutes
    assert (done.exit_code, done.stderr) == (exit_code, '')
    results = {result['name']: result for result in done.json['results']}
    assert len(results) == 43
    assert all(results[f'quick-{i}']['state'] == 'ok' for i in range(10))
    port = echo.ports['silent']
    for i in range(30):
        assert results[f'slow-{i}']['code'] == 'cancelled'
        assert results[f'slow-{i}']['message'] == f"{word} while waiting in step 2 for 'x' from 127.0.0.1:{port}"
    assert {results[f'plugin-{i}']['message'] for i in range(3)} == {f"{word} while running '/bin/sh'"}
    wait_until(lambda: families_gone(family), START_SECONDS, 'the plugins and their children to be gone')


@pytest.mark.parametrize('connections', [None, 0, 1, 3, 10, 20, 29])
def test_ctrl_c_at_any_moment(many, echo, connections):
    """Before there is anything to stop it may be killed by it; from then on it says what was measured."""
    running = many.start('check', '--output', 'json')
    if connections is not None:
        wait_until(lambda: echo.log().count('heard') > connections, START_SECONDS, f'more than {connections} connections')
        wait_until(lambda: children(running.pid) != [], START_SECONDS, 'a plugin')
    plugins = children(running.pid)
    done = running.signal(signal.SIGINT).ended()
    if connections is None and done.exit_code == -signal.SIGINT:
        assert done.stdout == ''
        return
    assert (done.exit_code, done.stderr) == (130, '')
    assert done.json['summary']['total'] == len(done.json['results']) == 43
    assert {result['state'] for result in done.json['results']} <= {'ok', 'unknown'}
    wait_until(lambda: families_gone(plugins), START_SECONDS, 'the plugins to be gone')


@pytest.fixture
def full_pipe():
    """Nobody reads it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b'x' * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


def start_into(pipe, toolkit, *args):
    return subprocess.Popen([toolkit.binary, *args], stdout=pipe, stderr=subprocess.PIPE, text=True, env=toolkit.environment({}),
                            cwd=toolkit.home, start_new_session=True)


@pytest.mark.parametrize('first, second, exit_code', [
    (signal.SIGINT, signal.SIGINT, 130), (signal.SIGTERM, signal.SIGINT, 143), (signal.SIGINT, signal.SIGTERM, 130)])
def test_the_second_ctrl_c_leaves_at_once(many, echo, full_pipe, first, second, exit_code):
    """The results wait for whoever reads them; with the second they do not."""
    process = start_into(full_pipe, many, 'check', '--output', 'json')
    try:
        wait_until(lambda: echo.log().count('heard') == 30, START_SECONDS, 'thirty connections')
        process.send_signal(first)
        wait_until(lambda: has_taken_signals(process.pid), START_SECONDS, 'the first signal to be taken')
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(second)
        assert process.wait(START_SECONDS) == exit_code
        assert process.stderr.read().endswith('check: nobody reads standard output\n')
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_while_nobody_reads(many, echo, full_pipe):
    """The first result could not be written yet, and the plugins run on."""
    process = start_into(full_pipe, many, 'check', '--output', 'jsonl')
    try:
        wait_until(lambda: len(children(process.pid)) == 3, START_SECONDS, 'three plugins')
        plugins = children(process.pid)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(START_SECONDS) == 130
        wait_until(lambda: families_gone(plugins), START_SECONDS, 'the plugins to be gone')
    finally:
        process.kill()
        process.communicate()


def test_a_signal_that_comes_twice(many, echo):
    """As from timeout(1), which means it once.  On a busy machine the two may come far from each other."""
    for _ in range(3):
        echo.forget()
        running = many.start('check', '--output', 'json')
        wait_until(lambda: echo.log().count('heard') == 30, START_SECONDS, 'thirty connections')
        running.signal(signal.SIGTERM).signal(signal.SIGTERM)
        done = running.ended()
        assert done.exit_code == 143
        if done.stdout:
            assert len(done.json['results']) == 43
            return
    raise AssertionError(done)


def test_nohup(toolkit, echo):
    """Who wants us to outlive the terminal gets it."""
    echo.forget()
    running = toolkit.start('check', target(echo, 'silent'), '--set', 'expect=x', '--timeout', '700ms', in_front=['nohup'])
    echo.wait_for_log('silent')
    done = running.signal(signal.SIGHUP).ended()
    assert done.exit_code == 1 and 'timed out after 700ms' in done.stdout


def test_output_file_after_ctrl_c(toolkit, echo):
    path = toolkit.home / 'out'
    write_config(toolkit, quick(echo, 'quick'), slow(echo, 'slow'))
    echo.forget()
    running = toolkit.start('check', '--output', 'json', '--output-file', path, '--report', toolkit.home / 'report')
    echo.wait_for_log('silent')
    assert running.signal(signal.SIGINT).ended().exit_code == 130
    assert json.loads(path.read_text())['summary'] == {'total': 2, 'ok': 1, 'warning': 0, 'critical': 0, 'unknown': 1}
    assert json.loads((toolkit.home / 'report').read_text())['exit_code'] == 130


# --- watching -------------------------------------------------------------------------------------

def test_watch_on_a_terminal(toolkit, echo):
    running = toolkit.start('check', target(echo, 'echo'), '--watch', '--interval', '100ms', screen=(80, 24))
    wait_until(lambda: running._read(0.1) and running.stdout.count('\x1b[H\x1b[2J') >= 3, START_SECONDS, 'three pictures')
    assert running.process.poll() is None
    done = running.signal(signal.SIGINT).ended()
    assert (done.exit_code, done.stderr) == (130, '')
    pictures = done.stdout.split('\x1b[H\x1b[2J')[1:]
    assert all(picture.count('✓') == 1 for picture in pictures[:-1])
    assert pictures[-1].count('✓') == 1 or 'interrupted' in pictures[-1]  # within a round


def test_watch_in_a_pipe(toolkit, echo):
    done = toolkit('check', target(echo, 'echo'), '--watch', '--interval', '100ms', '--deadline', '3s', '--output', 'jsonl')
    assert (done.exit_code, done.stderr) == (124, '')
    moments = [datetime.fromisoformat(line['timestamp']) for line in done.jsonl]
    assert 3 <= len(moments) <= 31
    pauses = [(after - before).total_seconds() for before, after in zip(moments, moments[1:])]
    assert min(pauses) >= 0.08


def test_watch_writes_each_round_to_the_file(toolkit, echo):
    """It holds the last round and no more, also when Ctrl-C comes between two rounds."""
    out = toolkit.home / 'out.json'
    done = toolkit('check', target(echo, 'echo'), '--watch', '--interval', '2s', '--deadline', '3s', '--output', 'json',
                   '--output-file', out)
    assert (done.exit_code, done.stdout) == (124, '')
    assert [result['state'] for result in json.loads(out.read_text())['results']] == ['ok']


def test_watch_sees_changes(toolkit):
    flag = toolkit.home / 'flag'
    write_config(toolkit, {'name': 'flag', 'exec': ['/bin/sh', '-c', f'test -e {flag} && echo there || {{ echo gone; exit 2; }}']})
    running = toolkit.start('check', '--watch', '--interval', '100ms')
    running.wait_for('✗  flag  critical  gone\n')
    flag.touch()
    running.wait_for('✓  flag  ok  there\n')
    assert running.signal(signal.SIGTERM).ended().exit_code == 143


def test_ctrl_c_between_two_rounds(toolkit, echo):
    running = toolkit.start('check', target(echo, 'echo'), '--watch', '--interval', '1h')
    running.wait_for('✓')
    done = running.signal(signal.SIGINT).ended()
    assert (done.exit_code, done.stderr, done.stdout.count('✓')) == (130, '', 1)


# --- progress -------------------------------------------------------------------------------------

def on_a_terminal(toolkit, seconds, *args):
    """What comes on a terminal that has both streams."""
    wrapped = ['script', '-qec', ' '.join([str(toolkit.binary), *map(str, args)]), '/dev/null']
    done = subprocess.run(wrapped, capture_output=True, env=toolkit.environment({}), cwd=toolkit.home, timeout=seconds,
                          stdin=subprocess.DEVNULL)
    return done.stdout.decode()


def test_progress(toolkit, echo):
    write_config(toolkit, quick(echo, 'a'), quick(echo, 'b'), {'name': 'gone', 'tcp': f'127.0.0.1:{echo.ports["refused"]}'},
                 slow(echo, 'slow', timeout='5s'))
    text = on_a_terminal(toolkit, 120, 'check')
    assert re.search(r'\r\[###############-----\] 3/4 checks, 1 failed, \d+ s left\x1b\[K', text)
    drawn, _, rest = text.rpartition('\x1b[K')
    assert drawn.endswith('\r') and '3 of' not in drawn  # erased before the results
    assert '2 of 4 healthy' in rest


def test_no_progress(toolkit, echo):
    """Where it would be short, quiet or no terminal."""
    write_config(toolkit, slow(echo, 'slow', timeout='300ms'))
    assert '/1 checks' not in on_a_terminal(toolkit, 120, 'check')
    write_config(toolkit, slow(echo, 'slow', timeout='2300ms'))
    piped = toolkit.start('check')
    screen_only = toolkit.start('check', screen=(80, 24))  # stderr is a pipe
    assert '/1 checks' not in on_a_terminal(toolkit, 120, 'check', '--quiet')
    assert piped.ended().stderr == ''
    assert screen_only.ended().stderr == ''
