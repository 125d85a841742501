"""`fleet` and servers that are broken, or mean harm, over both transports: each gets its outcome, in time and in
bounded memory, and the healthy one beside them does not notice."""
import csv
import io
import json
import xml.etree.ElementTree

import pytest
import soak
from fixtures import started
from measured_fleet import TRANSPORTS, MeasuredFleet, has_raw_control, is_sanitized
from servers.hostile_ssh import UGLY, HostileSsh
from servers.sshd import Sshd

CONNECT_SECONDS, RUN_SECONDS = 7, 10
# What is left to a machine with much else to do, and to the sanitizers.
SLACK_SECONDS = 20
# For all of a check or a copy, of the healthy one too; after 15 to 20 s a server that has not answered our questions for
# life is known to be lost.
WHOLE_SECONDS = 14
STOP_SECONDS = 5  # a host that is told to stop has that long to do it
MEBIBYTES_MAX = {'release': 48, 'sanitized': 640}
FLOOD_BYTES = soak.size('FLOOD_MIB', 8, 1024) << 20
MINUTE = 60
HEALTHY = 'healthy'
UGLY_ESCAPED = r'\x1b]0;owned\x07\x1b[31mred\x1b[H \xff\xfe\xc3( \u202e\x9b2J\x9b2J'
UGLY_TEXT = UGLY.decode(errors='replace')  # what JSON can hold of it

CLOSED = ('unreachable', 'connection_closed')
LOST = ('unreachable', 'connection_lost')
NONSENSE = ('unreachable', 'protocol_error')
TOO_LATE = ('timeout', 'timeout')
REFUSED = ('not_started', 'exec_refused')

# manner -> outcome, code, what the message says with both transports.
BEFORE_LOGIN = {
    'silent': (*TOO_LATE, 'waiting for the greeting of '),
    'closes': (*CLOSED, '(5 attempts)'),
    'resets': (*CLOSED, '(5 attempts)'),
    'http': (*NONSENSE, "does not speak SSH: 'HTTP/1.1 400 Bad Request'"),
    'old-version': (*NONSENSE, ''),
    'banner-stall': (*TOO_LATE, 'exchanging keys with '),
    'banner-closes': (*CLOSED, '(5 attempts)'),
    'huge-packet': (*NONSENSE, ''),
    'garbage-packets': (*NONSENSE, ''),
    'kex-stall': (*TOO_LATE, 'exchanging keys with '),
    'kex-closes': (*CLOSED, '(5 attempts)'),
    'auth-stall': (*TOO_LATE, 'authenticating to '),
    'auth-closes': (*CLOSED, ''),
    'auth-disconnects': (*CLOSED, ''),
    'auth-refuses': ('unreachable', 'auth_failed', ''),
}
AFTER_LOGIN = {
    'closes-after-auth': (*LOST, ''),
    'open-stall': (*TOO_LATE, 'the host did not start the command'),
    'open-refused': (*REFUSED, ''),
    'exec-stall': (*TOO_LATE, 'the host did not start the command'),
    'exec-refused': (*REFUSED, 'the server does not run commands'),
    'exec-closes': (*LOST, ''),
    'window-zero': (*TOO_LATE, 'the host did not start the command'),
    'run-stall': (*TOO_LATE, 'the host did not start the command'),
    'run-closes': (*LOST, ''),
    'no-status': (*REFUSED, 'the host did not start the command'),
    'exit-300': (*REFUSED, 'the host did not start the command (exit code 300)'),
    'exit-huge': (*REFUSED, 'the host did not start the command (exit code 4294967295)'),
    'signal': (*REFUSED, 'the host did not start the command'),
    'signal-ugly': (*REFUSED, 'the host did not start the command'),
    'ugly': (*REFUSED, 'the host did not start the command: ' + UGLY_ESCAPED),
}
# Of servers that know what is sent to them, and pretend.
LIARS = {
    'says-300': ('exit', 'exit', 'exit 300'),
    'says-too-much': ('exit', 'exit', 'exit 7'),
    'says-end-first': (*REFUSED, 'the host did not start the command (exit code 0)'),
    'says-ugly': ('exit', 'exit', 'exit 3'),
    'runs-and-closes': (*LOST, ''),
    'runs-and-forgets': (*LOST, 'the host closed the channel without saying how it ended'),
    'runs-for-ever': (*TOO_LATE, 'timeout (total)'),
}
# They never end, or send as much as they were told to.
ENDLESS = {
    'endless-line': (*NONSENSE, 'does not speak SSH'),
    'endless-lines': (*NONSENSE, 'does not speak SSH'),
    'auth-flood': (*TOO_LATE, 'authenticating to '),
    'auth-banners': (*TOO_LATE, 'authenticating to '),
    'endless-out': (*REFUSED, 'the host runs something else instead: abc'),
    'endless-err': (*TOO_LATE, 'the host did not start the command: abc'),
    'runs-and-never-ends': (*TOO_LATE, 'timeout (total)'),
    'ends-and-floods': ('ok', 'ok', 'ok'),
}
FLOODS = {
    'flood-err': (*REFUSED, 'the host did not start the command: abc'),
    'over-window': (*REFUSED, ''),
    'runs-and-floods': ('ok', 'ok', 'ok'),
}
CLOCKS = {'silent': 'connect', 'banner-stall': 'connect', 'kex-stall': 'connect', 'auth-stall': 'connect',
          'auth-flood': 'connect', 'auth-banners': 'connect'}


