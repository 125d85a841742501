"""The kind http: requests, answers, redirects, and what is told of them."""
import base64
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest
from many_checks import assert_checks, run_checks

FINE = 'status 200 in …, …B'
REQUEST_MAX_KIB = 40 * 1024


@pytest.fixture
def canned(echo):
    """canned(bytes) -> the URL of a server that answers every request with just that."""
    return lambda data: f'http://127.0.0.1:{echo.canned(data, wait_for=bytes([13, 10, 13, 10]))}/'


def test_values(toolkit, nginx):
    done = assert_checks(toolkit, {'web': ({'http': nginx.url('/text')}, 'ok', FINE)})
    assert done.exit_code == 0
    result = done['web']
    assert result['target'] == nginx.url('/text')
    assert result['kind'] == 'http'
    assert result['attempts'] == 1
    assert 'evidence' not in result
    values = result['values']
    assert {name: values.pop(name) for name in ('status', 'size_bytes', 'redirects', 'protocol', 'remote_address')} == {
        'status': 200, 'size_bytes': 50, 'redirects': 0, 'protocol': 'HTTP/1.1',
        'remote_address': f'127.0.0.1:{nginx.ports["http"]}'}
    phases = ('lookup_seconds', 'connect_seconds', 'first_byte_seconds', 'transfer_seconds')
    assert set(values) == {*phases, 'total_seconds'}
    assert all(seconds >= 0 for seconds in values.values())
    assert sum(values[phase] for phase in phases) <= values['total_seconds'] <= result['duration_seconds'] + 0.001


def test_versions(toolkit, nginx, pki, canned):
    tls = {'ca_file': str(pki.root.cert)}
    old = canned(b'HTTP/1.0 200 OK\r\n\r\nold')
    done = assert_checks(toolkit, {
        'auto': ({'http': nginx.url('/who')}, 'ok', FINE),
        '1.0': ({'http': nginx.url('/who'), 'http_version': '1.0', 'expect': {'body': ['protocol=HTTP/1.0']}}, 'ok', FINE),
        '1.1': ({'http': nginx.url('/who'), 'http_version': '1.1', 'expect': {'body': ['protocol=HTTP/1.1']}}, 'ok', FINE),
        'old': ({'http': old}, 'ok', FINE),
        'old, not 1.1': ({'http': old, 'http_version': '1.1'}, 'protocol_error', '127.0.0.1:… does not speak HTTP/1.1'),
        'alpn': ({'http': nginx.url('/who', 'good'), 'tls': tls, 'expect': {'body': ['protocol=HTTP/2.0']}}, 'ok', FINE),
        'alpn offers none': ({'http': nginx.url('/who', 'http1'), 'tls': tls}, 'ok', FINE),
        '1.1 over tls': ({'http': nginx.url('/who', 'good'), 'tls': tls, 'http_version': '1.1'}, 'ok', FINE),
        '2 over tls': ({'http': nginx.url('/who', 'good'), 'tls': tls, 'http_version': '2'}, 'ok', FINE),
        '2 over tls, not offered': ({'http': nginx.url('/who', 'http1'), 'tls': tls, 'http_version': '2'},
                                    'protocol_error', '127.0.0.1:… does not speak HTTP/2'),
        'h2c': ({'http': nginx.url('/who', 'h2c'), 'http_version': '2'}, 'ok', FINE),
        'h2c, not spoken': ({'http': nginx.url('/who'), 'http_version': '2'}, 'protocol_error',
                            '127.0.0.1:… closed the connection at a request in HTTP/2'),
        'h2c, not asked for': ({'http': nginx.url('/who', 'h2c')}, 'protocol_error', 'answer of 127.0.0.1:… is not HTTP'),
    })
    protocols = {name: result['values'].get('protocol') for name, result in done.results.items()}
    assert protocols == {
        # A server answers a request of HTTP/1.0 as the best it can: RFC 9110, section 2.5.
        'auto': 'HTTP/1.1', '1.0': 'HTTP/1.1', '1.1': 'HTTP/1.1', 'old': 'HTTP/1.0', 'old, not 1.1': None,
        'alpn': 'HTTP/2', 'alpn offers none': 'HTTP/1.1', '1.1 over tls': 'HTTP/1.1', '2 over tls': 'HTTP/2',
        '2 over tls, not offered': None, 'h2c': 'HTTP/2', 'h2c, not spoken': None, 'h2c, not asked for': None}


