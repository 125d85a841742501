"""How alerts get out: in a storm, by who is interrupted, follows or has a deadline, through TLS and proxies; and
what would have got out."""
import json
import signal
import time

import pytest
from servers import Fault, ForwardProxy, Slack
from servers.base import START_SECONDS, wait_until


@pytest.fixture
def chat():
    with Slack(limit=None) as server:
        yield server


@pytest.fixture
def desk(alerts, chat):
    alerts.configure({'name': 'slack', 'slack': chat.webhook})
    return alerts


def titles(server):
    return [message['text'] for message in server.messages]


def started_and_asked(desk, chat, *args):
    """A command whose first request the receiver has, and does not answer."""
    chat.will(Fault.never())
    before = len(chat.requests)
    running = desk.toolkit.start('alert', *args)
    wait_until(lambda: len(chat.requests) > before or running.process.poll() is not None, START_SECONDS, 'a request')
    assert running.process.poll() is None
    return running


def test_the_short_key_makes_a_receiver(alerts, chat):
    alerts.configure(slack_webhook=chat.webhook)
    assert alerts.send('a').states == {'slack': 'delivered'}
    assert alerts.send('b', severity='info').states == {'log': 'delivered'}
    assert titles(chat) == ['[CRITICAL] a (db-01)']


def test_a_storm_is_told_in_few_messages_and_no_critical_one_is_missing(alerts, slack):
    """With the limits that Slack has, and those that are kept for it."""
    alerts.configure({'name': 'slack', 'slack': slack.webhook, 'per_minute': 60, 'burst': 3})
    lines = [json.dumps({'title': f'number {i:02}', 'source': f'db-{i % 7}', 'severity': 'warning' if i % 20 else 'critical'})
             for i in range(60)]
    assert alerts('--events', '-', '--queue', stdin='\n'.join(lines)).stdout == 'accepted 60, refused 0, lost 0\n'
    done = alerts('flush')
    assert (done.exit_code, done.stdout) == (0, 'delivered 60 in 2 messages, 0 wait in the outbox\n')
    assert set(slack.statuses()) == {200} and slack.violations() == []
    critical, summary = sorted(json.dumps(message, ensure_ascii=False) for message in slack.messages)
    assert '[CRITICAL ×3]' in critical and all(f'number {i:02}' in critical for i in (0, 20, 40))
    assert '[STORM] 57 alerts' in summary and '57 warning' in summary and 'most affected: db-1 (9), db-2 (9)' in summary
    text, deliveries = alerts.why(5)
    assert deliveries['slack']['state'] == 'carried' and 'told in a message with others' in text


def test_who_is_interrupted_leaves_it_in_the_outbox(desk, chat):
    running = started_and_asked(desk, chat, '-m', 'x', '--source', 'a')
    began = time.monotonic()
    done = running.signal(signal.SIGTERM).ended()
    assert time.monotonic() - began < 12  # what is under way has two seconds
    assert done.exit_code == 143 and done.stdout.endswith('\n  … slack        in the outbox\n'), done
    assert desk.flush()['delivered'] == 1
    assert titles(chat) == ['[WARNING] x (a)']


def test_a_deadline_is_kept(desk, chat):
    chat.will(Fault.never())
    done = desk('-m', 'a', '--source', 'a', '--deadline', '2s')
    assert done.exit_code == 124 and done.stdout.endswith('\n  … slack        in the outbox\n')
    assert done.seconds < 12
    chat.behaves()  # if it did not even come to ask
    assert desk.flush()['delivered'] == 1


def test_who_follows_delivers_what_comes(desk, chat):
    running = desk.toolkit.start('alert', 'flush', '--follow')
    for i in range(3):
        desk.send(f'number {i}', '--queue')
    chat.wait_for(3)
    done = running.signal(signal.SIGINT).ended()
    assert (done.exit_code, done.stdout) == (130, 'delivered 3, 0 wait in the outbox\n')
    assert titles(chat) == [f'[CRITICAL] number {i} (db-01)' for i in range(3)]


