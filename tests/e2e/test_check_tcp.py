"""The kind `tcp` against servers of every temper: what it says, in which state, with what evidence."""
import json
import re
import socket

import pytest
import servers
from servers.base import families, loopback

HOSTS = [pytest.param('127.0.0.1', id='IPv4'), pytest.param('[::1]', id='IPv6')]


@pytest.fixture(autouse=True)
def needs_the_family(request):
    if getattr(request.node, 'callspec', None) and request.node.callspec.params.get('host') == '[::1]':
        request.getfixturevalue('ipv6')


@pytest.fixture
def check(toolkit):
    """check(target, send='...', more_flags=[...]) -> (Result, its only result as JSON)"""
    def run(target, *flags, **settings):
        words = [word for key, value in settings.items() for word in ('--set', f'{key}={value}')]
        done = toolkit('check', target, *words, *flags, '--output', 'json')
        document = done.json
        assert len(document['results']) == 1
        return done, document['results'][0]
    return run


@pytest.fixture
def dialogue(toolkit):
    """dialogue(port, {'send': ...}, {'expect': ...}) -> (Result, its only result as JSON)"""
    def run(port, *steps, timeout='60s'):
        config = {'checks': [{'name': 'talk', 'tcp': f'127.0.0.1:{port}', 'timeout': timeout, 'dialogue': list(steps)}]}
        toolkit.config(json.dumps(config))
        done = toolkit('check', '--output', 'json')
        return done, done.json['results'][0]
    return run


def nc(port, host='127.0.0.1', flags=''):
    return f'nc -v -w 10{flags} {host} {port}'


# --- connecting -----------------------------------------------------------------------------------

@pytest.mark.parametrize('host', HOSTS)
def test_a_port_that_answers(check, echo, host):
    place = f'{host}:{echo.ports["echo"]}'
    done, result = check(f'tcp://{place}')
    assert (done.exit_code, done.stderr) == (0, '')
    values = result.pop('values')
    assert list(values) == ['lookup_seconds', 'remote_address', 'connect_seconds', 'total_seconds']
    assert values['remote_address'] == place
    assert 0 < values['connect_seconds'] <= values['total_seconds'] <= result['duration_seconds'] < 60
    assert re.fullmatch(rf'connected to {re.escape(place)} in [0-9.]+ (us|ms|s)', result.pop('message'))
    del result['duration_seconds'], result['timestamp']
    assert result == {'name': f'tcp://{place}', 'target': f'tcp://{place}', 'kind': 'tcp', 'state': 'ok',
                      'healthy': True, 'code': 'ok', 'attempts': 1}


def test_for_people(toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["echo"]}'
    done = toolkit('check', target)
    assert (done.exit_code, done.stderr) == (0, '')
    assert re.fullmatch(rf'✓  {target}  ok  connected to 127.0.0.1:\d+ in [0-9.]+ (us|ms|s)\n', done.stdout)


@pytest.mark.parametrize('host', HOSTS)
def test_a_port_that_refuses(check, echo, host):
    port = echo.ports['refused']
    done, result = check(f'tcp://{host}:{port}')
    assert (done.exit_code, done.stderr) == (1, '')
    assert (result['state'], result['healthy'], result['code']) == ('critical', False, 'connection_refused')
    assert result['message'] == f'connection refused by {host}:{port}'
    assert result['evidence'] == {'address': f'{host}:{port}', 'command': nc(port, host.strip('[]'))}
    assert result['values']['remote_address'] == f'{host}:{port}'
    assert 'connect_seconds' not in result['values']


@pytest.mark.parametrize('host', HOSTS)
def test_a_black_hole(check, echo, host):
    port = echo.ports['stuck']
    done, result = check(f'tcp://{host}:{port}', '--timeout', '300ms')
    assert done.exit_code == 1
    assert (result['state'], result['code']) == ('critical', 'timeout')
    assert result['message'] == f'timed out after 300ms while connecting to {host}:{port}'
    assert result['evidence'] == {'address': f'{host}:{port}', 'command': nc(port, host.strip('[]'))}
    assert 0.3 <= result['duration_seconds'] < 30


def test_evidence_for_people(toolkit, echo):
    port = echo.ports['refused']
    target = f'tcp://127.0.0.1:{port}'
    line = f'✗  {target}  critical  connection refused by 127.0.0.1:{port}\n'
    assert toolkit('check', target).stdout == line
    assert toolkit('check', target, '-v').stdout == (
        f'{line}    address: 127.0.0.1:{port}\n    command: {nc(port)}\n')


