"""Whatever a receiver over HTTP does, its alert arrives, waits for its time, or is told to somebody else.

All kinds are told at once, each by a server of its own: nobody waits for another one."""
import contextlib
import re
import time

import pytest
import receiver_kinds
from receiver_kinds import KINDS
from servers import Fault, Slack
from servers.slack import texts_of


@pytest.fixture
def everybody():
    with receiver_kinds.everybody() as servers:
        yield servers


@pytest.fixture
def told(alerts, everybody):
    """The command, with every kind of receiver configured."""
    alerts.configure(*everybody.receivers)
    return alerts


def delivers(everybody, messages=1):
    """What a flush that delivers everything says in short."""
    return {'delivered': messages * len(everybody), 'carried': 0, 'retried': 0, 'waiting': 0, 'dead': 0}


def first_attempts(alerts, ident=1):
    """What the first message to each receiver met: the code (0: no answer), and in words."""
    return {name: (delivery['attempts'][0]['code'], delivery['attempts'][0]['text'])
            for name, delivery in alerts.why(ident)[1].items()}


def send_twice(alerts, everybody):
    """What is due at once, and what is due a little later; returns what the first attempts met."""
    assert alerts.send('disk full', '--queue').exit_code == 0
    alerts.flush()
    alerts.pass_time(40)
    assert alerts.flush()['waiting'] == 0
    assert {name: len(server.taken) for name, server in everybody.items()} == everybody.each(1)
    return first_attempts(alerts)


def test_everybody_is_told_of_a_problem_and_of_its_end(told, everybody):
    fired = told('--title', 'disk full', '-s', 'critical', '--source', 'db-01', '-m', '/var is 98 % full',
                 '-f', 'mount=/var', '-l', 'team=db', '--runbook', 'https://wiki.example.com/disk')
    assert (fired.exit_code, fired.stdout) == (0, 'alert 1: critical "disk full" from db-01\n'
                                               + ''.join(f'  ✓ {name:<12} delivered\n' for name in everybody))
    resolved = told.resolve('disk full')
    assert (resolved.exit_code, resolved.states) == (0, everybody.each('delivered'))
    assert everybody.violations() == everybody.each([])
    for name, server in everybody.items():
        first, last = server.requests[0], server.requests[-1]
        assert b'disk full' in first.body and '/var is 98 % full'.encode() in first.body, name
        assert last.body != first.body and server.taken == server.requests, name


def test_what_fails_for_once_is_delivered_by_the_same_command(told, everybody):
    everybody.will(Fault.status(503))
    sent = told.send('disk full')
    assert (sent.exit_code, sent.states) == (0, everybody.each('delivered'))
    assert {name: entry['attempts'] for name, entry in sent.by_receiver.items()} == everybody.each(2)
    assert {name: code for name, (code, _) in first_attempts(told).items()} == everybody.each(503)


@pytest.mark.parametrize('fault', [Fault.reset_unread(), Fault.reset(), Fault.close(), Fault.status(500), Fault.status(408),
                                   Fault.body('<html>Bad Gateway</html>', 502)], ids=lambda fault: fault.name)
def test_what_fails_for_once_is_tried_again(told, everybody, fault):
    everybody.will(fault)
    said = send_twice(told, everybody)
    assert {name: code for name, (code, _) in said.items()} == everybody.each(fault.answer.status if fault.answer else 0)
    assert everybody.requests() == everybody.each(2)


def test_of_half_an_answer_the_status_counts_where_no_word_is_needed(told, everybody):
    everybody.will(Fault.half(taken=False))
    told.send('disk full')
    assert everybody.requests() == {**everybody.each(1), 'slack': 2}


def test_who_says_200_and_another_word_has_taken_nothing(told, everybody):
    everybody['slack'].will(Fault.body('<html>please log in</html>'))
    assert send_twice(told, everybody)['slack'] == (200, "answered 200, which is not 'ok'")


def test_who_does_not_answer_in_time_is_asked_again(told, everybody):
    """The first time with so little patience, which is still more than a connection takes."""
    told.configure(*({**receiver, 'timeout': '2s'} for receiver in everybody.receivers))
    everybody.will(Fault.never())
    assert told.send('disk full', '--queue').exit_code == 0
    told.flush()
    told.configure(*everybody.receivers)
    told.pass_time(40)
    assert told.flush()['waiting'] == 0
    assert {name: len(server.taken) for name, server in everybody.items()} == everybody.each(1)
    assert first_attempts(told) == {
        name: (0, f'timed out after 2s while waiting for the answer of 127.0.0.1:{server.port}')
        for name, server in everybody.items()}


