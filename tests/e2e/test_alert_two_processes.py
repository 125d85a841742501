"""Several processes deliver from one store, to receivers that answer slowly and fail a third of the time: each
alert is delivered once per receiver, and nobody sends again what another was told has arrived."""
import collections
import re
import time

import pytest
import soak
from servers.receiver import Fault

ALERTS = soak.size('SHARED_ALERTS', 1000, 10_000)
SECONDS = soak.size('SHARED_SECONDS', 600, 1800)
LATENCY = 0.05
TITLE = re.compile(rb'problem \d{5}')
# After some of these the service has taken it in, and after some it has not: nobody can know.
FAULTS = [Fault.status(500), Fault.status(503), Fault.status(408), Fault.reset_unread(), Fault.reset(),
          Fault.reset(taken=True), Fault.close(taken=True), Fault.half()]


def configure(toolkit, pagerduty, webhook):
    """Nothing limits how often the receivers are called."""
    path = toolkit.home / 'state.db'
    toolkit.config(f'''
store: {path}
alerts:
  receivers:
    - {{name: pagerduty, pagerduty: {pagerduty.key}, url: "{pagerduty.enqueue}", per_minute: 100000, burst: 100000}}
    - {{name: hook, webhook: "{webhook.hook}", secret: {webhook.secret}, per_minute: 100000, burst: 100000}}
  routes:
    - {{receivers: [pagerduty, hook]}}
''')
    return soak.Store(path)


def make_difficult(receiver, count, seed):
    """In the small run who fails often in a row is spared at the end, where the pauses are long."""
    receiver.limit = None
    receiver.latency = LATENCY
    receiver.fails_at_random(1 / 3, FAULTS, seed, None if soak.is_full() else count * 5 // 4)


def alerts(count):
    severities = ('critical', 'warning', 'info')
    return [{'title': f'problem {i:05}', 'severity': severities[i % 3], 'source': f'host-{i % 50}'}
            for i in range(count)]


def key_of(request):
    """That of the message; None: its head came, and nothing more was read."""
    if 'webhook-id' in request.headers:
        return request.headers['webhook-id']
    return request.json['dedup_key'] if request.body else None


def sent_again(receiver):
    """The keys of what was sent once more although somebody had been told that it had arrived."""
    has_arrived, again = set(), []
    for request in receiver.requests:
        key = key_of(request)
        if key in has_arrived:
            again.append(key)
        if request.taken and not request.fault:
            has_arrived.add(key)
    return again


def keys_by_title(receiver):
    """The keys under which each alert came, whatever became of the request."""
    keys = collections.defaultdict(set)
    for request in receiver.requests:
        if request.body:
            keys[TITLE.search(request.body)[0].decode()].add(key_of(request))
    return keys


def assert_once_each(toolkit, store, pagerduty, webhook, count):
    titles = {alert['title'] for alert in alerts(count)}
    delivered = store.rows('SELECT receiver, count(*) FROM delivery WHERE state = ? GROUP BY receiver ORDER BY 1',
                           soak.DELIVERED)
    assert delivered == [('hook', count), ('pagerduty', count)]
    assert store.value('SELECT count(*) FROM delivery') == 2 * count
    assert store.value('SELECT count(*) FROM owner') == 0
    assert store.faults() == []

    assert len(webhook.unique_ids) == count
    assert len(pagerduty.incidents) == count
    for receiver in (pagerduty, webhook):
        keys = keys_by_title(receiver)
        assert keys.keys() == titles and all(len(of_one) == 1 for of_one in keys.values())
        assert sent_again(receiver) == []
        assert receiver.violations() == []
        failed = sum(bool(request.fault) for request in receiver.requests)
        assert failed >= count // 4, f'only {failed} of {len(receiver.requests)} requests failed'
    assert toolkit('alert', 'list', '--dead', '--output', 'json').json['results'] == []


def seconds_of_most(store):
    """From the first attempt until nine of ten deliveries had arrived; the rest is pauses between attempts."""
    ended = [ms for ms, in store.rows('SELECT ended_ms FROM delivery ORDER BY ended_ms')]
    return (ended[len(ended) * 9 // 10] - store.value('SELECT min(started_ms) FROM attempt')) / 1000


def test_two_processes(toolkit, pagerduty, webhook):
    store = configure(toolkit, pagerduty, webhook)
    for seed, receiver in enumerate((pagerduty, webhook)):
        make_difficult(receiver, ALERTS, seed)
    queued = toolkit('alert', '--events', '-', '--queue', stdin=soak.as_lines(alerts(ALERTS)), timeout=600)
    assert queued.exit_code == 0, queued
    began = time.monotonic()
    following = soak.follow(toolkit, 2)
    soak.wait_until_told(store, SECONDS)
    seconds = time.monotonic() - began
    delivered = soak.end(following)
    soak.report('two processes', alerts=ALERTS, delivered_by_each=delivered,
                requests=len(pagerduty.requests) + len(webhook.requests),
                nine_of_ten_were_delivered_after=f'{seconds_of_most(store):.0f} s', all_after=f'{seconds:.0f} s')
    assert sum(delivered) == 2 * ALERTS and min(delivered) > ALERTS // 4, delivered
    assert_once_each(toolkit, store, pagerduty, webhook, ALERTS)


@pytest.mark.parametrize('others', [3])
def test_more_processes_while_alerts_come(toolkit, pagerduty, webhook, others):
    """One accepts and delivers, the others only deliver; all at the same time."""
    count = ALERTS // 4
    store = configure(toolkit, pagerduty, webhook)
    for seed, receiver in enumerate((pagerduty, webhook)):
        make_difficult(receiver, count, 10 + seed)
    following = soak.follow(toolkit, others)
    done = toolkit('alert', '--events', '-', '--output', 'json', '--timeout', f'{SECONDS}s',
                   stdin=soak.as_lines(alerts(count)), timeout=SECONDS + 30)
    assert done.exit_code in (0, 1), done
    soak.wait_until_told(store, SECONDS)
    assert done.json['summary']['delivered'] + sum(soak.end(following)) == 2 * count
    assert_once_each(toolkit, store, pagerduty, webhook, count)