def test_values_for_people(toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["echo"]}'
    first, address, command, *values = toolkit('check', target, '-vv').stdout.splitlines()
    assert first.startswith(f'✓  {target}  ok  ')
    assert address == f'    address: 127.0.0.1:{echo.ports["echo"]}'
    assert command == f'    command: {nc(echo.ports["echo"])}'
    assert [value.split(' = ')[0] for value in values] == [
        '    lookup_seconds', '    remote_address', '    connect_seconds', '    total_seconds']
    assert len(toolkit('check', target, '-v').stdout.splitlines()) == 1


# --- dialogues ------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', HOSTS)
def test_redis_like(check, echo, host):
    port = echo.canned(b'+PONG\r\n', wait_for=b'PING\r\n', then_close=False)
    done, result = check(f'tcp://{host}:{port}', send=r'PING\r\n', expect=r'^\+PONG')
    assert (done.exit_code, result['state']) == (0, 'ok')
    assert result['message'].startswith(f'connected and spoke to {host}:{port} in ')
    values = result['values']
    assert list(values) == ['lookup_seconds', 'remote_address', 'connect_seconds', 'dialogue_seconds', 'total_seconds']
    assert values['connect_seconds'] + values['dialogue_seconds'] <= values['total_seconds']


def test_redis_like_that_refuses(check, echo):
    port = echo.canned(b'-NOAUTH Authentication required.\r\n', wait_for=b'PING\r\n')
    done, result = check(f'tcp://127.0.0.1:{port}', send=r'PING\r\n', expect=r'^\+PONG')
    assert (done.exit_code, result['code']) == (1, 'connection_closed')
    assert result['message'] == (r"step 2: the peer closed the connection before '^\+PONG'; "
                                 r"got '-NOAUTH Authentication required.\r\n'")
    assert result['evidence'] == {'received': r'-NOAUTH Authentication required.\r\n',
                                  'address': f'127.0.0.1:{port}', 'command': nc(port)}


def test_smtp(toolkit, smtp):
    toolkit.config(f'''
checks:
  - name: mail relay
    tcp: 127.0.0.1:{smtp.port}
    dialogue:
      - expect: "^220 mail\\\\.good\\\\.test "
      - send: 'EHLO monitor\\r\\n'
      - expect: "250[ -]STARTTLS"
      - expect: "250 HELP"
      - send: 'STARTTLS\\r\\n'
      - expect: '^\\s*220 '
''')
    done = toolkit('check', '--output', 'json')
    assert (done.exit_code, done.json['results'][0]['state']) == (0, 'ok'), done


def test_smtp_says_goodbye(dialogue, smtp):
    done, result = dialogue(smtp.port, {'expect': '^220 '}, {'send': 'EHLO monitor\\r\\n'}, {'expect': '(?m)^250 .*\\r\\n'},
                            {'send': 'QUIT\\r\\n'}, {'expect': '^221 '})
    assert (done.exit_code, result['code']) == (0, 'ok'), done


def test_smtp_that_does_not_know_the_command(dialogue, smtp):
    done, result = dialogue(smtp.port, {'expect': '^220 '}, {'send': 'HELLO monitor\\r\\n'}, {'expect': '^250'},
                            timeout='3s')
    assert (done.exit_code, result['code']) == (1, 'timeout')
    assert result['message'] == f"timed out after 3s while waiting in step 3 for '^250' from 127.0.0.1:{smtp.port}"
    assert result['evidence']['received'].startswith(r'mail.good.test ESMTP tests\r\n500 ')


def test_each_step_begins_where_the_last_match_ended(dialogue, echo):
    steps = [{'expect': r'^WHO ARE YOU\?\r\n'}, {'send': r'HELLO you\r\n'}, {'expect': '^WELCOME (you)'}, {'expect': r'^\r\n'},
             {'send': r'QUIT\r\n'}, {'expect': r'^BYE\r\n$'}]
    done, result = dialogue(echo.ports['greeter'], *steps)
    assert (done.exit_code, result['code']) == (0, 'ok'), done


def test_several_answers_in_one_packet(dialogue, echo):
    port = echo.canned(b'one\r\ntwo\r\nthree\r\n', wait_for=b'', then_close=False)
    done, _ = dialogue(port, {'expect': '^one'}, {'expect': 'two'}, {'expect': 'three'})
    assert done.exit_code == 0
    done, result = dialogue(port, {'expect': '^one'}, {'expect': 'three'}, {'expect': 'two'}, timeout='3s')
    assert (done.exit_code, result['code']) == (1, 'timeout')
    assert "waiting in step 3 for 'two'" in result['message']
    assert result['evidence']['received'] == r'\r\n'


