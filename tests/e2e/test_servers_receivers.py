"""The receivers of alerts do what the services that they stand for document: each limit, each refusal, each way
to go wrong.  They are asked by Python's own HTTP client, and the real Alertmanager by amtool."""
import base64
import concurrent.futures
import email.utils
import http.client
import json
import re
import ssl
import time
import urllib.parse

import pytest
import servers
from servers import Fault
from servers.base import START_SECONDS, wait_until
from servers.limits import Bucket, Window


def connected(url, context=None):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == 'https':
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=60, context=context)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)


def post(url, body, headers=None, method='POST', connection=None, context=None):
    """(status, headers, body) of the answer; a body that is not bytes or text is sent as JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    own = connection or connected(url, context)
    try:
        parts = urllib.parse.urlsplit(url)
        path = parts.path + (f'?{parts.query}' if parts.query else '')
        own.request(method, path or '/', body, {'Content-Type': 'application/json', **(headers or {})})
        answer = own.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        if connection is None:
            own.close()


def said(url, body, **options):
    """(status, body) of the answer; the body read as JSON where it is some."""
    status, headers, text = post(url, body, **options)
    return status, json.loads(text) if headers.get_content_type() == 'application/json' else text


# --- limits ---------------------------------------------------------------------------------------

class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_bucket():
    clock = Clock()
    bucket = Bucket(per_second=2, burst=3, clock=clock)
    assert [bucket.wait('a') for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.wait('b') == 0
    clock.now += 0.5
    assert [bucket.wait('a') for _ in range(2)] == [0, 0.5]
    clock.now += 60
    assert [bucket.wait('a') for _ in range(4)] == [0, 0, 0, 0.5]


def test_window():
    clock = Clock()
    window = Window(2, 10, clock=clock)
    assert window.wait() == 0
    clock.now += 4
    assert [window.wait(), window.wait()] == [0, 6]
    clock.now += 6
    assert [window.wait(), window.wait()] == [0, 4]


# --- what all have in common ----------------------------------------------------------------------

def test_receiver_keeps_what_comes(receiver):
    connection = connected(receiver.url)
    for i in range(3):
        assert post(f'{receiver.url}/a/b?x=1&y=', f'body {i}', {'X-Thing': 'Value'}, connection=connection)[0] == 200
    assert receiver.connected == 1
    request = receiver.requests[2]
    assert (request.method, request.path, request.query) == ('POST', '/a/b', {'x': '1', 'y': ''})
    assert (request.body, request.headers['x-thing'], request.status, request.taken) == (b'body 2', 'Value', 200, True)
    assert receiver.requests[0].when <= request.when <= time.monotonic()
    assert receiver.log().splitlines() == ['POST /a/b 200'] * 3
    receiver.forget()
    assert receiver.requests == [] and receiver.log() == ''


def test_receiver_reads_any_body(receiver):
    connection = connected(receiver.url)
    connection.request('POST', '/', iter([b'one ', b'two ' * 9000, b'three']), encode_chunked=True)
    assert connection.getresponse().read() == b'ok'
    assert receiver.requests[0].body == b'one ' + b'two ' * 9000 + b'three'
    assert post(receiver.url, b'x' * 5_000_000)[0] == 200
    assert len(receiver.requests[1].body) == 5_000_000


def test_receiver_says_continue(receiver):
    connection = connected(receiver.url)
    connection.connect()
    connection.sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    assert connection.sock.recv(100) == b'HTTP/1.1 100 Continue\r\n\r\n'
    connection.sock.sendall(b'body')
    assert connection.sock.recv(1000).startswith(b'HTTP/1.1 200 OK\r\n')


@pytest.mark.parametrize('head', [b'nonsense\r\n\r\n', b'POST / HTTP/1.1\r\nno colon\r\n\r\n',
                                  b'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', b'x' * 70_000])
def test_receiver_refuses_what_is_no_http(receiver, head):
    connection = connected(receiver.url)
    connection.connect()
    connection.sock.sendall(head)
    assert connection.sock.recv(1000).startswith(b'HTTP/1.1 400 ')


def test_receiver_over_tls(pki):
    with servers.Receiver(tls=pki['good']) as receiver:
        context = ssl.create_default_context(cafile=str(pki.root.cert))
        assert post(receiver.url, 'x', context=context)[0] == 200
        receiver.will(Fault.reset())
        with pytest.raises(OSError):
            post(receiver.url, 'x', context=context)
        with pytest.raises(ssl.SSLCertVerificationError):
            post(receiver.url, 'x')


def test_receiver_is_quick(receiver):
    """A storm must not wait for its receiver."""
    def sender(_):
        connection = connected(receiver.url)
        for _ in range(250):
            post(receiver.url, '{}', connection=connection)
    began = time.process_time()  # what others do at the same time does not count
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(sender, range(4)))
    assert len(receiver.taken) == 1000
    assert time.process_time() - began < 5


# --- faults ---------------------------------------------------------------------------------------

def test_planned_statuses(receiver):
    receiver.will(Fault.status(503, {'X-Why': 'tests'}, 'busy'), times=2)
    receiver.will(Fault.status(404))
    receiver.will(Fault.body('no_text'))
    answers = [post(receiver.url, 'x') for _ in range(5)]
    assert [(answer[0], answer[2]) for answer in answers] == [(503, 'busy'), (503, 'busy'), (404, ''), (200, 'no_text'), (200, 'ok')]
    assert answers[0][1]['X-Why'] == 'tests'
    assert [request.taken for request in receiver.requests] == [False] * 4 + [True]
    assert receiver.requests[0].fault == 'status 503' and receiver.requests[4].fault == ''
    receiver.will(Fault.status(500), times=None)
    assert [post(receiver.url, 'x')[0] for _ in range(3)] == [500] * 3
    receiver.behaves()
    assert post(receiver.url, 'x')[0] == 200


def test_retry_after(receiver):
    receiver.will(Fault.status(429))
    receiver.will(Fault.retry_after(7))
    receiver.will(Fault.retry_after(7, status=503, as_date=True))
    began = time.time()
    assert 'Retry-After' not in post(receiver.url, 'x')[1]
    status, headers, _ = post(receiver.url, 'x')
    assert (status, headers['Retry-After']) == (429, '7')
    status, headers, _ = post(receiver.url, 'x')
    when = email.utils.parsedate_to_datetime(headers['Retry-After']).timestamp()
    assert status == 503 and began + 7 < when <= time.time() + 8


@pytest.mark.parametrize('fault, error, taken', [
    (Fault.reset_unread(), ConnectionResetError, False), (Fault.reset(), ConnectionResetError, False),
    (Fault.reset(taken=True), ConnectionResetError, True), (Fault.close(), http.client.RemoteDisconnected, False),
    (Fault.close(taken=True), http.client.RemoteDisconnected, True), (Fault.half(), http.client.IncompleteRead, True),
    (Fault.half(taken=False), http.client.IncompleteRead, False), (Fault.never(), TimeoutError, False)])
def test_lost_answers(receiver, fault, error, taken):
    receiver.will(fault)
    connection = connected(receiver.url)
    if error is TimeoutError:
        connection.timeout = 0.3
    with pytest.raises(error):
        post(receiver.url, 'x' * 100_000, connection=connection)
    wait_until(lambda: receiver.requests[0].fault, START_SECONDS, 'the fault')
    assert [(request.taken, request.fault) for request in receiver.requests] == [(taken, fault.name)]
    assert len(receiver.requests[0].body) == (0 if fault.unread else 100_000)
    assert post(receiver.url, 'x')[0] == 200


def test_half_a_head():
    """Where the answer has no body, its head is cut."""
    with servers.Webhook(secrets=()) as webhook:
        webhook.will(Fault.half())
        connection = connected(webhook.url)
        connection.connect()
        connection.sock.sendall(b'POST /hook HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
        assert connection.sock.makefile('rb').read() == b'HTTP/1.1 204 '


def test_slow_answers(receiver):
    receiver.will(Fault.slow(0.3))
    receiver.will(Fault.status(500, delay=0.2))
    began = time.monotonic()
    assert post(receiver.url, 'x')[0] == 200
    assert time.monotonic() - began >= 0.3
    assert post(receiver.url, 'x')[0] == 500
    assert time.monotonic() - began >= 0.5


def test_latency(receiver):
    waits = iter([0.2, 0])
    receiver.latency = lambda: next(waits)
    began = time.monotonic()
    assert post(receiver.url, 'x')[0] == 200
    assert 0.2 <= time.monotonic() - began
    post(receiver.url, 'x')
    receiver.latency = 1
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: post(receiver.url, 'x'), range(20)))
    assert 1 <= time.monotonic() - began < 20  # one after the other


def test_random_faults(receiver):
    def statuses():
        receiver.forget()
        receiver.fails_at_random(1 / 3, [Fault.status(500), Fault.status(429)], seed=11)
        connection = connected(receiver.url)
        for _ in range(300):
            post(receiver.url, 'x', connection=connection)
        return receiver.statuses()
    first = statuses()
    assert 70 < 300 - first.count(200) < 130 and first.count(500) > 20 and first.count(429) > 20
    assert statuses() == first


def test_violations(slack):
    assert said(slack.webhook, {'text': 'well'}) == (200, 'ok')
    assert slack.violations() == []
    said(slack.webhook, {'text': 'well', 'colour': 'red'})
    said(slack.webhook, 'no JSON')
    found = slack.violations()
    assert len(found) == 2 and "'colour' was unexpected" in found[0] and 'no JSON' in found[1]
    assert slack.violations() == found


# --- Slack ----------------------------------------------------------------------------------------

def section(size, count=1):
    return [{'type': 'section', 'text': {'type': 'mrkdwn', 'text': 'x' * size}} for _ in range(count)]


def fields(count, size):
    return [{'type': 'section', 'fields': [{'type': 'mrkdwn', 'text': 'x' * size}] * count}]


def header(size):
    return [{'type': 'header', 'text': {'type': 'plain_text', 'text': 'x' * size}}]


@pytest.fixture
def patient_slack():
    """Without its limit of one a second."""
    with servers.Slack(limit=None) as slack:
        yield slack


@pytest.mark.parametrize('message', [
    {'text': 'x' * 40_000}, {'blocks': header(150)}, {'blocks': section(3000)}, {'blocks': section(10, 50)},
    {'blocks': fields(5, 2000)}, {'blocks': fields(10, 1000)}, {'text': 'x', 'attachments': [{'text': 'y'}] * 100},
    {'text': 'x', 'attachments': [{'color': color, 'text': 'y'} for color in ('good', 'warning', 'danger', '#ff00AA')]},
    {'text': 'x', 'attachments': [{'color': 'danger', 'blocks': section(3000, 4), 'fallback': 'x'}]},
    {'text': 'x', 'attachments': [{'color': 'danger', 'fields': [{'title': 'a', 'value': 'b'}], 'footer': 'f', 'ts': 1700000000}]}])
def test_slack_posts(patient_slack, message):
    assert said(patient_slack.webhook, message) == (200, 'ok')
    assert patient_slack.messages == [message]


@pytest.mark.parametrize('message, word', [
    ('{"text": ', 'invalid_payload'), ('[]', 'invalid_payload'), ({'text': 7}, 'invalid_payload'), (b'{"text": "\xff"}', 'invalid_payload'),
    ({}, 'no_text'), ({'text': ''}, 'no_text'), ({'blocks': []}, 'no_text'), ({'attachments': []}, 'no_text'),
    ({'text': 'x', 'attachments': [{'text': 'y'}] * 101}, 'too_many_attachments'),
    ({'text': 'x', 'attachments': {}}, 'invalid_attachments'), ({'text': 'x', 'attachments': [{}]}, 'invalid_attachments'),
    ({'text': 'x', 'attachments': [{'color': 'red', 'text': 'y'}]}, 'invalid_attachments'),
    ({'text': 'x', 'attachments': [{'blocks': section(10), 'footer': 'f'}]}, 'invalid_attachments'),
    ({'blocks': section(10, 51)}, 'invalid_blocks'), ({'blocks': section(0)}, 'invalid_blocks'),
    ({'blocks': section(3001)}, 'invalid_blocks'), ({'blocks': header(151)}, 'invalid_blocks'), ({'blocks': header(0)}, 'invalid_blocks'),
    ({'blocks': fields(11, 10)}, 'invalid_blocks'), ({'blocks': fields(1, 2001)}, 'invalid_blocks'), ({'blocks': fields(0, 1)}, 'invalid_blocks'),
    ({'blocks': [{'type': 'marquee'}]}, 'invalid_blocks'), ({'blocks': [{'type': 'section'}]}, 'invalid_blocks'),
    ({'blocks': [{'type': 'divider', 'block_id': 'x' * 256}]}, 'invalid_blocks'),
    ({'blocks': [{'type': 'divider', 'block_id': 'x'}] * 2}, 'invalid_blocks'),
    ({'blocks': section(2700, 5)}, 'msg_blocks_too_long'),
    ({'text': 'x', 'attachments': [{'blocks': section(2700, 5)}]}, 'msg_blocks_too_long')])
def test_slack_refuses(patient_slack, message, word):
    assert said(patient_slack.webhook, message) == (400, word)
    assert patient_slack.messages == []


@pytest.mark.parametrize('word', servers.slack.ERRORS)
def test_slack_errors(patient_slack, word):
    other = patient_slack.add_webhook()
    patient_slack.goes_wrong(word, patient_slack.webhook)
    assert said(patient_slack.webhook, {'text': 'x'}) == (servers.slack.ERRORS[word], word)
    assert said(other, {'text': 'x'}) == (200, 'ok')
    patient_slack.goes_wrong('')
    assert said(patient_slack.webhook, {'text': 'x'}) == (200, 'ok')


@pytest.mark.parametrize('path, word', [('/services/T1/B1/x1', 'no_service'), ('/services/T1', 'no_team')])
def test_slack_does_not_know(patient_slack, path, word):
    assert said(patient_slack.url + path, {'text': 'x'}) == (404, word)


def test_slack_is_called_too_often(slack):
    clock = slack.limit.clock = Clock()
    other = slack.add_webhook()
    assert [post(slack.webhook, {'text': 'x'})[0] for _ in range(4)] == [200] * 4
    status, headers, body = post(slack.webhook, {'text': 'x'})
    assert (status, headers['Retry-After'], json.loads(body)) == (429, '1', {'retry_after': 1, 'ok': False, 'error': 'rate_limited'})
    assert post(other, {'text': 'x'})[0] == 200
    clock.now += 1
    assert post(slack.webhook, {'text': 'x'})[0] == 200
    assert len(slack.messages) == 6


def test_slack_hears_pings(patient_slack):
    said(patient_slack.webhook, {'text': 'a &lt;!channel&gt; <https://x.test|link>', 'attachments': [{'title': '<!date^1^{date}|x>', 'text': 'b'}]})
    assert patient_slack.pings == []
    said(patient_slack.webhook, {'text': 'x', 'attachments': [{'color': 'good', 'blocks': [
        {'type': 'section', 'text': {'type': 'mrkdwn', 'text': '<!here> <@U123> <!channel|c>'}}]}]})
    assert patient_slack.pings == ['<!here>', '<@U123>', '<!channel|c>']


# --- PagerDuty ------------------------------------------------------------------------------------

def event(action='trigger', dedup_key='k', summary='disk full', **more):
    made = {'routing_key': servers.pagerduty.KEY, 'event_action': action, 'dedup_key': dedup_key,
            'payload': {'summary': summary, 'source': 'web-01', 'severity': 'critical'}, **more}
    return {name: value for name, value in made.items() if value is not None}


def payload(**more):
    return event(payload={**event()['payload'], **more})


def test_pagerduty_incidents(pagerduty):
    def send(*args, **more):
        assert said(pagerduty.enqueue, event(*args, **more)) == (
            202, {'status': 'success', 'message': 'Event processed', 'dedup_key': args[1]})
    send('resolve', 'k')
    send('acknowledge', 'k')
    assert len(pagerduty.dropped) == 2 and pagerduty.incidents == []
    send('trigger', 'k')
    send('trigger', 'k', summary='fuller')
    send('trigger', 'other')
    assert [(one.dedup_key, one.status, len(one.events), one.calls) for one in pagerduty.incidents] == [
        ('k', 'triggered', 2, 1), ('other', 'triggered', 1, 1)]
    send('acknowledge', 'k')
    send('trigger', 'k')
    assert pagerduty.incidents[0].status == 'acknowledged' and pagerduty.incidents[0].calls == 1
    send('resolve', 'k')
    assert [one.status for one in pagerduty.incidents] == ['resolved', 'triggered']
    send('trigger', 'k')
    assert [one.dedup_key for one in pagerduty.incidents] == ['k', 'other', 'k']
    assert [one.dedup_key for one in pagerduty.open()] == ['other', 'k']
    pagerduty.acknowledge('other')
    assert pagerduty.incidents[1].status == 'acknowledged'
    assert pagerduty.violations() == []


def test_pagerduty_makes_a_key(pagerduty):
    status, answer = said(pagerduty.enqueue, event(dedup_key=None))
    assert status == 202 and answer['dedup_key'] == pagerduty.incidents[0].dedup_key
    assert pagerduty.violations() == ["POST /v2/enqueue: (all): 'dedup_key' is a required property"]


def test_pagerduty_keys_are_worlds(pagerduty):
    other = 'f' * 32
    pagerduty.keys.add(other)
    said(pagerduty.enqueue, event())
    said(pagerduty.enqueue, event('resolve', routing_key=other))
    assert pagerduty.incidents[0].status == 'triggered' and len(pagerduty.dropped) == 1


@pytest.mark.parametrize('body', [
    payload(summary='x' * 1024), payload(severity='error'), payload(timestamp='2025-07-01T08:00:00.123Z', component='c', group='g'),
    payload(custom_details={'x': 'y' * 511_000}), event(dedup_key='k' * 255),
    event(images=[{'src': 'https://x.test/a.png'}], links=[{'href': 'https://x.test', 'text': 'runbook'}])])
def test_pagerduty_accepts(pagerduty, body):
    assert said(pagerduty.enqueue, body)[0] == 202
    assert pagerduty.violations() == []


@pytest.mark.parametrize('body, error', [
    (event(routing_key='short'), "Length of 'routing_key' is incorrect (should be 32 characters)"),
    (event(routing_key='0' * 32), 'Invalid routing key'),
    (event('shout'), "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"),
    (event(dedup_key='k' * 256), "'dedup_key' is too long (maximum is 255 characters)"),
    (event('resolve', None), "'dedup_key' is missing or blank"), (event(payload=None), "'payload' is missing or blank"),
    (payload(summary=''), "'summary' is missing or blank"), (payload(source=None), "'source' is missing or blank"),
    (payload(summary='x' * 1025), "'summary' is too long (maximum is 1024 characters)"),
    (payload(severity='fatal'), "'severity' is invalid (must be one of the following: 'critical', 'error', 'warning', 'info')"),
    (payload(timestamp='yesterday'), "'timestamp' is invalid (must be in ISO 8601)"),
    (payload(custom_details=[]), "'custom_details' is no object"), (payload(component=1), "'component' is not a string"),
    (event(images=[{'src': 'http://x.test'}]), "the 'src' of an image must be https"), (event(links=[{}]), "each of 'links' needs 'href'"),
    ('no JSON', 'the event is no JSON'), ('[]', 'the event is no object')])
def test_pagerduty_refuses(pagerduty, body, error):
    assert said(pagerduty.enqueue, body) == (400, {'status': 'invalid event', 'message': 'Event object is invalid', 'errors': [error]})
    assert pagerduty.incidents == [] and pagerduty.taken == []


def test_pagerduty_size(pagerduty):
    empty = len(json.dumps(payload(custom_details={'x': ''})))
    assert said(pagerduty.enqueue, payload(custom_details={'x': 'y' * (512_000 - empty)}))[0] == 202
    assert said(pagerduty.enqueue, payload(custom_details={'x': 'y' * (512_001 - empty)}))[0] == 400


def test_pagerduty_is_called_too_often(pagerduty):
    clock = Clock()
    pagerduty.limit.clock = clock
    connection = connected(pagerduty.url)
    pagerduty.keys.add('f' * 32)

    def send(**more):
        return post(pagerduty.enqueue, event(**more), connection=connection)
    assert [send()[0] for _ in range(120)] == [202] * 120
    status, headers, body = send(dedup_key='new')
    assert status == 429 and 'Retry-After' not in headers and json.loads(body)['status'] == 'throttle exceeded'
    assert len(pagerduty.incidents) == 1
    assert send(routing_key='f' * 32)[0] == 202
    clock.now += 60
    assert send(dedup_key='new')[0] == 202


@pytest.mark.parametrize('path, method, status', [('/v1/enqueue', 'POST', 404), ('/v2/enqueue', 'GET', 405)])
def test_pagerduty_elsewhere(pagerduty, path, method, status):
    assert post(pagerduty.url + path, event(), method=method)[0] == status


# --- Discord --------------------------------------------------------------------------------------

NO_MENTIONS = {'allowed_mentions': {'parse': []}}


def embeds(**embed):
    return {'embeds': [embed], **NO_MENTIONS}


@pytest.mark.parametrize('message', [
    {'content': 'x' * 2000, **NO_MENTIONS}, {'embeds': [{'title': 'x'}] * 10, **NO_MENTIONS}, embeds(title='x' * 256),
    embeds(description='x' * 4096), embeds(fields=[{'name': 'n', 'value': 'v', 'inline': True}] * 25),
    embeds(fields=[{'name': 'n' * 256, 'value': 'v' * 1024}]), embeds(footer={'text': 'x' * 2048}),
    {'embeds': [{'description': 'x' * 4000}, {'description': 'x' * 2000}], **NO_MENTIONS},
    embeds(title='x', color=0xff0000, timestamp='2025-07-01T08:00:00.000Z', url='https://x.test')])
def test_discord_posts(discord, message):
    assert said(discord.webhook, message) == (204, '')
    assert said(f'{discord.webhook}?wait=true', message)[1]['type'] == 0
    assert discord.messages == [message] * 2
    assert discord.violations() == []


TOO_LONG = 'BASE_TYPE_MAX_LENGTH'


@pytest.mark.parametrize('message, path, code', [
    ({'content': 'x' * 2001}, 'content', TOO_LONG), ({'embeds': [{'title': 'x'}] * 11}, 'embeds', TOO_LONG),
    (embeds(title='x' * 257), 'embeds/0/title', TOO_LONG), (embeds(description='x' * 4097), 'embeds/0/description', TOO_LONG),
    (embeds(footer={'text': 'x' * 2049}), 'embeds/0/footer/text', TOO_LONG),
    (embeds(author={'name': 'x' * 257}), 'embeds/0/author/name', TOO_LONG),
    (embeds(fields=[{'name': 'n', 'value': 'v'}] * 26), 'embeds/0/fields', TOO_LONG),
    (embeds(fields=[{'name': 'n' * 257, 'value': 'v'}]), 'embeds/0/fields/0/name', TOO_LONG),
    (embeds(fields=[{'name': 'n', 'value': 'v' * 1025}]), 'embeds/0/fields/0/value', TOO_LONG),
    (embeds(fields=[{'name': 'n', 'value': ''}]), 'embeds/0/fields/0/value', 'BASE_TYPE_REQUIRED'),
    ({'embeds': [{'description': 'x' * 4000}, {'description': 'x' * 2001}]}, 'embeds', 'MAX_EMBED_SIZE_EXCEEDED'),
    (embeds(title='x', color=0x1000000), 'embeds/0/color', 'NUMBER_TYPE_MAX'),
    (embeds(title='x', timestamp='now'), 'embeds/0/timestamp', 'DATE_TIME_TYPE_PARSE'),
    (embeds(title='x', url='x.test'), 'embeds/0/url', 'URL_TYPE_INVALID_URL'),
    ({'content': 'x', 'username': 'My Discord'}, 'username', 'USERNAME_INVALID_CONTAINS')])
def test_discord_refuses(discord, message, path, code):
    status, answer = said(discord.webhook, message)
    assert (status, answer['code'], answer['message']) == (400, 50035, 'Invalid Form Body')
    node = answer['errors']
    for part in path.split('/'):
        node = node[part]
    assert node['_errors'][0]['code'] == code
    assert discord.messages == []


def test_discord_errors(discord):
    assert said(discord.webhook, {}) == (400, {'message': 'Cannot send an empty message', 'code': 50006})
    assert said(discord.webhook, '{')[1]['code'] == 50109
    assert said(discord.webhook + 'x', {'content': 'x'}) == (401, {'message': 'Invalid Webhook Token', 'code': 50027})
    assert said(discord.url + '/api/webhooks/1/x', {'content': 'x'}) == (404, {'message': 'Unknown Webhook', 'code': 10015})
    assert said(discord.url + '/x', {'content': 'x'})[0] == 404
    discord.limit = None
    discord.gone = True
    assert said(discord.webhook, {'content': 'x'}) == (404, {'message': 'Unknown Webhook', 'code': 10015})


def test_discord_is_called_too_often(discord):
    clock = Clock()
    discord.limit.clock = clock
    assert [post(discord.webhook, {'content': 'x'})[0] for _ in range(5)] == [204] * 5
    clock.now += 0.5
    status, headers, body = post(discord.webhook, {'content': 'x'})
    assert (status, headers['Retry-After'], headers['X-RateLimit-Reset-After']) == (429, '2', '1.500')
    assert json.loads(body) == {'message': 'You are being rate limited.', 'retry_after': 1.5, 'global': False}
    clock.now += 1.5
    assert post(discord.webhook, {'content': 'x'})[0] == 204


def test_discord_hears_pings(discord):
    said(discord.webhook, {'content': '@everyone', **NO_MENTIONS})
    said(discord.webhook, {'embeds': [{'title': '@everyone'}]})
    assert discord.pings == []
    said(discord.webhook, {'content': 'x @here'})
    assert discord.pings == [{'content': 'x @here'}]


# --- Microsoft Teams ------------------------------------------------------------------------------

def card(**more):
    return {'type': 'message', 'attachments': [{'contentType': servers.teams.CARD, 'content': {
        '$schema': 'http://adaptivecards.io/schemas/adaptive-card.json', 'type': 'AdaptiveCard', 'version': '1.4',
        'body': [{'type': 'TextBlock', 'text': 'x', 'wrap': True}], **more}}]}


def test_teams_posts(teams):
    facts = {'type': 'FactSet', 'facts': [{'title': 'host', 'value': 'web-01'}]}
    button = {'type': 'Action.OpenUrl', 'title': 'runbook', 'url': 'https://x.test'}
    assert said(teams.webhook, card(body=[facts], actions=[button])) == (202, '')
    assert teams.cards[0]['body'] == [facts]
    assert teams.violations() == []


@pytest.mark.parametrize('message', [
    {'text': 'x'}, {'type': 'message'}, {'type': 'message', 'attachments': []}, '{', [],
    {'type': 'message', 'attachments': [{'contentType': 'text/html'}]}, card(type='Card'), card(version=1), card(body={})])
def test_teams_refuses(teams, message):
    status, answer = said(teams.webhook, message)
    assert (status, answer['error']['code']) == (400, 'TriggerInputSchemaMismatch')
    assert teams.cards == [] and teams.violations() != []


def test_teams_size(teams):
    empty = len(json.dumps(card(speak='')))
    assert said(teams.webhook, card(speak='x' * (28 * 1024 - empty)))[0] == 202
    assert said(teams.webhook, card(speak='x' * (28 * 1024 - empty + 1)))[0] == 413


def test_teams_errors(teams):
    assert said(teams.webhook + 'x', card())[1]['error']['code'] == 'DirectApiAuthorizationRequired'
    assert said(teams.url + '/workflows/x', card())[1]['error']['code'] == 'WorkflowNotFound'
    teams.off = True
    status, answer = said(teams.webhook, card())
    assert (status, answer['error']['code']) == (400, 'WorkflowTriggerIsNotEnabled')
    teams.gone = True
    assert said(teams.webhook, card())[0] == 404


def test_teams_is_called_too_often(teams):
    teams.limit.clock = Clock()
    assert [post(teams.webhook, card())[0] for _ in range(4)] == [202] * 4
    status, headers, body = post(teams.webhook, card())
    assert (status, headers['Retry-After']) == (429, '1') and 'Rate limit is exceeded' in json.loads(body)['message']


# --- ntfy -----------------------------------------------------------------------------------------

def test_ntfy_publishes_json(ntfy):
    message = {'topic': 'alerts', 'title': 'disk', 'message': 'x' * 4096, 'priority': 5, 'tags': ['warning'],
               'actions': [{'action': 'view', 'label': 'runbook', 'url': 'https://x.test'}]}
    status, answer = said(ntfy.url, message)
    assert status == 200 and answer['event'] == 'message' and answer['topic'] == 'alerts' and answer['id']
    assert ntfy.messages == [message] and ntfy.violations() == []


def test_ntfy_publishes_text(ntfy):
    assert said(ntfy.url + '/alerts', 'full', headers={'Title': 'disk', 'X-Priority': '4', 'Tags': 'a,b'})[0] == 200
    assert ntfy.messages == [{'topic': 'alerts', 'message': 'full', 'title': 'disk', 'priority': 4, 'tags': ['a', 'b']}]


@pytest.mark.parametrize('message, status, code', [
    ('{', 400, 40017), ('[]', 400, 40017), ({'message': 'x'}, 400, 40009), ({'topic': 'a b'}, 400, 40009),
    ({'topic': 'x' * 65}, 400, 40009), ({'topic': 't', 'priority': 6}, 400, 40007), ({'topic': 't', 'priority': 'high'}, 400, 40017),
    ({'topic': 't', 'tags': 'x'}, 400, 40017), ({'topic': 't', 'message': 'x' * 4097}, 400, 40014),
    ({'topic': 't', 'message': 'ü' * 2049}, 400, 40014), ({'topic': 't', 'message': 'x' * 9000}, 413, 41303),
    ({'topic': 't', 'actions': [{'action': 'view', 'label': 'l', 'url': 'https://x.test'}] * 4}, 400, 40018),
    ({'topic': 't', 'actions': [{'action': 'view', 'label': 'l'}]}, 400, 40018), ({'topic': 'secret'}, 403, 40301)])
def test_ntfy_refuses(ntfy, message, status, code):
    ntfy.read_only.add('secret')
    answer = said(ntfy.url, message if isinstance(message, str) else json.dumps(message, ensure_ascii=False).encode())
    assert (answer[0], answer[1]['code'], answer[1]['http']) == (status, code, status)
    assert ntfy.messages == []


def test_ntfy_wants_a_login(ntfy):
    ntfy.needs_login = True
    login = base64.b64encode(f'{ntfy.username}:{ntfy.password}'.encode()).decode()

    def status(headers):
        return said(ntfy.url, {'topic': 't', 'message': 'x'}, headers=headers)[0]
    assert status({}) == 403
    assert status({'Authorization': f'Bearer {ntfy.token}'}) == 200
    assert status({'Authorization': f'Basic {login}'}) == 200
    assert status({'Authorization': 'Bearer tk_other'}) == 401


def test_ntfy_is_called_too_often(ntfy):
    ntfy.limit.clock = Clock()
    connection = connected(ntfy.url)
    statuses = [post(ntfy.url, {'topic': 't', 'message': 'x'}, connection=connection)[0] for _ in range(61)]
    assert statuses == [200] * 60 + [429]


# --- Opsgenie -------------------------------------------------------------------------------------

def genie(opsgenie, path, body, key=None, **options):
    return said(opsgenie.url + path, body, headers={'Authorization': f'GenieKey {key or opsgenie.key}'}, **options)


def outcome(opsgenie, answer):
    return genie(opsgenie, f'/v2/alerts/requests/{answer["requestId"]}', '', method='GET')[1]['data']


def test_opsgenie_alerts(opsgenie):
    def act(path, body=None):
        status, answer = genie(opsgenie, path, body or {})
        assert (status, answer['result']) == (202, 'Request will be processed')
        return outcome(opsgenie, answer)['success']
    alert = {'message': 'disk full', 'alias': 'sre:1', 'priority': 'P1', 'details': {'host': 'web-01'}, 'tags': ['disk']}
    assert not act('/v2/alerts/sre%3A1/close?identifierType=alias')
    assert act('/v2/alerts', alert) and act('/v2/alerts', alert)
    assert [(one.alias, one.status, one.count) for one in opsgenie.alerts] == [('sre:1', 'open', 2)]
    assert act('/v2/alerts/sre%3A1/acknowledge?identifierType=alias', {'user': 'sre', 'note': 'looking'})
    assert opsgenie.alerts[0].acknowledged
    assert act('/v2/alerts/sre%3A1/close?identifierType=alias')
    assert opsgenie.open() == []
    assert act('/v2/alerts', alert)
    assert [one.status for one in opsgenie.alerts] == ['closed', 'open']
    assert opsgenie.violations() == []


@pytest.mark.parametrize('body, wrong', [
    ({}, 'message'), ({'message': 'x' * 131}, 'message'), ({'message': 'x', 'alias': 'x' * 513}, 'alias'),
    ({'message': 'x', 'description': 'x' * 15_001}, 'description'), ({'message': 'x', 'source': 'x' * 101}, 'source'),
    ({'message': 'x', 'priority': 'P6'}, 'priority'), ({'message': 'x', 'tags': ['t'] * 21}, 'tags'),
    ({'message': 'x', 'tags': ['t' * 51]}, 'tags'), ({'message': 'x', 'details': {'a': 1}}, 'details'),
    ({'message': 'x', 'details': {'a': 'x' * 8000}}, 'details'), ({'message': 7}, 'message')])
def test_opsgenie_refuses(opsgenie, body, wrong):
    status, answer = genie(opsgenie, '/v2/alerts', body)
    assert status == 422 and list(answer['errors']) == [wrong] and answer['requestId']
    assert opsgenie.alerts == []


def test_opsgenie_errors(opsgenie):
    assert genie(opsgenie, '/v2/alerts', {'message': 'x'}, key='other')[0] == 401
    assert said(opsgenie.url + '/v2/alerts', {'message': 'x'})[0] == 401
    assert genie(opsgenie, '/v2/alerts', '{')[0] == 400
    assert genie(opsgenie, '/v1/alerts', {})[0] == 404
    assert genie(opsgenie, '/v2/alerts/x/close', {})[1]['errors'] == {'identifierType': 'only aliases are known here'}
    opsgenie.may_write = False
    assert genie(opsgenie, '/v2/alerts', {'message': 'x'})[0] == 403


def test_opsgenie_is_called_too_often(opsgenie):
    opsgenie.limit.clock = Clock()
    connection = connected(opsgenie.url)
    headers = {'Authorization': f'GenieKey {opsgenie.key}'}
    answers = [post(opsgenie.url + '/v2/alerts', {'message': 'x', 'alias': 'a'}, headers, connection=connection) for _ in range(61)]
    assert [answer[0] for answer in answers] == [202] * 60 + [429]
    assert answers[60][1]['X-RateLimit-State'] == 'THROTTLED' and 'too many requests' in answers[60][2]


# --- webhooks that are signed ---------------------------------------------------------------------

VECTOR = ('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', b'{"test": 2432232314}',
          'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')


def test_webhook_signature():
    secret, ident, when, body, signature = VECTOR
    assert servers.webhook.sign(secret, ident, when, body) == signature


def signed(webhook, body=b'{}', ident='msg_1', when=0, secret=None, **more):
    when = str(int(time.time() + when))
    signature = servers.webhook.sign(secret or webhook.secret, ident, when, body)
    return {'webhook-id': ident, 'webhook-timestamp': when, 'webhook-signature': signature, **more}


def test_webhook_takes_what_is_signed(webhook):
    assert said(webhook.hook, b'{}', headers=signed(webhook)) == (204, '')
    good = signed(webhook, ident='msg_2')
    good['webhook-signature'] = f'v1,AAAA v1a,BBBB {good["webhook-signature"]}'
    assert said(webhook.hook, b'{}', headers=good)[0] == 204
    assert said(webhook.hook, b'{}', headers=signed(webhook, when=-200))[0] == 204
    assert (webhook.ids, webhook.unique_ids) == (['msg_1', 'msg_2', 'msg_1'], ['msg_1', 'msg_2'])


@pytest.mark.parametrize('change, why', [
    ({'webhook-id': ''}, 'no webhook-id'), ({'webhook-timestamp': 'now'}, 'webhook-timestamp is no number of seconds'),
    ({'webhook-signature': ''}, 'no signature matches'), ({'webhook-signature': 'v1,AAAA'}, 'no signature matches'),
    ({'webhook-id': 'msg_other'}, 'no signature matches')])
def test_webhook_refuses(webhook, change, why):
    assert said(webhook.hook, b'{}', headers={**signed(webhook), **change}) == (401, f'{why}\n')
    assert webhook.ids == []


@pytest.mark.parametrize('when', [-310, 600])
def test_webhook_refuses_another_time(webhook, when):
    assert said(webhook.hook, b'{}', headers=signed(webhook, when=when)) == (401, 'webhook-timestamp is too far from now\n')


def test_webhook_knows_how_far_is_too_far(webhook):
    assert said(webhook.hook, b'{}', headers=signed(webhook)) == (204, '')
    request, = webhook.requests
    when = int(request.headers['webhook-timestamp'])
    found = {away: webhook.why_not(request, now=when + away) for away in (-301, -300, 0, 300, 301)}
    assert found == {**dict.fromkeys((-300, 0, 300)), **dict.fromkeys((-301, 301), 'webhook-timestamp is too far from now')}


def test_webhook_refuses_other_bodies_and_secrets(webhook):
    assert said(webhook.hook, b'{ }', headers=signed(webhook))[0] == 401
    other = 'whsec_' + base64.b64encode(b'x' * 32).decode()
    assert said(webhook.hook, b'{}', headers=signed(webhook, secret=other))[0] == 401
    webhook.secrets.append(other)
    assert said(webhook.hook, b'{}', headers=signed(webhook, secret=other))[0] == 204
    webhook.secrets = []
    assert said(webhook.hook, b'anything')[0] == 204


# --- Alertmanager ---------------------------------------------------------------------------------

def am_alert(name='DiskFull', **more):
    return {'labels': {'alertname': name, 'instance': 'web-01'}, 'annotations': {'summary': 'x'}, **more}


def test_alertmanager(alertmanager):
    url = alertmanager.url + '/api/v2/alerts'
    assert post(url, [am_alert()])[0] == 200
    found, = alertmanager.wait_for_alerts(1, 'alertname=DiskFull')
    assert found['labels']['instance'] == 'web-01' and found['status']['state'] == 'active'
    assert post(url, [am_alert(endsAt='2020-01-01T00:00:00Z', startsAt='2019-01-01T00:00:00Z')])[0] == 200
    alertmanager.wait_for_alerts(0)


def test_alertmanager_and_its_double_refuse_alike(alertmanager, alertmanager_api):
    """Both keep the good ones of a batch with a bad one."""
    batch = [am_alert('Good'), {'labels': {'': 'x'}}, am_alert('Better')]
    for one in (alertmanager, alertmanager_api):
        status, _, body = post(one.url + '/api/v2/alerts', batch)
        assert status == 400 and isinstance(json.loads(body), str)
        assert post(one.url + '/api/v2/alerts', {})[0] == 400
    assert {alert['labels']['alertname'] for alert in alertmanager.alerts()} == {'Good', 'Better'}
    assert [alert['labels']['alertname'] for alert in alertmanager_api.alerts] == ['Good', 'Better']
    assert alertmanager_api.violations() != []


def test_alertmanager_tells(receiver):
    """What it makes of alerts, as it tells a webhook."""
    with servers.Alertmanager(webhook=receiver.url + '/am') as alertmanager:
        post(alertmanager.url + '/api/v2/alerts', [am_alert()])
        request, = receiver.wait_for(1)
        assert request.json['version'] == '4' and request.json['alerts'][0]['labels']['alertname'] == 'DiskFull'


def test_alertmanager_goes_and_comes(alertmanager):
    alertmanager.pause()
    with pytest.raises(OSError):
        post(alertmanager.url + '/api/v2/alerts', [am_alert()])
    alertmanager.resume()
    assert post(alertmanager.url + '/api/v2/alerts', [am_alert()])[0] == 200


def test_alertmanager_forgets():
    """What is not sent again is over after the resolve_timeout."""
    with servers.Alertmanager(resolve_timeout='1s') as alertmanager:
        post(alertmanager.url + '/api/v2/alerts', [am_alert()])
        # It may be over before amtool can ask.
        wait_until(lambda: 'alert=DiskFull' in alertmanager.log(), START_SECONDS, 'the alert in the log of Alertmanager')
        assert re.search(r'alert=DiskFull\[[0-9a-f]+\]\[active\]', alertmanager.log())
        alertmanager.wait_for_alerts(0)


@pytest.mark.parametrize('name', ['slack', 'pagerduty', 'discord', 'teams', 'ntfy', 'opsgenie', 'alertmanager'])
def test_schemas(name):
    assert servers.receiver.validator(name) is not None