@pytest.fixture(scope='module')
def hostile():
    yield from started(HostileSsh, FLOOD_BYTES)


@pytest.fixture(scope='module')
def healthy():
    yield from started(Sshd, [HEALTHY])


@pytest.fixture(params=TRANSPORTS)
def fleet(toolkit, hostile, healthy, request):
    return MeasuredFleet(toolkit, request.param, healthy.key,
                 f'{hostile.ssh_config()}Host {HEALTHY}\n  HostName {healthy.address(HEALTHY)}\n  Port {healthy.port}\n'
                 f'  ConnectTimeout {MINUTE}\nHost *\n  ConnectTimeout {CONNECT_SECONDS}\n',
                 hostile.known_hosts() + healthy.known_hosts.read_text())


def run(fleet, manners, *args, **options):
    results = fleet('echo well', [*manners, HEALTHY], '--workers', '100', *(args or ('--timeout', RUN_SECONDS)), **options)
    assert (results[HEALTHY]['outcome'], results[HEALTHY]['stdout']) == ('ok', 'well\n')
    assert not has_raw_control(fleet.end.stderr)
    return results


def check(results, expected):
    got = {name: (result['outcome'], result['code']) for name, result in results.items() if name != HEALTHY}
    assert got == {name: (outcome, code) for name, (outcome, code, _) in expected.items()}
    for name, (outcome, _, words) in expected.items():
        assert words in results[name]['message'], name
        assert results[name]['success'] == (outcome == 'ok')
        assert results[name]['duration_seconds'] < CONNECT_SECONDS + RUN_SECONDS + STOP_SECONDS + SLACK_SECONDS, name
        if outcome == 'timeout':
            assert results[name]['clock'] == CLOCKS.get(name, 'total'), name


def order(fleet):
    return [result['name'] for result in fleet.end.jsonl]


def test_before_the_login(fleet, hostile):
    visits = {name: hostile.visits(name) for name in BEFORE_LOGIN}
    results = run(fleet, [*BEFORE_LOGIN, 'garbage'])
    garbage = results.pop('garbage')
    check(results, BEFORE_LOGIN)
    # OpenSSH reads on, up to a thousand lines of what others say before their greeting.
    assert (garbage['outcome'], garbage['code']) == (NONSENSE if fleet.transport == 'native' else TOO_LATE)
    assert order(fleet).index(HEALTHY) < order(fleet).index('silent'), 'it waited for nobody'
    for name, (_, code, words) in BEFORE_LOGIN.items():
        count = hostile.visits(name) - visits[name]
        assert count == (5 if '5 attempts' in words else 1), f'{name}: {code}'


def test_after_the_login(fleet):
    check(run(fleet, AFTER_LOGIN), AFTER_LOGIN)
    assert order(fleet).index(HEALTHY) < order(fleet).index('run-stall'), 'it waited for nobody'


def test_servers_that_lie(fleet):
    results = run(fleet, [*LIARS, 'runs-and-signals'])
    signal = results.pop('runs-and-signals')
    check(results, LIARS)
    assert (results['says-300']['exit_code'], results['says-300']['stdout']) == (300, 'out\n')
    # The program ssh tells its own failures, exit codes from 128 on and signals in one way.
    if fleet.transport == 'native':
        assert (signal['outcome'], signal['signal']) == ('signal', r'\x1b]0;owned\x07'[:16])
    else:
        assert (signal['outcome'], signal['code']) == LOST
    for name in ('runs-and-closes', 'runs-and-forgets', 'runs-for-ever'):
        assert f'{name} (pid 4711)' in fleet.end.stderr, 'who may be left is told'
    assert 'may still be running' in fleet.end.stderr and 'says-300 (pid' not in fleet.end.stderr
    assert order(fleet).index(HEALTHY) < order(fleet).index('runs-for-ever')


def check_memory(fleet, binary, **figures):
    assert fleet.peak_mib < MEBIBYTES_MAX['sanitized' if is_sanitized(binary) else 'release']
    soak.report('hostile servers', transport=fleet.transport, **figures, peak_mib=f'{fleet.peak_mib:.1f}')


def test_endless_floods(fleet, binary):
    check(run(fleet, ENDLESS), ENDLESS)
    check_memory(fleet, binary, endless=len(ENDLESS))


def test_floods(fleet, binary):
    """The memory that it takes does not depend on how much comes."""
    seconds = 60 + (FLOOD_BYTES >> 20)
    results = run(fleet, FLOODS, '--timeout', seconds, timeout=seconds + 60)
    assert {name: (result['outcome'], result['code']) for name, result in results.items() if name != HEALTHY} == {
        name: (outcome, code) for name, (outcome, code, _) in FLOODS.items()}
    flooded = results['runs-and-floods']
    assert len(flooded['stdout']) + len(flooded['stderr']) + flooded['truncated_bytes'] >= 2 * FLOOD_BYTES
    check_memory(fleet, binary, flood_bytes=FLOOD_BYTES)


