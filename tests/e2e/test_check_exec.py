"""Plugins: real ones of the package monitoring-plugins, and scripts that misbehave."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

PLUGINS = pathlib.Path('/usr/lib/nagios/plugins')


@pytest.fixture
def plugin():
    """plugin('check_load') -> its path; skips where it is not installed."""
    def find(name):
        path = PLUGINS / name
        if not path.exists():
            pytest.skip(f'needs {path} (monitoring-plugins)')
        return path
    return find


@pytest.fixture
def script(tmp_path):
    """script(text) -> the path of an executable shell script."""
    count = 0

    def write(text):
        nonlocal count
        count += 1
        path = tmp_path / f'plugin{count}'
        path.write_text(f'#!/bin/sh\n{text}\n')
        path.chmod(0o755)
        return path
    return write


def check(toolkit, *args, **options):
    """The one result, with the exit code of the program as `exit`."""
    done = toolkit('check', *args, '--output', 'json', **options)
    result = done.json['results'][0]
    result['exit'] = done.exit_code
    return result


def outcome(result):
    return result['exit'], result['state'], result['code']


OK = (0, 'ok', 'ok')
WARNING = (0, 'warning', 'plugin_warning')
CRITICAL = (1, 'critical', 'plugin_critical')
UNKNOWN = (1, 'unknown', 'plugin_unknown')

# --- real plugins ---------------------------------------------------------------------------------

# Plugins that need nothing but the machine: arguments, outcome, message, values.
LOCAL = [
    ('check_load', '-w 10000 -c 20000', OK, 'LOAD OK', ['load1', 'load5', 'load15']),
    ('check_load', '-w 0,0,0 -c 0,0,0', None, 'LOAD', ['load1', 'load5', 'load15']),
    ('check_disk', '-w 0% -c 0% -p /dev/shm', OK, 'DISK OK', None),
    ('check_disk', '-c 101% -p /dev/shm', CRITICAL, 'DISK CRITICAL', ['/dev/shm']),
    ('check_procs', '-c 1:', OK, 'PROCS OK', ['procs']),
    ('check_procs', '-C no-such-command -c 1:', CRITICAL, 'PROCS CRITICAL: 0 processes', ['procs']),
    ('check_users', '-w 10000 -c 20000', OK, 'USERS OK', ['users']),
    ('check_swap', '-w 1% -c 1% -n ok', None, 'SWAP', ['swap']),
    ('check_file_age', '-w 99999999999 -c 99999999999 -f /etc/passwd', OK, 'FILE_AGE OK', ['age', 'size']),
    ('check_file_age', '-f /no/such/file', CRITICAL, 'FILE_AGE CRITICAL', None),
    ('check_cluster', '--service -l web -d 0,0,2 -w 0 -c 2', WARNING, 'CLUSTER WARNING: web: 2 ok', []),
    ('check_dummy', '0 fine', OK, 'OK: fine', []),
    ('check_dummy', '1', WARNING, 'WARNING', []),
    ('check_dummy', "2 'as  said'", CRITICAL, 'CRITICAL: as  said', []),
    ('check_dummy', '3', UNKNOWN, 'UNKNOWN', []),
    ('check_disk', '--no-such-option', UNKNOWN, '', []),
    ('check_tcp', '-H 127.0.0.1 -p 1', CRITICAL, 'Connection refused', []),
]


@pytest.mark.parametrize('name,arguments,expected,message,values', LOCAL)
def test_real_plugins(toolkit, plugin, name, arguments, expected, message, values):
    if '-p /dev/shm' in arguments and not pathlib.Path('/etc/mtab').exists():
        pytest.skip('check_disk needs an /etc/mtab')
    result = check(toolkit, f'exec:{plugin(name)} {arguments}')
    if expected:
        assert outcome(result) == expected
    assert message in result['message']
    if values is not None:
        assert list(result['values']) == values


def test_real_plugins_against_servers(toolkit, plugin, nginx, echo, smtp):
    http = check(toolkit, f'exec:{plugin("check_http")} -I 127.0.0.1 -p {nginx.ports["http"]} -u /text -s healthy')
    assert outcome(http) == OK
    assert 'HTTP OK' in http['message']
    assert 0 < http['values']['time'] < 10
    assert http['values']['size'] > 100

    missing = check(toolkit, f'exec:{plugin("check_http")} -I 127.0.0.1 -p {nginx.ports["http"]} -u /no-such-page')
    assert outcome(missing) == WARNING
    assert '404' in missing['message']

    tcp = check(toolkit, f"exec:{plugin('check_tcp')} -H 127.0.0.1 -p {echo.ports['greeter']} -E "
                r"-s 'HELLO nagios\r\n' -e 'WELCOME nagios'")
    assert outcome(tcp) == OK
    assert 0 < tcp['values']['time'] < 10

    mail = check(toolkit, f'exec:{plugin("check_smtp")} -H 127.0.0.1 -p {smtp.port} -e 220')
    assert outcome(mail) == OK
    assert 'SMTP OK' in mail['message']


def test_check_ping(toolkit, plugin):
    result = check(toolkit, f'exec:{plugin("check_ping")} -H 127.0.0.1 -w 1000,90% -c 2000,100% -p 1')
    if 'CRITICAL' in result['message'] or result['code'] == 'plugin_unknown':
        pytest.skip('nobody may ping here')
    assert outcome(result) == OK
    assert 0 <= result['values']['rta'] < 1
    assert result['values']['pl'] == 0


def test_check_log(toolkit, plugin, tmp_path):
    log, seen = tmp_path / 'log', tmp_path / 'seen'
    command = f'exec:{plugin("check_log")} -F {log} -O {seen} -q failed'
    log.write_text('begun\n')
    assert outcome(check(toolkit, command)) == OK
    log.write_text('begun\nit failed\n')
    result = check(toolkit, command)
    assert outcome(result) == CRITICAL
    assert 'it failed' in result['message']


def test_thresholds_over_a_plugins_values(toolkit, plugin):
    args = (f'exec:{plugin("check_procs")} -c 0:', '--critical', 'procs=< 1000000')
    result = check(toolkit, *args)
    assert outcome(result) == (1, 'critical', 'threshold_exceeded')
    assert result['message'].startswith('procs ')

    missing = check(toolkit, f'exec:{plugin("check_dummy")} 0', '--warning', 'procs=1')
    assert outcome(missing) == (1, 'unknown', 'value_missing')


def test_from_a_configuration(toolkit, plugin):
    toolkit.config(f'''
checks:
  - {{name: as list, exec: [{plugin("check_dummy")}, "2", "a  b"]}}
  - {{name: as text, exec: "check_dummy 1 'a  b'"}}
  - {{name: shell, exec: [sh, -c, "echo $(echo x)"]}}
''')
    done = toolkit('check', '--output', 'json')
    assert done.exit_code == 1
    assert [(r['name'], r['code'], r['message'].split(': ')[-1]) for r in done.json['results']] == [
        ('as list', 'plugin_critical', 'a  b'), ('as text', 'plugin_warning', 'a  b'), ('shell', 'ok', 'x')]


# --- those that misbehave -------------------------------------------------------------------------

@pytest.mark.parametrize('text,code,message', [
    ('exit 4', 'bad_exit_code', 'exit code 4, which is none'),
    ('echo hello; exit 127', 'bad_exit_code', 'exit code 127, which is none of a plugin\'s 0 to 3: hello'),
    ('kill -SEGV $$', 'exec_signaled', 'killed by signal 11 (SIGSEGV)'),
    ('echo why >&2; exit 3', 'plugin_unknown', 'no output; stderr: why'),
])
def test_odd_ends(toolkit, script, text, code, message):
    result = check(toolkit, f'exec:{script(text)}')
    assert outcome(result) == (1, 'unknown', code)
    assert message in result['message']


@pytest.mark.parametrize('command,message', [
    ('/no/such/plugin', "'/no/such/plugin'"),
    ('no-such-plugin', "'no-such-plugin'"),
    ('/etc/passwd', 'ermission'),
    ('/usr', "'/usr'"),
])
def test_what_cannot_be_started(toolkit, command, message):
    result = check(toolkit, f'exec:{command}')
    assert outcome(result) == (1, 'unknown', 'exec_failed')
    assert message in result['message']
    assert result['evidence']['command'] == command


@pytest.mark.parametrize('target,message', [
    ('exec:', 'has no command'),
    ("exec:check 'x", 'not closed'),
    ('exec:a | b', 'no shell'),
    ('exec:a $(b)', 'no shell'),
])
def test_bad_commands(toolkit, target, message):
    done = toolkit('check', target)
    assert done.exit_code == 2
    assert done.stdout == ''
    assert message in done.stderr


def test_all_of_it_is_killed_at_the_deadline(toolkit, script, tmp_path):
    pids = tmp_path / 'pids'
    path = script(f'trap "" TERM HUP INT\n(echo $$; sh -c \'trap "" TERM; echo $$; sleep 600\' & echo $!; wait) '
                  f'>{pids} & echo begun; sleep 600')
    result = check(toolkit, f'exec:{path}', '--timeout', '4')
    assert outcome(result) == (1, 'unknown', 'timeout')
    assert 'timed out after 4s' in result['message']
    assert result['evidence']['stdout'] == 'begun'
    assert result['duration_seconds'] < 60
    for pid in pids.read_text().split():
        assert_gone(int(pid))


def assert_gone(pid):
    """A process that was killed may be a zombie for the moment, if nobody has buried it yet."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            state = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
        except FileNotFoundError:
            return
        if state in 'ZX':
            return
        time.sleep(0.02)
    raise AssertionError(f'process {pid} still runs')