def test_any_byte_can_be_sent(dialogue, echo):
    echo.forget()
    done, _ = dialogue(echo.ports['echo'], {'send': r'\x00\x01\t\\\xff\n'}, {'expect': r'^\x00\x01\t\\'}, {'expect': r'\n$'})
    assert done.exit_code == 0, done
    assert repr(b'\x00\x01\t\\\xff\n') in echo.log()


def test_much_can_be_sent(dialogue, echo):
    echo.forget()
    done, result = dialogue(echo.ports['silent'], {'send': 'x' * 300_000})
    assert (done.exit_code, result['code']) == (0, 'ok'), done


def test_a_match_across_packets(check, echo):
    """A byte every 50 ms."""
    done, result = check(f'tcp://127.0.0.1:{echo.ports["drip"]}', expect='220 ready')
    assert (done.exit_code, result['code']) == (0, 'ok')
    assert 0.35 <= result['values']['dialogue_seconds'] < 30


# --- dialogues that fail --------------------------------------------------------------------------

def test_slow_drip(check, echo):
    """More than a second lies between the first byte and the last one."""
    port = echo.ports['drip']
    done, result = check(f'tcp://127.0.0.1:{port}', '--timeout', '800ms', expect='when you are')
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'timeout')
    assert result['message'] == f"timed out after 800ms while waiting in step 1 for 'when you are' from 127.0.0.1:{port}"
    received = result['evidence'].pop('received')
    assert received and '220 ready when you are'.startswith(received)
    assert result['evidence'] == {'address': f'127.0.0.1:{port}', 'command': nc(port)}
    assert 0.8 <= result['duration_seconds'] < 30


def test_silence_after_a_question(check, echo):
    port = echo.ports['silent']
    done, result = check(f'tcp://127.0.0.1:{port}', '--timeout', '2s', send=r'PING\r\n', expect='PONG')
    assert (done.exit_code, result['code']) == (1, 'timeout')
    assert result['message'] == f"timed out after 2s while waiting in step 2 for 'PONG' from 127.0.0.1:{port}"
    assert result['evidence'] == {'received': '', 'address': f'127.0.0.1:{port}', 'command': nc(port)}


@pytest.mark.parametrize('host', HOSTS)
def test_a_peer_that_closes(check, echo, host):
    done, result = check(f'tcp://{host}:{echo.ports["close"]}', expect='^220 ')
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'connection_closed')
    assert result['message'] == "step 1: the peer closed the connection before '^220 '; got nothing"


def test_a_peer_that_closes_too_early(check, echo):
    port = echo.canned(b'220 welc', wait_for=b'')
    done, result = check(f'tcp://127.0.0.1:{port}', expect='welcome')
    assert (done.exit_code, result['code']) == (1, 'connection_closed')
    assert result['message'] == "step 1: the peer closed the connection before 'welcome'; got '220 welc'"
    assert result['evidence']['received'] == '220 welc'


def test_a_peer_that_resets(check, echo):
    """The reset may come before we know that we are connected."""
    port = echo.ports['reset']
    done, result = check(f'tcp://127.0.0.1:{port}', expect='220')
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'connection_closed')
    assert result['message'] in (f'connection reset by 127.0.0.1:{port}',
                                 "step 1: Connection reset by peer while waiting for '220'; got nothing")
    assert result['evidence']['address'] == f'127.0.0.1:{port}'


def test_endless_garbage(check, echo):
    port = echo.ports['garbage']
    done, result = check(f'tcp://127.0.0.1:{port}', expect='no such words')
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'dialogue_mismatch')
    assert re.fullmatch(r"step 1: 64 KiB came without a match of 'no such words'; got '.+\.\.\.'", result['message'])
    assert 100 < len(result['evidence']['received']) <= 4 * 256
    assert result['evidence']['command'] == nc(port)
    assert result['duration_seconds'] < 60


@pytest.mark.parametrize('output', ['json', 'text', 'csv', 'nagios', 'junit'])
def test_what_came_cannot_play_with_the_terminal(toolkit, echo, output):
    port = echo.canned(b'\x1b[31m\x07 red \xff\xfe \xe2\x80\xae\r\n', wait_for=b'')
    done = toolkit('check', f'tcp://127.0.0.1:{port}', '--set', 'expect=green', '-vv', '--output', output)
    text = json.dumps(done.json, ensure_ascii=False) if output == 'json' else done.stdout
    assert done.exit_code == (2 if output == 'nagios' else 1)
    assert 'red' in text
    assert not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', text), repr(text)


