"""The kind http on its way: lookups, families, several addresses, proxies, and how long it waits."""
import contextlib

import pytest
import servers
from many_checks import assert_checks, run_checks

FINE = 'status 200 in …, …B'


@pytest.fixture
def names():
    """A name server on a port of its own; names.option makes the program ask it."""
    with servers.DnsServer(port=0) as server:
        server.option = f'--resolver={server.host}:{server.port}'
        yield server


def test_names(toolkit, nginx, names):
    names.table = {'web.test': ['127.0.0.1'], 'broken.test': 'servfail', 'forbidden.test': 'refused', 'silent.test': 'silent',
                   'garbage.test': 'garbage', 'long.test': 'truncated', 'empty.test': [], 'slow.test': ['127.0.0.1']}
    names.delays = {'slow.test': 0.3}

    def at(host, **more):
        return {'http': nginx.url('/', host=host), **more}
    done = assert_checks(toolkit, {
        'web': (at('web.test'), 'ok', FINE),
        'upper case': (at('WEB.Test'), 'ok', FINE),
        'by tcp': (at('long.test'), 'ok', FINE),
        'slow': (at('slow.test'), 'ok', FINE),
        'unknown': (at('gone.test'), 'dns_failed', "…'gone.test'…"),
        'no address': (at('empty.test'), 'dns_failed', "…'empty.test'…"),
        'servfail': (at('broken.test'), 'dns_failed', "…'broken.test'…"),
        'refused': (at('forbidden.test'), 'dns_failed', "…'forbidden.test'…"),
        'silent': (at('silent.test', timeout='2s'), 'timeout', "timed out after 2s while looking up 'silent.test'"),
        'silent, every address': (at('silent.test', timeout='2s', every_address=True), 'timeout',
                                  "timed out after 2s while looking up 'silent.test'"),
        'unknown, every address': (at('gone.test', every_address=True), 'dns_failed', "…'gone.test'…"),
    }, names.option)
    assert done['slow']['values']['lookup_seconds'] >= 0.3
    assert done['web']['values']['remote_address'] == f'127.0.0.1:{nginx.ports["http"]}'
    messages = {done[name]['message'] for name in ('unknown', 'no address', 'servfail', 'refused')}
    assert len(messages) == 4
    assert 2 <= done['silent']['duration_seconds'] < 30


def test_families(toolkit, nginx, names, ipv6):
    names.table = {'both.test': ['127.0.0.1', '::1'], 'four.test': ['127.0.0.1'], 'six.test': ['::1']}
    port = nginx.ports['http']

    def at(host, **more):
        return {'http': nginx.url('/who', host=host), **more}
    done = assert_checks(toolkit, {
        'both, 4': (at('both.test', ip_family='ipv4'), 'ok', FINE),
        'both, 6': (at('both.test', ip_family='ipv6'), 'ok', FINE),
        'any': (at('six.test'), 'ok', FINE),
        'literal': (at('[::1]', expect={'body': ['remote=::1']}), 'ok', FINE),
        'only 4, but 6': (at('four.test', ip_family='ipv6'), 'dns_failed', "…'four.test'…IPv6…"),
        'only 6, but 4': (at('six.test', ip_family='ipv4'), 'dns_failed', "…'six.test'…IPv4…"),
        'from ::1': (at('both.test', source_address='::1', expect={'body': ['remote=::1']}), 'ok', FINE),
        'resolve to ::1': (at('gone.test', resolve='::1'), 'ok', FINE),
    }, names.option)
    assert done['both, 4']['values']['remote_address'] == f'127.0.0.1:{port}'
    assert done['both, 6']['values']['remote_address'] == f'[::1]:{port}'
    assert done['resolve to ::1']['values']['remote_address'] == f'[::1]:{port}'


def test_given_addresses(toolkit, nginx):
    done = assert_checks(toolkit, {
        'resolve': ({'http': nginx.url('/who', host='no-such-name.invalid'), 'resolve': '127.0.0.1',
                     'expect': {'body': [r'host=no-such-name\.invalid:']}}, 'ok', FINE),
        'resolve to nobody': ({'http': nginx.url('/'), 'resolve': '127.0.0.2'}, 'connection_refused',
                              f'connection refused by 127.0.0.2:{nginx.ports["http"]}'),
        'source': ({'http': nginx.url('/who'), 'source_address': '127.0.0.7', 'expect': {'body': ['remote=127.0.0.7']}}, 'ok', FINE),
        'not our source': ({'http': nginx.url('/who'), 'source_address': '192.0.2.1'}, 'local_error',
                           'cannot reach 127.0.0.1:… from 192.0.2.1: Cannot assign requested address'),
    })
    assert done['resolve']['values']['remote_address'] == f'127.0.0.1:{nginx.ports["http"]}'