@pytest.mark.parametrize('name', ['http', 'good'])
def test_methods(toolkit, nginx, pki, tmp_path, name):
    """Over HTTP/1.1, and over TLS with HTTP/2."""
    body = tmp_path / 'body'
    body.write_bytes(b'from a file: \xe2\x9c\x93\n' * 1000)
    common = {'http': nginx.url('/echo', name), 'tls': {'ca_file': str(pki.root.cert)}}
    cases = {}
    for method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'X-OUR_OWN'):
        cases[method] = ({**common, 'method': method, 'expect': {'json': {'/method': method, '/body': ''}}}, 'ok', FINE)
        if method != 'GET':
            cases[f'{method} text'] = ({**common, 'method': method, 'body': 'as it is: %41 "ü"\n',
                                        'expect': {'json': {'/method': method, '/body': '~ ^as it is: %41 "'}}}, 'ok', FINE)
    cases['POST file'] = ({**common, 'method': 'POST', 'body_file': str(body),
                           'expect': {'body': ['"Content-Length", "17000"'], 'body_not': ['form-urlencoded', '100-continue']}},
                          'ok', FINE)
    cases['HEAD'] = ({**common, 'method': 'HEAD', 'expect': {'headers': {'Content-Type': 'json'}}}, 'ok', 'status 200 in …, 0 B')
    done = assert_checks(toolkit, cases)
    assert done.exit_code == 0
    assert done['HEAD']['values']['size_bytes'] == 0


def test_headers(toolkit, nginx):
    echo = nginx.url('/echo')
    assert_checks(toolkit, {
        'by itself': ({'http': echo, 'expect': {
            'body': [r'"User-Agent", "sre-toolkit/', r'"Accept", "\*/\*"', rf'"Host", "127.0.0.1:{nginx.ports["http"]}"'],
            'body_not': ['(?i)accept-encoding', '(?i)authorization', 'Content-', 'Expect']}}, 'ok', FINE),
        'sent': ({'http': echo, 'headers': {'X-Team': 'web: all', 'User-Agent': 'our-own/1', 'Accept': 'text/plain',
                                            'Host': 'virtual.test'},
                  'expect': {'body': ['"X-Team", "web: all"', '"User-Agent", "our-own/1"', '"Accept", "text/plain"',
                                      '"Host", "virtual.test"'], 'body_not': ['sre-toolkit', r'\*/\*']}}, 'ok', FINE),
        'taken away': ({'http': echo, 'headers': {'Accept': '', 'User-Agent': ''},
                        'expect': {'body_not': ['Accept', 'User-Agent']}}, 'ok', FINE),
        'plain, as nobody asked for gzip': ({'http': nginx.url('/gzip/'), 'expect': {
            'body': ['compressed, and well'], 'headers_not': {'Content-Encoding': 'gzip'}}}, 'ok', FINE),
        'gzip, as somebody did': ({'http': nginx.url('/gzip/'), 'headers': {'Accept-Encoding': 'gzip'}, 'expect': {
            'body_not': ['compressed'], 'headers': {'Content-Encoding': '^gzip$'}}}, 'ok', FINE),
    })


def test_authentication(toolkit, nginx):
    basic, bearer = nginx.url('/basic'), nginx.url('/bearer')
    right = {'username': nginx.username, 'password': nginx.password}
    refused = 'status 401, expected 200-299'

    def userinfo(password):
        return basic.replace('//', f'//{nginx.username}:{password}@')
    done = assert_checks(toolkit, {
        'none': ({'http': basic}, 'status_mismatch', refused),
        'basic': ({'http': basic, **right}, 'ok', FINE),
        'basic, wrong': ({'http': basic, **right, 'password': 'guessed'}, 'status_mismatch', refused),
        'basic, no password': ({'http': basic, 'username': nginx.username}, 'status_mismatch', refused),
        'userinfo': ({'http': userinfo('open%20sesame')}, 'ok', FINE),
        'userinfo, wrong': ({'http': userinfo('guessed')}, 'status_mismatch', refused),
        'bearer': ({'http': bearer, 'bearer_token': nginx.token}, 'ok', FINE),
        'bearer, wrong': ({'http': bearer, 'bearer_token': 'guessed'}, 'status_mismatch', refused),
    })
    assert done['userinfo']['target'] == userinfo('***')