def written(fleet, hosts, output, path, errors='strict'):
    """What --output-file holds; it must be UTF-8."""
    fleet.toolkit(*fleet.argv('echo well', hosts, '--output', output, '--output-file', path))
    return path.read_text(encoding='utf-8', errors=errors)


def test_output_that_is_no_text(fleet, tmp_path):
    hosts = ['says-ugly', HEALTHY]
    for text in (written(fleet, hosts, 'json', tmp_path / 'json'), written(fleet, hosts[:1], 'jsonl', tmp_path / 'jsonl')):
        document = json.loads(text)
        result = document.get('results', [document])[0]
        assert (result['stdout'], result['stderr']) == (f'{UGLY_TEXT}\n{UGLY_TEXT}', f'{UGLY_TEXT}\n{UGLY_TEXT}')
        assert result['exit_code'] == 3
    rows = list(csv.DictReader(io.StringIO(written(fleet, hosts, 'csv', tmp_path / 'csv', errors='surrogateescape'))))
    assert [row['name'] for row in rows] == hosts
    assert rows[0]['stdout'].encode(errors='surrogateescape') == UGLY + b'\n' + UGLY, 'CSV has the bytes as they are'
    root = xml.etree.ElementTree.fromstring(written(fleet, hosts, 'junit', tmp_path / 'junit'))
    assert [case.get('name') for case in root.iter('testcase')] == hosts


@pytest.mark.parametrize('args', [(), ('--fold',), ('--fold=smart',), ('--output', 'csv')],
                         ids=['live', 'fold', 'smart', 'csv'])
def test_output_is_escaped_on_a_terminal(fleet, args):
    hosts = ['says-ugly', 'ugly', 'signal-ugly', 'auth-disconnects', 'endless-lines', HEALTHY]
    running = fleet.start('echo well', hosts, *args, screen=(100, 30))
    done = running.ended()
    assert UGLY_ESCAPED in done.stdout and 'well' in done.stdout
    assert not has_raw_control(done.stdout) and not has_raw_control(done.stderr)


def test_host_keys_of_hostile_servers(fleet):
    if fleet.transport != 'native':
        pytest.skip('host keys are asked for by ourselves')
    names = [*BEFORE_LOGIN, 'garbage', 'endless-line', 'endless-lines', HEALTHY]
    done = fleet.toolkit('fleet', 'keys', '--hosts', ','.join(names), '--ssh-config', fleet.config, '--output', 'json')
    # Those show their key, and go wrong after it.
    shown = {name for name in names if name.startswith('auth-')} | {HEALTHY}
    assert {result['name']: result['state'] for result in done.json['results']} == {
        name: 'known' if name in shown else 'unreachable' for name in names}
    assert (done.exit_code, done.seconds < 2 * CONNECT_SECONDS + SLACK_SECONDS) == (1, True)


def test_the_health_of_hostile_servers(fleet):
    names = [*BEFORE_LOGIN, *AFTER_LOGIN, 'runs-for-ever', HEALTHY]
    done = fleet.toolkit('check', *names, '--ssh-config', fleet.config, '--transport', fleet.transport, '--timeout',
                         WHOLE_SECONDS, '--output', 'json')
    results = {result['name']: result for result in done.json['results']}
    assert [name for name in names if results[name]['healthy']] in ([HEALTHY], []), 'of this machine it is not known'
    assert results[HEALTHY]['values']['uptime_seconds'] > 0
    assert all(result['duration_seconds'] < WHOLE_SECONDS + SLACK_SECONDS for result in results.values())
    assert done.exit_code == (0 if all(result['healthy'] for result in results.values()) else 1)


def test_copies_to_hostile_servers(fleet, tmp_path):
    """None of them keeps the healthy one from getting its file."""
    (tmp_path / 'source').write_text('well')
    expected = {'silent': TOO_LATE, 'http': NONSENSE, 'kex-stall': TOO_LATE, 'auth-stall': TOO_LATE, 'auth-closes': CLOSED,
                'auth-refuses': ('unreachable', 'auth_failed'), 'open-stall': TOO_LATE}
    names = [*expected, 'closes-after-auth', 'exec-refused', HEALTHY]
    done = fleet.toolkit('copy', tmp_path / 'source', f'{",".join(names)}:{tmp_path}/copy', '--ssh-config', fleet.config,
                         '--transport', fleet.transport, '--timeout', WHOLE_SECONDS, '--yes', '--output', 'json',
                         '--store', tmp_path / 'state.db')
    results = {result['name']: (result['outcome'], result['code']) for result in done.json['results']}
    assert {name: results[name] for name in expected} == expected
    assert [name for name in names if results[name][0] == 'ok'] == [HEALTHY] and done.exit_code == 1
    assert (tmp_path / 'copy').read_text() == 'well' and done.seconds < WHOLE_SECONDS + SLACK_SECONDS