def test_an_address_that_answers_is_enough(toolkit, nginx, names):
    names.table = {'some.test': ['127.0.0.2', '127.0.0.1', '127.0.0.3'], 'none.test': ['127.0.0.2', '127.0.0.3']}
    done = assert_checks(toolkit, {
        'some': ({'http': nginx.url('/', host='some.test')}, 'ok', FINE),
        'none': ({'http': nginx.url('/', host='none.test')}, 'connection_refused',
                 'connection refused by 127.0.0.…:… (2 addresses tried)'),
    }, names.option)
    assert done['some']['values']['remote_address'] == f'127.0.0.1:{nginx.ports["http"]}'


def test_every_address(toolkit, nginx, names, ipv6):
    port = nginx.ports['http']
    names.table = {'all.test': ['127.0.0.1', '::1'], 'some.test': ['127.0.0.1', '127.0.0.2'], 'none.test': ['127.0.0.2', '127.0.0.3'],
                   'one.test': ['127.0.0.1']}

    def each(host, path='/', **more):
        return {'http': nginx.url(path, host=host), 'every_address': True, **more}
    done = assert_checks(toolkit, {
        'all': (each('all.test'), 'ok', 'all 2 addresses answer, status 200 in …'),
        'one': (each('one.test'), 'ok', 'the only address answers, status 200 in …'),
        'some': (each('some.test'), 'partly_failed',
                 f'1 of 2 addresses fail: 127.0.0.2:{port}: connection refused by 127.0.0.2:{port}'),
        'none': (each('none.test'), 'connection_refused',
                 f'2 of 2 addresses fail: 127.0.0.…:{port}: connection refused by …; 127.0.0.…:{port}: connection refused by …'),
        'status': (each('all.test', '/status/503'), 'status_mismatch', '2 of 2 addresses fail: …: status 503, expected 200-299; …'),
        'one expectation': (each('all.test', '/who', expect={'body': ['server=127.0.0.1']}), 'partly_failed',
                            f"1 of 2 addresses fail: [::1]:{port}: the body does not match 'server=127.0.0.1'"),
        'threshold': (each('all.test', critical={'total_seconds': 0.000001}), 'threshold_exceeded', 'total_seconds[…'),
        'late': (each('all.test', '/never', timeout='3s'), 'timeout',
                 '2 of 2 addresses fail: …: timed out after 3s while waiting for the answer of …'),
    }, names.option)
    values = done['all']['values']
    assert values['addresses'] == 2
    assert values['addresses_failed'] == 0
    for name in ('connect_seconds', 'first_byte_seconds', 'transfer_seconds', 'total_seconds', 'status', 'size_bytes'):
        assert {f'{name}[127.0.0.1:{port}]', f'{name}[[::1]:{port}]'} <= set(values)
        assert name not in values
    values = done['some']['values']
    assert (values['addresses'], values['addresses_failed']) == (2, 1)
    assert values[f'status[127.0.0.1:{port}]'] == 200
    assert f'status[127.0.0.2:{port}]' not in values
    assert '127.0.0.2' in done['some']['evidence']['command']