def test_ctrl_c_stops_what_was_started(toolkit, script, tmp_path):
    pid = tmp_path / 'pid'
    running = toolkit.start('check', f'exec:{script(f"echo $$ >{pid}; exec sleep 600")}', '--output', 'json',
                            '--timeout', '60')
    end = time.monotonic() + 60
    while not pid.exists() or not pid.read_text().strip():
        assert time.monotonic() < end
        time.sleep(0.02)
    done = running.signal(signal.SIGINT).ended()
    assert done.exit_code == 130
    assert done.json['results'][0]['code'] == 'cancelled'
    assert_gone(int(pid.read_text()))


def test_endless_output_is_cut(toolkit, script):
    result = check(toolkit, f'exec:{script("echo bad; yes | head -c 50000000; exit 2")}')
    assert outcome(result) == CRITICAL
    assert result['message'] == 'bad'
    assert len(result['detail']) <= 65536
    assert 'bytes above output_max' in result['evidence']['output']


def test_hostile_output_is_escaped(toolkit, script):
    path = script(r"""printf 'bad \033]0;title\007 \377 |\047a\033[1m\047=1 b==\n\033[2Jmore\000\n'; exit 2""")
    result = check(toolkit, f'exec:{path}')
    assert result['message'] == r'bad \x1b]0;title\x07 \xff'
    assert result['detail'].startswith(r'\x1b[2Jmore')
    assert list(result['values']) == [r'a\x1b[1m']
    text = toolkit('check', f'exec:{path}', '-vv', '--color', 'never').stdout
    assert '\x1b' not in text and '\x07' not in text