def test_several_at_once_deliver_each_once(desk, chat):
    chat.latency = 0.05
    for i in range(12):
        desk.send(f'number {i:02}', '--queue')
    runners = [desk.toolkit.start('alert', 'flush', '--output', 'json') for _ in range(3)]
    delivered = [running.ended().json['summary']['delivered'] for running in runners]
    desk.flush()
    assert sum(delivered) <= 12 and sorted(titles(chat)) == [f'[CRITICAL] number {i:02} (db-01)' for i in range(12)]


def test_through_tls_that_verifies(alerts, pki):
    with Slack(limit=None, tls=pki['good']) as good, Slack(limit=None, tls=pki['expired']) as expired:
        alerts.configure({'name': 'trusted', 'slack': good.webhook, 'ca_file': str(pki.root.cert)},
                         {'name': 'unknown', 'slack': good.add_webhook()},
                         {'name': 'expired', 'slack': expired.webhook, 'ca_file': str(pki.root.cert)})
        done = alerts('test', '--output', 'json')
        results = {result['receiver']: result for result in done.json['results']}
        assert done.exit_code == 1
        assert {name: result['state'] for name, result in results.items()} == {
            'trusted': 'reached', 'unknown': 'unreachable', 'expired': 'unreachable'}
        assert 'ca_file' in results['unknown']['text'] and 'expired' in results['expired']['text']
        assert len(good.requests) == 1 and expired.requests == []


def test_through_a_proxy(alerts, chat):
    with ForwardProxy() as proxy:
        url = f'http://user:proxysecret@127.0.0.1:{proxy.port}'
        alerts.configure({'name': 'slack', 'slack': chat.webhook, 'proxy': url})
        assert alerts.send('a').exit_code == 0
        assert len(chat.taken) == 1 and chat.webhook.rpartition('/')[2] in proxy.log()
        proxy.stop()
        sent = alerts.send('b', '--timeout', '100ms')
        assert sent.exit_code == 1
        assert 'proxysecret' not in sent.result.stdout + sent.result.stderr + alerts.why(2)[0]
        assert len(chat.requests) == 1
        proxy.start()
        alerts.configure({'name': 'slack', 'slack': chat.webhook, 'proxy': 'none'})
        assert alerts.send('c', env={'http_proxy': 'http://127.0.0.1:1'}).exit_code == 0


# --- what would have been -------------------------------------------------------------------------

def test_the_history_through_another_configuration(desk, chat):
    for severity in ('warning', 'warning', 'warning', 'critical'):
        desk.send('a', severity=severity)
    desk.send('b')
    desk.resolve('b')
    before, requests = desk.store.read_bytes(), len(chat.requests)
    other = desk.toolkit.config(json.dumps({'store': str(desk.store), 'alerts': {
        'suppression_minutes': 0, 'receivers': [{'name': 'ops', 'slack': chat.webhook}],
        'routes': [{'match': ['severity=warning'], 'receivers': ['ops']}]}}), name='other.yaml')
    done = desk('simulate', '--since', '30d', '--config', other, '--output', 'json')
    assert done.exit_code == 0
    found = {result['receiver']: (result['then']['messages'], result['now']['messages']) for result in done.json['results']}
    assert (found['slack'], found['ops']) == ((4, 0), (0, 3))
    assert (done.json['events'], done.json['alerts']) == (6, 2)
    assert {missed['title'] for missed in done.json['missed']} >= {'b'}
    text = desk('simulate', '--since', '30d', '--config', other)
    assert text.exit_code == 0 and 'that nobody would have been told of' in text.stdout
    same = desk('simulate')
    assert same.exit_code == 0 and same.stdout.endswith('somebody would have been told of every critical alert\n')
    assert desk.store.read_bytes() == before and len(chat.requests) == requests