def test_proxies(toolkit, nginx, pki, echo):
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(servers.ForwardProxy(names={'far.test': '127.0.0.1'}))
        refusing = stack.enter_context(servers.ForwardProxy(refuses=True))
        careful = stack.enter_context(servers.ForwardProxy(needs_password=True))
        tls = {'ca_file': str(pki.root.cert)}
        plain, secure = nginx.url('/who', host='far.test'), nginx.url('/who', 'good')

        def password(text):
            return careful.url.replace('//', f'//{careful.username}:{text}@')
        done = assert_checks(toolkit, {
            'plain': ({'http': plain, 'proxy': proxy.url}, 'ok', FINE),
            'tunnel': ({'http': secure, 'tls': tls, 'proxy': proxy.url}, 'ok', FINE),
            'socks': ({'http': plain, 'proxy': proxy.url.replace('http', 'socks5h')}, 'ok', FINE),
            'socks, tls': ({'http': secure, 'tls': tls, 'proxy': proxy.url.replace('http', 'socks5h')}, 'ok', FINE),
            'password': ({'http': secure, 'tls': tls, 'proxy': password(careful.password)}, 'ok', FINE),
            'no password': ({'http': secure, 'tls': tls, 'proxy': careful.url}, 'proxy_failed', "proxy 'http://127.0.0.1:…/' answered 407 to CONNECT"),
            'wrong password': ({'http': secure, 'tls': tls, 'proxy': password('guessed')}, 'proxy_failed',
                               "proxy 'http://127.0.0.1:…/' answered 407 to CONNECT"),
            'plain, no password': ({'http': nginx.url('/who'), 'proxy': careful.url}, 'proxy_failed', "proxy 'http://127.0.0.1:…/' answered 407"),
            'refuses': ({'http': secure, 'tls': tls, 'proxy': refusing.url}, 'proxy_failed', "proxy 'http://127.0.0.1:…/' answered 403 to CONNECT"),
            'cannot reach it': ({'http': f'https://127.0.0.1:{echo.ports["refused"]}/', 'proxy': proxy.url}, 'proxy_failed',
                                "proxy 'http://127.0.0.1:…/' answered 502 to CONNECT"),
            'nobody there': ({'http': plain, 'proxy': f'http://127.0.0.1:{echo.ports["refused"]}'}, 'proxy_failed',
                             "proxy 'http://127.0.0.1:…': connection refused by 127.0.0.1:…"),
            'silent': ({'http': secure, 'proxy': f'http://127.0.0.1:{echo.ports["silent"]}', 'timeout': '3s'}, 'timeout',
                       'timed out after 3s while waiting for the tunnel to 127.0.0.1:… through proxy 127.0.0.1:…'),
            'bad certificate beyond': ({'http': secure, 'proxy': proxy.url}, 'tls_untrusted', '…issuer …'),
            'status beyond': ({'http': nginx.url('/status/503', host='far.test'), 'proxy': proxy.url}, 'status_mismatch',
                              'status 503, expected 200-299'),
        })
        said = proxy.log()
    assert f'GET {plain}\n' in said
    assert f'CONNECT 127.0.0.1:{nginx.ports["good"]}\n' in said
    assert f'SOCKS far.test:{nginx.ports["http"]}\n' in said
    assert done['tunnel']['values']['protocol'] == 'HTTP/2'


def test_the_environments_proxy_is_not_used(toolkit, nginx):
    nobody = 'http://127.0.0.1:1'
    env = {name: nobody for name in ('http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'ALL_PROXY')}
    assert run_checks(toolkit, {'web': {'http': nginx.url('/')}}, env=env).exit_code == 0


def test_timeouts(toolkit, nginx, echo, pki):
    """The message says what it waited for."""
    server = f'127.0.0.1:{nginx.ports["http"]}'
    late = {'timeout': '3s'}
    done = assert_checks(toolkit, {
        'in time': ({'http': nginx.url('/slow/100'), 'timeout': '60s'}, 'ok', FINE),
        'connecting': ({'http': f'http://127.0.0.1:{echo.ports["stuck"]}/', **late}, 'timeout',
                       f'timed out after 3s while connecting to 127.0.0.1:{echo.ports["stuck"]}'),
        'first byte': ({'http': nginx.url('/slow/30000'), **late}, 'timeout',
                       f'timed out after 3s while waiting for the answer of {server}'),
        'never': ({'http': nginx.url('/never'), **late}, 'timeout', f'timed out after 3s while waiting for the answer of {server}'),
        'never, tls': ({'http': nginx.url('/never', 'good'), 'tls': {'ca_file': str(pki.root.cert)}, **late}, 'timeout',
                       f'timed out after 3s while waiting for the answer of 127.0.0.1:{nginx.ports["good"]}'),
        'drip': ({'http': nginx.url('/drip/100/100'), **late}, 'timeout', f'timed out after 3s while reading the answer of {server}'),
        'redirected': ({'http': nginx.url('/redirect/to?url=/never'), **late}, 'timeout',
                       f'timed out after 3s while waiting for the answer of {server}'),
        'endless, to the end': ({'http': nginx.url('/endless'), 'size_max': '1T', **late}, 'timeout',
                                f'timed out after 3s while reading the answer of {server}'),
    })
    for name, result in done.results.items():
        if name != 'in time':
            assert 2.99 <= result['duration_seconds'] < 30, name
    assert 'first byte' not in done['connecting']['evidence']['phases']


def test_a_deadline_for_all(toolkit, nginx):
    """What the run's deadline cuts off is said to be so, with the phase; what was done stays."""
    done = run_checks(toolkit, {'fine': {'http': nginx.url('/')}, 'never': {'http': nginx.url('/never')}}, '--deadline', '4s')
    assert done.exit_code == 124
    assert done['fine']['state'] == 'ok'
    assert done['never']['state'] != 'ok'
    assert f'waiting for the answer of 127.0.0.1:{nginx.ports["http"]}' in done['never']['message']