def processes_that_say(word):
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        if word in text:
            found.append(text)
    return found


@pytest.mark.parametrize('output', ['json', 'text', 'jsonl', 'csv', 'junit', 'nagios', 'prometheus'])
def test_secrets_are_told_to_nobody(toolkit, nginx, canned, output):
    """Neither when it works nor when it fails, on no stream, in no file, on no command line."""
    word = 'Hush-7f3a'
    coded = base64.b64encode(f'sre:{word}'.encode()).decode().rstrip('=')[:-1]
    slow = nginx.url('/slow/300')
    cases = {
        'basic': {'http': slow, 'username': 'sre', 'password': word},
        'user': {'http': slow.replace('//', f'//sre:{word}@'), 'expect': {'status': [404]}},
        'bearer': {'http': slow, 'bearer_token': word, 'expect': {'status': [404]}},
        'header': {'http': slow, 'headers': {'X-Api-Key': word}, 'expect': {'status': [404]}},
        'cookie': {'http': slow, 'headers': {'Cookie': f'session={word}'}, 'expect': {'status': [404]}},
        'body': {'http': slow, 'method': 'POST', 'body': f'password={word}', 'expect': {'status': [404]}},
        'proxy': {'http': slow, 'proxy': f'http://sre:{word}@127.0.0.1:1'},
        'redirect': {'http': nginx.url('/redirect/nowhere').replace('//', f'//sre:{word}@')},
        'unresolved': {'http': f'http://sre:{word}@no-such-name.invalid/', 'timeout': '500ms'},
        'closed': {'http': nginx.url('/status/444').replace('//', f'//sre:{word}@')},
        'set-cookie': {'http': canned(f'HTTP/1.1 500 Oh\r\nset-cookie: id={word}\r\nX-Last: 1\r\n\r\n'.encode())},
        'late': {'http': nginx.url('/never').replace('//', f'//sre:{word}@'), 'timeout': '500ms'},
    }
    toolkit.config(json.dumps({'checks': [{'name': name, **settings} for name, settings in cases.items()]}))
    running = toolkit.start('check', '--output', output, '-vv', '--log-file', 'log', '--report', 'report.json')
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        assert processes_that_say(word.encode()) == []
    done = running.ended()
    assert done.exit_code in (1, 2)
    written = [done.stdout, done.stderr, (toolkit.home / 'log').read_text(), (toolkit.home / 'report.json').read_text()]
    for text in written:
        assert word not in text
        assert coded not in text
        assert word not in text.replace('\\', '')
    if output == 'json':
        assert done.json['summary']['total'] == len(cases)
        cookie = next(result for result in done.json['results'] if result['name'] == 'set-cookie')
        assert cookie['evidence']['headers'] == r'HTTP/1.1 500 Oh\r\nSet-Cookie: ***\r\nX-Last: 1\r\n\r\n'