def test_many_plugins_at_once(toolkit, script):
    path = script('sleep 1; echo "fine|a=$1"')
    began = time.monotonic()
    done = toolkit('check', *(f'exec:{path} {number}' for number in range(40)), '--output', 'json')
    assert done.exit_code == 0
    assert [result['values']['a'] for result in done.json['results']] == list(range(40))
    assert time.monotonic() - began < 40  # one after the other


# --- environment ----------------------------------------------------------------------------------

def test_environment_is_clean(toolkit, script):
    path = script('env | sort | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; cat')
    done = toolkit('check', f'exec:{path}', '--output', 'json', '--set', 'env.TOKEN=x y', '--set', 'inherit_env=KEEP',
                   env={'KEEP': 'kept', 'DROP': 'dropped', 'LD_PRELOAD': None})
    result = done.json['results'][0]
    names = [line.split('=')[0] for line in [result['message'], *result['detail'].splitlines()]]
    assert names == ['HOME', 'KEEP', 'LANG', 'PATH', 'TOKEN']
    assert 'TOKEN=x y' in result['detail'].splitlines()


def test_secrets_are_not_shown(toolkit, script, tmp_path):
    secret = tmp_path / 'secret'
    secret.write_text('s3cr3t\n')
    path = script('[ "$TOKEN" = s3cr3t ] && exit 2')
    toolkit.config(f'checks:\n  - {{name: x, exec: {path}, env: {{TOKEN: "${{file:{secret}}}"}}}}\n')
    for args in (['check', '--output', 'json'], ['check', '-vv'], ['config', 'show']):
        done = toolkit(*args)
        assert 's3cr3t' not in done.stdout + done.stderr, done
    assert toolkit('check', '--output', 'json').json['results'][0]['code'] == 'plugin_critical'


def test_folder(toolkit, script):
    result = check(toolkit, f'exec:{script("pwd")}', '--set', 'cwd=/usr/lib')
    assert os.path.realpath(result['message']) == os.path.realpath('/usr/lib')
    result = check(toolkit, f'exec:{script("pwd")}', '--set', 'cwd=/no/such/folder')
    assert outcome(result) == (1, 'unknown', 'exec_failed')
    assert '/no/such/folder' in result['message']


def test_evidence_command_shows_the_same(toolkit, script):
    path = script('printf "%s|" "$@"; exit 2')
    result = check(toolkit, f"""exec:{path} 'a b' "it's" '$HOME'""")
    again = subprocess.run(['sh', '-c', result['evidence']['command']], capture_output=True, text=True, check=False)
    assert again.stdout == "a b|it's|$HOME|"
    assert again.returncode == 2
