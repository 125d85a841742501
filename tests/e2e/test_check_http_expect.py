"""The kind http: what an answer must be, and thresholds on what was measured."""
import pytest
from many_checks import assert_checks, run_checks

FINE = 'status 200 in …, …B'


def test_status(toolkit, nginx):
    def status(code, expected):
        return {'http': nginx.url(f'/status/{code}'), 'redirects': 0, 'expect': {'status': expected} if expected else {}}
    cases = {f'{code} of {expected}': (status(code, expected), 'ok', f'status {code} in …') for code, expected in [
        (200, None), (204, None), (299, None), (404, [404]), (404, ['200-299', 404]), (301, ['300-399']), (599, ['100-599']),
        (503, ['500-599', '200-204']), (200, [200, 200])]}
    cases.update({f'{code} not of {expected}': (status(code, expected), 'status_mismatch', f'status {code}, expected {text}')
                  for code, expected, text in [
                      (404, None, '200-299'), (301, None, '200-299'), (500, None, '200-299'), (200, [404], '404'),
                      (200, ['201-204', 404], '201-204, 404'), (300, ['200-299'], '200-299')]})
    done = assert_checks(toolkit, cases)
    assert done['404 not of None']['evidence']['body'] == r'status 404\n'


def test_headers(toolkit, nginx):
    url = nginx.url('/headers')

    def wanted(**expect):
        return {'http': url, 'expect': expect}
    assert_checks(toolkit, {
        'there': (wanted(headers={'x-version': r'^1\.2\.3$', 'Content-Type': 'text/'}), 'ok', FINE),
        'any value': (wanted(headers={'Date': ''}), 'ok', FINE),
        'case of the value': (wanted(headers={'Content-Security-Policy': "(?i)DEFAULT-SRC 'SELF'"}), 'ok', FINE),
        'another value': (wanted(headers={'X-Version': '^2'}), 'header_mismatch', "header X-Version is '1.2.3', expected '^2'"),
        'missing': (wanted(headers={'X-Missing': '.'}), 'header_mismatch', "header X-Missing is missing, expected '.'"),
        'not there': (wanted(headers_not={'X-Powered-By': '.'}), 'ok', FINE),
        'not so': (wanted(headers_not={'Server': r'\d'}), 'ok', FINE),
        'but so': (wanted(headers_not={'X-Version': '1'}), 'header_mismatch',
                   "header X-Version is '1.2.3', which must not match '1'"),
    })


def test_body(toolkit, nginx):
    def wanted(path='/text', **expect):
        return {'http': nginx.url(path), 'expect': expect}
    done = assert_checks(toolkit, {
        'one': (wanted(body=['healthy']), 'ok', FINE),
        'several': (wanted(body=['^service is', r'(?m)^queue length: \d+$', '(?i)VERSION']), 'ok', FINE),
        'not': (wanted(body_not=['(?i)error', 'unhealthy']), 'ok', FINE),
        'one misses': (wanted(body=['healthy', 'version 2']), 'body_mismatch', "the body does not match 'version 2'"),
        'one matches': (wanted(body_not=['error', 'queue']), 'body_mismatch', "the body matches 'queue'"),
        'too much work': (wanted('/bytes/100000', body=[r'(?s)^(\w|\w\w|.)*\d$']), 'body_mismatch', 'matching takes too much work …'),
        'of an empty one': (wanted('/status/204', body=['.']), 'body_mismatch', "the body does not match '.'"),
        'empty': (wanted('/status/204', body=['^$']), 'ok', 'status 204 in …, 0 B'),
    })
    assert done['one misses']['evidence']['body'].startswith('service is healthy\\nqueue')


# pointer, expectation, what the message says of it (None: it is met).
JSON = [
    ('/status', 'ok', None), ('/status', '== ok', None), ('/status', '!= bad', None), ('/status', '~ ^o', None),
    ('/status', 'exists', None), ('/count', '3', None), ('/count', '3.0', None), ('/count', '>= 3', None), ('/count', '<= 3', None),
    ('/count', '> 2', None), ('/count', '< 4', None), ('/count', '~ ^3$', None), ('/ratio', '0.5', None), ('/ratio', '!= 0.25', None),
    ('/enabled', 'true', None), ('/nothing', 'null', None), ('/nothing', 'exists', None), ('/checks/db/healthy', 'true', None),
    ('/checks/db/latency_ms', '< 50', None), ('/items/0', 'first', None), ('/items/2/name', 'third', None), ('/items/3', 'missing', None),
    ('/items', 'exists', None), ('/a~1b', '1', None), ('/m~0n', '2', None), ('/', 'empty key', None), ('/café', '✓', None),
    ('/gone', 'missing', None), ('/items', '!= first', None),
    ('/status', 'bad', "'ok', expected 'bad'"), ('/status', '!= ok', "'ok', expected '!= ok'"), ('/status', '~ x', "'ok', expected '~ x'"),
    ('/status', '> 1', "'ok', expected '> 1'"), ('/status', 'missing', "'ok', expected 'missing'"),
    ('/count', '> 3', "'3', expected '> 3'"), ('/count', '< 3', "'3', expected '< 3'"), ('/count', '>= 4', "'3', expected '>= 4'"),
    ('/count', '<= 2', "'3', expected '<= 2'"), ('/count', '4', "'3', expected '4'"), ('/count', '!= 3', "'3', expected '!= 3'"),
    ('/ratio', '< 0.5', "'0.5', expected '< 0.5'"), ('/enabled', 'false', "'true', expected 'false'"),
    ('/nothing', 'missing', "'null', expected 'missing'"), ('/checks/queue/healthy', 'true', "'false', expected 'true'"),
    ('/gone', 'exists', "missing, expected 'exists'"), ('/gone', '!= x', "missing, expected '!= x'"), ('/gone/x', '1', "missing, expected '1'"),
    ('/items/3', 'first', "missing, expected 'first'"), ('/items/first', 'exists', "missing, expected 'exists'"),
    ('/items', 'first', "'an array', expected 'first'"), ('/checks', '~ .', "'an object', expected '~ .'"),
]