def test_redirects(toolkit, nginx, pki):
    port = nginx.ports['http']
    to = nginx.url('/redirect/to?url=')
    done = assert_checks(toolkit, {
        'three': ({'http': nginx.url('/redirect/3'), 'expect': {'body': ['^the end']}}, 'ok', FINE),
        'as many as allowed': ({'http': nginx.url('/redirect/3'), 'redirects': 3}, 'ok', FINE),
        'ten': ({'http': nginx.url('/redirect/10')}, 'ok', FINE),
        'eleven': ({'http': nginx.url('/redirect/11')}, 'redirect_refused', 'more than 10 redirects'),
        'two of three': ({'http': nginx.url('/redirect/3'), 'redirects': 2}, 'redirect_refused', 'more than 2 redirects'),
        'loop': ({'http': nginx.url('/redirect/loop')}, 'redirect_refused', 'more than 10 redirects'),
        'none': ({'http': nginx.url('/redirect/3'), 'redirects': 0}, 'status_mismatch', 'status 302, expected 200-299'),
        'wanted': ({'http': nginx.url('/redirect/3'), 'redirects': 0, 'expect': {
            'status': ['301-302'], 'headers': {'Location': '/redirect/2$'}}}, 'ok', 'status 302 in …'),
        'ftp': ({'http': nginx.url('/redirect/nowhere')}, 'redirect_refused',
                f"bad redirect from 'http://127.0.0.1:{port}/redirect/nowhere': …scheme 'ftp'…"),
        'file': ({'http': to + 'file:///etc/passwd'}, 'redirect_refused', 'bad redirect from …'),
        'to tls': ({'http': to + nginx.url('/who', 'good'), 'tls': {'ca_file': str(pki.root.cert)}}, 'ok', FINE),
        'to nobody': ({'http': to + 'http://127.0.0.1:1/'}, 'connection_refused', 'connection refused by 127.0.0.1:1'),
        **{f'{code}, {method}': ({'http': nginx.url(f'/redirect/method/{code}'), 'method': method, 'body': 'hello',
                                  'expect': {'json': {'/method': then, '/body': body}}}, 'ok', FINE)
           for code, method, then, body in [
               (301, 'POST', 'GET', ''), (303, 'POST', 'GET', ''), (307, 'POST', 'POST', 'hello'), (303, 'PUT', 'GET', ''),
               (307, 'PUT', 'PUT', 'hello')]},
    })
    counts = {name: done[name]['values'].get('redirects') for name in ('three', 'ten', 'none', 'to tls', 'loop')}
    assert counts == {'three': 3, 'ten': 10, 'none': 0, 'to tls': 1, 'loop': None}
    assert done['two of three']['evidence']['url'] == nginx.url('/redirect/1')
    assert done['to tls']['values']['tls_version'].startswith('TLSv1')


def test_redirects_carry_no_secret_to_others(toolkit, nginx):
    """Another port, another host: another origin."""
    there = {'origin': nginx.url('/echo'), 'another port': f'http://127.0.0.1:{nginx.backend.port}/echo',
             'another host': nginx.url('/echo', host='localhost')}
    secret = {'bearer': {'bearer_token': 'Hush'}, 'basic': {'username': 'sre', 'password': 'Hush'},
              'header': {'headers': {'X-Api-Key': 'Hush', 'Cookie': 'Hush', 'Authorization': 'Hush', 'Accept': 'text/x-mine'}}}
    seen = '"Authorization"|"X-Api-Key"|"Cookie"'
    cases = {}
    for place, url in there.items():
        for how, settings in secret.items():
            expect = {'body': [seen]} if place == 'origin' else {'body_not': [seen, 'Hush']}
            cases[f'{how} to {place}'] = ({'http': nginx.url(f'/redirect/to?url={url}'), **settings, 'expect': expect}, 'ok', FINE)
    cases['harmless'] = ({'http': nginx.url(f'/redirect/to?url={there["another port"]}'), **secret['header'],
                          'expect': {'body': ['text/x-mine']}}, 'ok', FINE)
    assert_checks(toolkit, cases)