def test_who_is_late_but_in_time_is_asked_once(told, everybody):
    everybody.will(Fault.slow(0.5))
    sent = told.send('disk full')
    assert (sent.exit_code, sent.states) == (0, everybody.each('delivered'))
    assert everybody.requests() == everybody.each(1)


def test_nobody_there(told, everybody):
    for server in everybody.values():
        server.stop()
    assert told.send('disk full', '--queue').exit_code == 0
    told.flush()
    for server in everybody.values():
        server.start()
    told.pass_time(60)
    assert told.flush()['waiting'] == 0
    assert {name: len(server.taken) for name, server in everybody.items()} == everybody.each(1)
    assert first_attempts(told) == {name: (0, f'connection refused by 127.0.0.1:{server.port}')
                                    for name, server in everybody.items()}


@pytest.mark.parametrize('as_date', [False, True], ids=['seconds', 'a date'])
def test_who_says_when_to_come_back_is_left_alone_until_then(told, everybody, as_date):
    everybody.will(Fault.retry_after(1000, as_date=as_date))
    began = time.time()
    sent = told.send('disk full')
    ended = time.time()
    assert (sent.exit_code, sent.states) == (1, everybody.each('retrying'))
    assert {name: entry['fault'] for name, entry in sent.by_receiver.items()} == everybody.each('rate_limited')
    for entry in sent.by_receiver.values():
        assert began + 999 <= told.moment(entry['next_attempt']) <= ended + 1002
    # Neither what waits nor anything new goes there before its time.
    assert told.flush() == {'delivered': 0, 'carried': 0, 'retried': 0, 'waiting': len(everybody), 'dead': 0}
    other = told.send('another one', '--timeout', '1')
    assert (other.exit_code, other.states) == (1, everybody.each('waiting'))
    told.pass_time(800)
    assert told.flush()['delivered'] == 0
    assert everybody.requests() == everybody.each(1)
    told.pass_time(203)
    assert told.flush() == delivers(everybody, 2)
    assert {name: len(server.taken) for name, server in everybody.items()} == everybody.each(2)


def test_who_is_busy_and_does_not_say_for_how_long_is_left_alone_for_a_while(told, everybody):
    everybody.will(Fault.status(429, body='slow down'), times=2)
    began = time.time()
    sent = told.send('disk full')
    ended = time.time()
    assert (sent.exit_code, sent.states) == (1, everybody.each('retrying'))
    for entry in sent.by_receiver.values():
        assert began + 30 <= told.moment(entry['next_attempt']) <= ended + 33
    # What follows takes a while itself: all that is known is that it is not due yet, or that it is.
    assert told.flush()['waiting'] == len(everybody)
    assert everybody.requests() == everybody.each(1)
    told.pass_time(34)
    assert told.flush() == {'delivered': 0, 'carried': 0, 'retried': len(everybody), 'waiting': len(everybody), 'dead': 0}
    assert told.flush()['waiting'] == len(everybody)
    assert everybody.requests() == everybody.each(2)
    told.pass_time(67)
    assert told.flush() == delivers(everybody)
    assert everybody.requests() == everybody.each(3)


def test_a_timeout_says_what_waits(told, everybody):
    """A command that may not wait so long says so, and when it goes on; only the channel waits, not the process."""
    everybody['slack'].will(Fault.retry_after(100))
    began = time.monotonic()
    done = told('--title', 'disk full', '-s', 'critical', '--source', 'db-01', '--timeout', '90')
    assert done.exit_code == 1 and time.monotonic() - began < 80
    lines = done.stdout.splitlines()
    assert lines[1].startswith('  ✗ slack        answered 429') and '; next attempt in ' in lines[1]
    assert lines[2:] == [f'  ✓ {name:<12} delivered' for name in list(everybody)[1:]]


# --- refused for good -----------------------------------------------------------------------------

@pytest.mark.parametrize('name', KINDS)
def test_each_refusal_has_its_word(alerts, name):
    """As many receivers as there are answers: `alert test` tells them apart."""
    kind = KINDS[name]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(kind.server(limit=None)) for _ in kind.refusals]
        alerts.configure(*({'name': f'r{i}', **kind.keys(server)} for i, server in enumerate(servers)))
        for server, refusal in zip(servers, kind.refusals):
            server.will(refusal.fault)
        done = alerts('test', '--output', 'json')
        assert done.exit_code == 1
        found = {result['receiver']: result for result in done.json['results']}
        assert {key: (one['state'], one['code']) for key, one in found.items()} == {
            f'r{i}': (refusal.state, refusal.fault.answer.status) for i, refusal in enumerate(kind.refusals)}
        assert [refusal.said for i, refusal in enumerate(kind.refusals) if refusal.said not in found[f'r{i}']['text']] == []
        assert [len(server.requests) for server in servers] == [1] * len(servers)