def test_json(toolkit, nginx):
    cases = {}
    for pointer, expected, wrong in JSON:
        settings = {'http': nginx.url('/json'), 'expect': {'json': {pointer: expected}}}
        cases[f'{pointer} {expected}'] = (settings, 'ok', FINE) if wrong is None else (
            settings, 'json_mismatch', f'JSON {pointer} is {wrong}')
    cases['numbers as they are'] = ({'http': nginx.url('/json'), 'expect': {'json': {'/count': 3, '/ratio': 0.5, '/enabled': True}}},
                                    'ok', FINE)
    cases['the first that is wrong'] = ({'http': nginx.url('/json'), 'expect': {'json': {'/status': 'ok', '/count': '4', '/ratio': '1'}}},
                                        'json_mismatch', "JSON /count is '3', expected '4'")
    assert_checks(toolkit, cases)


def test_what_is_no_json(toolkit, nginx):
    def wanted(path, **more):
        return {'http': nginx.url(path), 'expect': {'json': {'/status': 'ok'}}, **more}
    done = assert_checks(toolkit, {
        'broken': (wanted('/json/broken'), 'json_mismatch', 'the body is no JSON (line 1: …)'),
        'text': (wanted('/text'), 'json_mismatch', 'the body is no JSON (line 1: …)'),
        'empty': (wanted('/status/204'), 'json_mismatch', 'the body is no JSON (…)'),
        'binary': (wanted('/binary'), 'json_mismatch', 'the body is no JSON (…)'),
        'cut off by body_max': (wanted('/json', body_max=100), 'json_mismatch', 'the body is no JSON (…)'),
        'not asked for': ({'http': nginx.url('/json/broken')}, 'ok', FINE),
    })
    assert done['broken']['evidence']['body'] == '{"status": '


def test_size(toolkit, nginx):
    def sized(threshold, path='/bytes/2048'):
        return {'http': nginx.url(path), 'expect': {'size': threshold}}
    assert_checks(toolkit, {
        'right': (sized('< 2048'), 'ok', 'status 200 in …, 2.0 KiB'),
        'too small': (sized('< 2049'), 'size_mismatch', 'the body has 2048 bytes, below …'),
        'too large': (sized('> 2K', '/bytes/2049'), 'size_mismatch', 'the body has 2049 bytes, above …'),
        'counted beyond body_max': ({**sized('> 2000'), 'body_max': 10}, 'size_mismatch', 'the body has 2048 bytes, above …'),
    })


def test_order(toolkit, nginx):
    """Status, headers, body, JSON, size: the first that is not met is told."""
    expect = {'size': '< 1M', 'json': {'/status': 'bad'}, 'body': ['nowhere'], 'headers': {'X-Missing': '.'}, 'status': [404]}
    order = [('status', 'status_mismatch'), ('headers', 'header_mismatch'), ('body', 'body_mismatch'), ('json', 'json_mismatch'),
             ('size', 'size_mismatch')]
    cases = {}
    for name, code in order:
        cases[name] = ({'http': nginx.url('/json'), 'expect': dict(expect)}, code, '…')
        del expect[name]
    assert_checks(toolkit, cases)


@pytest.mark.parametrize('kind', ['warning', 'critical'])
def test_thresholds(toolkit, nginx, kind):
    slow = {'http': nginx.url('/slow/300')}
    cases = {}
    for name in ('total_seconds', 'first_byte_seconds'):
        cases[f'{name} exceeded'] = ({**slow, kind: {name: 0.2}}, kind, 'threshold_exceeded',
                                     f'{name} … ({kind} above 200 ms); status 200 in …')
        cases[f'{name} kept'] = ({**slow, kind: {name: '20s'}}, 'ok', FINE)
    cases['size'] = ({'http': nginx.url('/bytes/5000'), kind: {'size_bytes': '> 4K'}}, kind, 'threshold_exceeded', 'size_bytes 4.9 KiB …')
    cases['redirects'] = ({'http': nginx.url('/redirect/2'), kind: {'redirects': 1}}, kind, 'threshold_exceeded', 'redirects 2 …')
    # What fails by itself is not judged milder because a threshold is exceeded too.
    cases['fails'] = ({'http': nginx.url('/status/500'), kind: {'total_seconds': 0.000001}}, 'critical', 'status_mismatch',
                      'status 500, expected 200-299…')
    assert_checks(toolkit, cases)


def test_on_the_command_line(toolkit, nginx):
    url = nginx.url('/json')
    good = toolkit('check', url, '--set', 'expect.json./status=ok', '--set', 'expect.json./checks/db/latency_ms=< 50')
    assert good.exit_code == 0
    bad = toolkit('check', url, '--set', 'expect.json./count=4')
    assert bad.exit_code == 1
    assert "JSON /count is '3', expected '4'" in bad.stdout
    slow = toolkit('check', nginx.url('/slow/200'), '--critical', 'total_seconds=0.1')
    assert slow.exit_code == 1
    assert 'total_seconds' in slow.stdout


def test_attempts(toolkit, nginx):
    """A failure is tried again as often as it was asked for."""
    done = run_checks(toolkit, {'bad': {'http': nginx.url('/status/500'), 'attempts': 3}, 'good': {'http': nginx.url('/'), 'attempts': 3}},
                      '--attempt-pause', '10ms')
    assert (done['bad']['attempts'], done['good']['attempts']) == (3, 1)