def test_answers_that_are_none(toolkit, nginx, echo, canned):
    def on(name):
        return {'http': f'http://127.0.0.1:{echo.ports[name]}/'}
    header = b'X-Filler: ' + b'x' * 50 + b'\r\n'
    done = assert_checks(toolkit, {
        'garbage': (on('garbage'), 'protocol_error', 'answer of 127.0.0.1:… is not HTTP'),
        'garbage, for HTTP/2': ({**on('garbage'), 'http_version': '2'}, 'protocol_error', '127.0.0.1:… in HTTP/2'),
        'banner': (on('banner'), 'protocol_error', 'answer of 127.0.0.1:… is not HTTP'),
        'echo': (on('echo'), 'protocol_error', 'answer of 127.0.0.1:… is not HTTP'),
        'bad chunk': ({'http': canned(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')}, 'protocol_error',
                      'bad answer of 127.0.0.1:…'),
        'closed': (on('close'), 'connection_closed', '…127.0.0.1:…'),
        'reset': (on('reset'), 'connection_closed', 'connection reset by 127.0.0.1:…'),
        'refused': (on('refused'), 'connection_refused', f'connection refused by 127.0.0.1:{echo.ports["refused"]}'),
        'no answer': ({'http': nginx.url('/status/444')}, 'connection_closed',
                      '127.0.0.1:… closed the connection without an answer'),
        'cut': ({'http': f'http://127.0.0.1:{nginx.backend.port}/cut'}, 'connection_closed',
                '127.0.0.1:… closed the connection before the answer was complete'),
        'cut headers': ({'http': canned(b'HTTP/1.1 200 OK\r\nContent-')}, 'connection_closed', '127.0.0.1:… closed the connection in the headers of the answer'),
        'cut chunk': ({'http': canned(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc')}, 'connection_closed',
                      '127.0.0.1:… closed the connection …'),
        'endless headers': ({'http': canned(b'HTTP/1.1 200 OK\r\n' + header * 5000)}, 'too_large',
                            'answer of 127.0.0.1:… has more than 65536 bytes of headers'),
        'endless header': ({'http': canned(b'HTTP/1.1 200 OK\r\nX-A: ' + b'x' * 300000)}, 'too_large',
                           'answer of 127.0.0.1:… has more than 65536 bytes of headers'),
    })
    assert done['banner']['evidence']['body'] == r'220 ready when you are\r\n'
    assert set(done['refused']['values']) == {'lookup_seconds', 'remote_address'}


def test_sizes(toolkit, nginx):
    done = assert_checks(toolkit, {
        'fits': ({'http': nginx.url('/bytes/1048576'), 'size_max': '1M'}, 'ok', 'status 200 in …, 1.0 MiB'),
        'one too many': ({'http': nginx.url('/bytes/1048577'), 'size_max': '1M'}, 'too_large',
                         'answer of 127.0.0.1:… has more than 1048576 bytes'),
        'chunks': ({'http': nginx.url('/stream/1048577'), 'size_max': '1M'}, 'too_large',
                   'answer of 127.0.0.1:… has more than 1048576 bytes'),
        'endless': ({'http': nginx.url('/endless'), 'size_max': '1M'}, 'too_large',
                    'answer of 127.0.0.1:… has more than 1048576 bytes'),
        'kept in part': ({'http': nginx.url('/bytes/3000'), 'body_max': 100, 'expect': {'body': ['nowhere']}}, 'body_mismatch',
                         "the body does not match 'nowhere' in its first 100 bytes (body_max)"),
        'not kept': ({'http': nginx.url('/bytes/3000'), 'body_max': 0}, 'ok', FINE),
        'binary': ({'http': nginx.url('/binary'), 'expect': {'body': [r'\x00\x01\x02', r'}~\x7f']}}, 'ok', 'status 200 in …, 256 B'),
    })
    assert done['not kept']['values']['size_bytes'] == 3000


def test_memory_is_bounded(toolkit, binary, nginx):
    """A large answer is read and counted, and not kept."""
    if b'__asan_init' in binary.read_bytes():
        pytest.skip('a build with AddressSanitizer needs memory of its own')
    measure = [sys.executable, '-c', 'import resource, subprocess, sys\n'
               'code = subprocess.call(sys.argv[1:])\n'
               'print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\nsys.exit(code)']
    done = run_checks(toolkit, {'large': {'http': nginx.url('/stream/50000000'), 'timeout': '100s'}}, in_front=measure)
    assert done['large']['values']['size_bytes'] == 50000000
    assert int(re.search(r'peak (\d+)', done.stderr)[1]) < REQUEST_MAX_KIB


def test_evidence(toolkit, nginx):
    done = run_checks(toolkit, {'missing': {'http': nginx.url('/no/such?page=1')}, 'fine': {'http': nginx.url('/')}}, '-vv')
    evidence = done['missing']['evidence']
    assert list(evidence) == ['body', 'addresses', 'phases', 'headers', 'command']
    assert '<title>404 Not Found</title>' in evidence['body']
    assert evidence['addresses'] == [f'127.0.0.1:{nginx.ports["http"]}']
    assert re.fullmatch('(lookup .+, )?connect .+, first byte .+, (transfer .+, )?total .+', evidence['phases'])
    assert evidence['headers'].startswith(r'HTTP/1.1 404 Not Found\r\nServer: nginx\r\n')
    assert evidence['command'] == f"curl -sv '{nginx.url('/no/such?page=1')}'"
    assert done['fine']['evidence']['command'] == f'curl -sv {nginx.url("/")}'


def test_command_shows_the_same(toolkit, nginx, pki, forward_proxy, tmp_path):
    """What stands in the evidence can be pasted into a shell; only secrets must be filled in."""
    body = tmp_path / "it's a body"
    body.write_text('hello')
    ca = {'ca_file': str(pki.root.cert)}
    checks = {
        'plain': {'http': nginx.url('/status/503')},
        'special characters': {'http': nginx.url("/status/503?a='$(exit)'&b=`x`;c")},
        'not redirected': {'http': nginx.url('/redirect/1'), 'redirects': 0},
        'redirected': {'http': nginx.url('/redirect/to?url=/status/410')},
        'head': {'http': nginx.url('/status/403'), 'method': 'HEAD'},
        'post': {'http': nginx.url('/status/418'), 'method': 'POST', 'body_file': str(body)},
        'http 1.0': {'http': nginx.url('/status/404'), 'http_version': '1.0'},
        'h2c': {'http': nginx.url('/status/404', 'h2c'), 'http_version': '2'},
        'tls': {'http': nginx.url('/status/404', 'good'), 'tls': ca, 'headers': {'Accept': 'text/x;q="$HOME"'}},
        'tls by name': {'http': nginx.url('/status/404', 'good', 'good.test'), 'tls': ca, 'resolve': '127.0.0.1'},
        'tls by another name': {'http': nginx.url('/status/404', 'good', '127.0.0.2'), 'resolve': '127.0.0.1',
                                'tls': {**ca, 'server_name': 'good.test'}},
        'tls, unverified': {'http': nginx.url('/status/404', 'expired'), 'tls': {'verify': False}},
        'mtls': {'http': nginx.url('/status/404', 'mtls'),
                 'tls': {**ca, 'cert_file': str(pki['client'].chain), 'key_file': str(pki['client'].key)}},
        'proxy': {'http': nginx.url('/status/404'), 'proxy': forward_proxy.url},
        'source': {'http': nginx.url('/status/404'), 'source_address': '127.0.0.9'},
        'wrong password': {'http': nginx.url('/basic'), 'username': 'sre', 'password': 'PASSWORD'},
        'wrong token': {'http': nginx.url('/bearer'), 'bearer_token': 'TOKEN'},
    }
    done = run_checks(toolkit, checks)
    for name in checks:
        command = done[name]['evidence']['command']
        ran = subprocess.run(['bash', '-c', command], capture_output=True, text=True, errors='replace', timeout=60, check=False)
        statuses = re.findall(r'^< HTTP/\S+ (\d+)', ran.stderr, re.MULTILINE)
        assert statuses and int(statuses[-1]) == done[name]['values']['status'], f'{command}\n{ran.stderr}'


def test_bad_settings(toolkit, nginx):
    url = nginx.url('/')
    bad = [
        ({'http': 'ftp://127.0.0.1/'}, "scheme 'ftp'"),
        ({'http': url, 'method': 'GET /'}, "'GET /' is no HTTP method"),
        ({'http': url, 'headers': {'X Y': '1'}}, "'X Y' is no header name"),
        ({'http': url, 'headers': {'X-Y': '1\r\nX-Z: 2'}}, "header 'X-Y' has a line break in its value"),
        ({'http': url, 'body': 'x', 'body_file': '/etc/hostname'}, 'give body or body_file, not both'),
        ({'http': url, 'body_file': '/no/such/file'}, "'/no/such/file'"),
        ({'http': url, 'password': 'x'}, 'password without username'),
        ({'http': url, 'username': 'x', 'bearer_token': 'y'}, 'not both'),
        ({'http': url, 'tls': {'key_file': '/x'}}, 'tls.key_file without tls.cert_file'),
        ({'http': url, 'http_version': '3'}, 'http_version'),
        ({'http': url, 'resolve': 'localhost'}, "'localhost' is no IP address"),
        ({'http': url, 'expect': {'status': ['299-200']}}, 'begins above its end'),
        ({'http': url, 'expect': {'body': ['(']}}, 'body'),
        ({'http': url, 'expect': {'json': {'status': 'ok'}}}, 'status'),
        ({'http': url, 'expect': {'stauts': [200]}}, "'status'"),
    ]
    toolkit.config(json.dumps({'checks': [{'name': str(i), **settings} for i, (settings, _) in enumerate(bad)]}, indent=1))
    done = toolkit('check')
    assert done.exit_code == 2
    assert done.stdout == ''
    for _, text in bad:
        assert text in done.stderr