def test_an_expression_that_takes_for_ever(check, echo):
    port = echo.canned(b'a' * 1000 + b'!\n', wait_for=b'', then_close=False)
    done, result = check(f'tcp://127.0.0.1:{port}', expect=r'^(a+)+$')
    assert (done.exit_code, result['code']) == (1, 'dialogue_mismatch')
    assert result['message'] == "step 1: matching '^(a+)+$' takes too much work; simplify the expression"
    assert result['duration_seconds'] < 60


# --- names ----------------------------------------------------------------------------------------

@pytest.fixture
def names():
    """A name server of our own, on a port of its own."""
    table = {'two.test': ['127.0.0.1', '::1'], 'v4.test': ['127.0.0.1'], 'v6.test': ['::1'], 'broken.test': 'servfail',
             'closed.test': 'refused', 'silent.test': 'silent', 'big.test': 'truncated',
             'half.test': ['127.0.0.9', '127.0.0.1']}
    with servers.DnsServer(table, host='127.0.0.1', port=0) as server:
        yield server


def resolver(names):
    return ['--resolver', f'127.0.0.1:{names.port}']


@pytest.mark.parametrize('name, family, addresses', [
    ('two.test', 'any', ['127.0.0.1', '[::1]']),
    ('two.test', 'ipv4', ['127.0.0.1']),
    ('two.test', 'ipv6', ['[::1]']),
    ('v4.test', 'any', ['127.0.0.1']),
    ('v6.test', 'any', ['[::1]']),
    ('big.test', 'ipv4', ['127.0.0.1']),
    ('half.test', 'any', ['127.0.0.1']),  # 127.0.0.9 refuses
])
def test_names(check, echo, names, ipv6, name, family, addresses):
    port = echo.ports['echo']
    done, result = check(f'tcp://{name}:{port}', *resolver(names), ip_family=family)
    assert done.exit_code == 0, done
    assert result['values']['remote_address'] in [f'{address}:{port}' for address in addresses]
    assert result['values']['lookup_seconds'] > 0
    assert result['target'] == f'tcp://{name}:{port}'


@pytest.mark.parametrize('name, family, message', [
    ('gone.test', 'any', "no such name 'gone.test'"),
    ('v4.test', 'ipv6', "name 'v4.test' has no IPv6 address"),
    ('v6.test', 'ipv4', "name 'v6.test' has no IPv4 address"),
    ('broken.test', 'any', "name server failed (SERVFAIL) about 'broken.test'"),
    ('closed.test', 'any', "name server refused to answer (REFUSED) about 'closed.test'"),
])
def test_names_that_do_not_resolve(check, names, name, family, message):
    done, result = check(f'tcp://{name}:9', *resolver(names), ip_family=family)
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'dns_failed')
    assert result['message'] == message
    flags = {'any': '', 'ipv4': ' -4', 'ipv6': ' -6'}[family]
    assert result['evidence'] == {'command': nc(9, name, flags)}
    assert list(result['values']) == ['lookup_seconds']


def test_a_name_server_that_is_silent(check, names):
    done, result = check('tcp://silent.test:9', *resolver(names), '--timeout', '300ms')
    assert (done.exit_code, result['state'], result['code']) == (1, 'critical', 'timeout')
    assert result['message'] == "timed out after 300ms while looking up 'silent.test'"
    assert result['evidence'] == {'command': nc(9, 'silent.test')}
    assert 0.3 <= result['duration_seconds'] < 30


def test_a_slow_name_delays_nobody_else(toolkit, echo, names):
    names.delays['two.test'] = 2
    port = echo.ports['echo']
    done = toolkit('check', f'tcp://two.test:{port}', f'tcp://v4.test:{port}', *resolver(names), '--output', 'json')
    slow, quick = done.json['results']
    assert done.exit_code == 0
    assert quick['duration_seconds'] < 1.9 < 2 <= slow['duration_seconds']


def test_every_address_refuses(check, echo, names):
    port = echo.ports['refused']
    done, result = check(f'tcp://half.test:{port}', *resolver(names))
    assert (done.exit_code, result['code']) == (1, 'connection_refused')
    assert re.fullmatch(rf'connection refused by 127\.0\.0\.[19]:{port} \(2 addresses tried\)', result['message'])