# How it ends for the one who finds that a fallback is to be told, is being told and has been told.
STOOD_IN = ('; told to living instead', '; living is being told already', '; living has it already')


def test_what_nobody_takes_is_told_to_somebody_else_and_so_is_why(alerts, everybody):
    """Each kind is dead from now on; the fallback has what was meant for them, and is told of each."""
    with Slack(limit=None) as living:
        alerts.configure(*everybody.receivers, {'name': 'living', 'slack': living.webhook},
                         routes=[{'receivers': list(everybody)}], fallback='living')
        for name, server in everybody.items():
            server.will(KINDS[name].refusals[0].fault, times=None)
        sent = alerts.send('disk full')
        assert (sent.exit_code, sent.states) == (1, everybody.each('failed'))
        texts = [message['text'] for message in living.messages]
        assert sorted(texts) == sorted(['[CRITICAL] disk full (db-01)',
                                        *(f"[NOTICE] receiver '{name}' is dead" for name in everybody)])
        notices = '\n'.join(text for message in living.messages for text in texts_of(message))
        text, deliveries = alerts.why(1)
        for name in everybody:
            refusal = KINDS[name].refusals[0]
            assert f'{name} is dead ({refusal.state}: {refusal.said}' in notices
            assert f'  ✗ {name:<12} trigger by routes[0]: given up: {refusal.state}: ' in text
            assert deliveries[name]['state'] == 'dead'
            assert sent.by_receiver[name]['end'] == deliveries[name]['result']
            assert deliveries[name]['result'].endswith(STOOD_IN)
        assert deliveries['living']['state'] == 'delivered'
        assert re.search('^  ✓ living       trigger instead of [a-z]+: delivered at ', text, re.MULTILINE)
        # The next one goes there at once.
        again = alerts.send('another one')
        assert (again.exit_code, again.states) == (1, everybody.each('failed'))
        for name, entry in again.by_receiver.items():
            assert entry['end'].startswith(f'{name} is dead (') and entry['end'].endswith(STOOD_IN)
        assert everybody.requests() == everybody.each(1)
        assert [message['text'] for message in living.messages[len(texts):]] == ['[CRITICAL] another one (db-01)']
        assert {name: one['state'] for name, one in alerts.why(2)[1].items()} == {**everybody.each('redirected'),
                                                                                 'living': 'delivered'}
        # Who works again is told again: after `alert test`, or once its configuration is another one.
        for server in everybody.values():
            server.behaves()
        assert alerts('test').exit_code == 0
        back = alerts.send('a third one')
        assert (back.exit_code, back.states) == (0, everybody.each('delivered'))


def test_who_rejects_one_message_is_tried_with_the_next(told, everybody):
    """It may be the message that was wrong."""
    for name, server in everybody.items():
        server.will(KINDS[name].refusals[-1].fault)
        assert KINDS[name].refusals[-1].state == 'rejected'
    assert told.send('bad').exit_code == 1
    good = told.send('good')
    assert (good.exit_code, good.states) == (0, everybody.each('delivered'))


def test_with_nobody_else_what_was_refused_waits(alerts):
    with Slack(limit=None) as slack:
        alerts.configure({'name': 'chat', 'slack': slack.webhook})
        slack.goes_wrong('no_service')
        sent = alerts.send('disk full')
        assert (sent.exit_code, sent.states) == (1, {'chat': 'retrying'})
        assert "receiver 'chat' is dead" in sent.result.stderr
        slack.goes_wrong('')
        assert alerts('test').exit_code == 0
        assert alerts('flush').exit_code == 0
        assert [message['text'] for message in slack.messages[1:]] == ['[CRITICAL] disk full (db-01)']


def test_what_was_rejected_is_kept_and_can_be_sent_again(alerts):
    with Slack(limit=None) as slack:
        alerts.configure({'name': 'chat', 'slack': slack.webhook})
        slack.goes_wrong('invalid_blocks')
        sent = alerts.send('disk full')
        assert (sent.exit_code, sent.states) == (1, {'chat': 'failed'})
        assert "receiver 'chat' is dead" in sent.result.stderr
        dead = alerts('list', '--dead', '--output', 'json').json['results']
        assert [one['title'] for one in dead] == ['disk full']
        slack.goes_wrong('')
        assert alerts('test').exit_code == 0
        retried = alerts('retry', sent.id)
        assert (retried.exit_code, retried.stdout) == (0, '1 to be sent again: 1 delivered, 0 wait in the outbox\n')
        assert [message['text'] for message in slack.messages[1:]] == ['[CRITICAL] disk full (db-01)']
        assert alerts('list', '--dead', '--output', 'json').json['results'] == []