def test_a_name_server_that_is_none(toolkit):
    for wrong in ('nonsense', '127.0.0.1:99999', '[::1]:x'):
        done = toolkit('check', 'tcp://a.test:9', '--resolver', wrong)
        assert (done.exit_code, done.stdout) == (2, '')
        assert done.stderr == f"sre-toolkit check: --resolver: '{wrong}' is no name server's address\n"


# --- the way there --------------------------------------------------------------------------------

def test_resolve_goes_before_the_name(check, echo, ipv6):
    port = echo.ports['echo']
    for address, shown in (('127.0.0.1', '127.0.0.1'), ('::1', '[::1]')):
        done, result = check(f'tcp://no-such-name.test:{port}', resolve=address)
        assert done.exit_code == 0
        assert result['values']['remote_address'] == f'{shown}:{port}'
        assert result['target'] == f'tcp://no-such-name.test:{port}'
    done, result = check(f'tcp://no-such-name.test:{echo.ports["refused"]}', resolve='127.0.0.1')
    assert result['evidence'] == {'address': f'127.0.0.1:{echo.ports["refused"]}', 'command': nc(echo.ports['refused'])}


def test_localhost_of_one_family(check, echo, ipv6):
    port = echo.ports['echo']
    for family, address in (('ipv4', '127.0.0.1'), ('ipv6', '[::1]')):
        done, result = check(f'tcp://localhost:{port}', ip_family=family)
        assert (done.exit_code, result['values'].get('remote_address')) == (0, f'{address}:{port}')


def test_an_address_of_the_other_family(check):
    done, result = check('tcp://127.0.0.1:9', ip_family='ipv6')
    assert (done.exit_code, result['code']) == (1, 'dns_failed')
    assert result['message'] == "'127.0.0.1' is no IPv6 address"


@pytest.mark.parametrize('family, source', [(socket.AF_INET, '127.0.0.77'), (socket.AF_INET6, '::1')])
def test_source_address(check, family, source):
    if family not in families():
        pytest.skip('this machine has no ::1')
    with socket.socket(family) as listener:
        listener.bind((loopback(family), 0))
        listener.listen()
        listener.settimeout(60)
        host = '[::1]' if family == socket.AF_INET6 else '127.0.0.1'
        done, _ = check(f'tcp://{host}:{listener.getsockname()[1]}', source_address=source)
        assert done.exit_code == 0
        connection, peer = listener.accept()
        connection.close()
        assert peer[0] == source


def test_a_source_address_that_is_not_ours(check, echo):
    port = echo.ports['echo']
    done, result = check(f'tcp://127.0.0.1:{port}', source_address='192.0.2.1')
    assert (done.exit_code, result['state'], result['code']) == (1, 'unknown', 'local_error')
    assert result['message'] == f'cannot reach 127.0.0.1:{port} from 192.0.2.1: Cannot assign requested address'
    assert result['evidence'] == {'address': f'127.0.0.1:{port}', 'command': nc(port, flags=' -s 192.0.2.1')}


# --- many -----------------------------------------------------------------------------------------

def test_those_that_hang_cost_one_timeout(toolkit, echo):
    silent, quick = echo.ports['silent'], echo.ports['banner']
    lines = [f'  - {{name: silent-{i}, tcp: "127.0.0.1:{silent}", expect: x}}' for i in range(150)]
    lines += [f'  - {{name: quick-{i}, tcp: "127.0.0.1:{quick}", expect: ready}}' for i in range(50)]
    toolkit.config('defaults: {timeout: 4s}\nchecks:\n' + '\n'.join(lines))
    done = toolkit('check', '--output', 'json')
    assert done.exit_code == 1
    assert done.json['summary'] == {'total': 200, 'ok': 50, 'warning': 0, 'critical': 150, 'unknown': 0}
    assert done.json['duration_seconds'] < 8  # less than two
    codes = {result['code'] for result in done.json['results'] if result['name'].startswith('silent')}
    assert codes == {'timeout'}


# --- values and thresholds ------------------------------------------------------------------------

@pytest.mark.parametrize('flag, state, exit_code', [('--warning', 'warning', 0), ('--critical', 'critical', 1)])
def test_thresholds(check, echo, flag, state, exit_code):
    done, result = check(f'tcp://127.0.0.1:{echo.ports["drip"]}', flag, 'dialogue_seconds=0.03', expect='220 ready')
    assert (done.exit_code, result['state'], result['code']) == (exit_code, state, 'threshold_exceeded')
    assert re.match(rf'dialogue_seconds [0-9.]+ m?s \({state} above 30 ms\); connected and spoke to ', result['message'])
    assert set(result['evidence']) == {'address', 'command'}
