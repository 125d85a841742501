"""Who is told of what, and when: routes, suppression, silences, inhibition, groups, acknowledgements; and what
is said of it."""
import hashlib
import json
import re
import time

import pytest
from servers import Fault, PagerDuty, Slack


# In a text: the day stands in front where it is another one, as it may be around midnight.
CLOCK = r'(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d'


@pytest.fixture
def chat():
    with Slack(limit=None) as server:
        yield server


@pytest.fixture
def pager():
    with PagerDuty(limit=None) as server:
        yield server


@pytest.fixture
def desk(alerts, chat, pager):
    """Slack and PagerDuty, as `slack_webhook` and `pagerduty_key` make them, and the default routing."""
    def configure(**settings):
        settings.setdefault('routes', [])
        alerts.configure({'name': 'slack', 'slack': chat.webhook},
                         {'name': 'pagerduty', 'pagerduty': pager.key, 'url': pager.enqueue}, **settings)
        return alerts
    alerts.with_settings = configure
    return configure()


def titles(server):
    """What stands on top of each message that Slack has posted."""
    return [message['text'] for message in server.messages]


def shown(message):
    """All that a message of Slack shows."""
    return json.dumps(message, ensure_ascii=False)


# --- default routing ------------------------------------------------------------------------------

def test_without_routes_the_severity_decides(desk, chat, pager):
    assert desk.send('a').states == {'slack': 'delivered', 'pagerduty': 'delivered'}
    assert desk.send('b', severity='warning').states == {'slack': 'delivered'}
    log = desk.toolkit.home / 'log'
    assert desk.send('c', '--log-file', log, severity='info').states == {'log': 'delivered'}
    assert '[INFO    ] alert: [INFO] c (db-01)' in log.read_text()
    assert titles(chat) == ['[CRITICAL] a (db-01)', '[WARNING] b (db-01)']
    assert [incident.summary for incident in pager.incidents] == ['[CRITICAL] a (db-01)']
    assert (chat.violations(), pager.violations()) == ([], [])


def test_with_nothing_configured_the_log_has_it(alerts):
    alerts.configure()
    done = alerts('-s', 'critical', '-m', 'disk full', '--source', 'db-01')
    assert (done.exit_code, done.stdout) == (0, 'alert 1: critical "disk full" from db-01\n  ✓ log          logged\n')
    assert re.fullmatch(r'\S+ \S+ \[WARNING \] alert: no receiver is configured for critical alerts: only the log has it '
                        r'\(see docs/alerts.md\)\n'
                        r'\S+ \S+ \[ERROR   \] alert: \[CRITICAL\] disk full \(db-01\); since: \d\d:\d\d UTC\n', done.stderr)


# --- suppression ----------------------------------------------------------------------------------

def test_the_same_again_is_counted_and_told_with_the_next_message(desk, chat):
    desk.with_settings(suppression_minutes=10)
    assert desk.send('a', severity='warning').verdicts == {'slack': 'sent'}
    for _ in range(3):
        again = desk.send('a', severity='warning')
        assert (again.exit_code, again.id, again.verdicts) == (0, 1, {'slack': 'suppressed'})
        assert re.fullmatch(rf'told at {CLOCK} \(.+ ago\); again from {CLOCK} on', again.by_receiver['slack']['reason'])
    assert len(chat.messages) == 1
    text, _ = desk.why()
    assert text.splitlines()[1].endswith('; came 4 times')
    assert text.count('      slack        suppressed by default: told at ') == 3
    desk.pass_time(601)
    assert desk.send('a', severity='warning').verdicts == {'slack': 'sent'}
    assert len(chat.messages) == 2
    assert re.search(r'\+3 since \d\d:\d\d', shown(chat.messages[1]))
    assert re.search(r'delivered at \S+ \S+, with \+3 since ', desk.why()[0])


def test_a_rise_passes_and_a_fall_does_not(desk, chat, pager):
    desk.send('a', severity='warning')
    worse = desk.send('a')
    assert worse.verdicts == {'slack': 'sent', 'pagerduty': 'sent'} and worse.id == 1
    assert desk.send('a').verdicts == {'slack': 'suppressed', 'pagerduty': 'suppressed'}
    assert set(desk.send('a', severity='warning').verdicts.values()) == {'suppressed'}
    assert titles(chat) == ['[WARNING] a (db-01)', '[CRITICAL] a (db-01)']
    assert [incident.severity for incident in pager.open()] == ['critical']


def test_a_rise_is_an_incident_of_its_own(alerts, pager):
    """Nobody is called for an incident that was acknowledged, whatever becomes of it."""
    alerts.configure({'name': 'pager', 'pagerduty': pager.key, 'url': pager.enqueue})
    alerts.send('a', severity='warning')
    pager.acknowledge(pager.incidents[0].dedup_key)
    alerts.send('a')
    assert [(incident.severity, incident.status) for incident in pager.incidents] == [
        ('warning', 'resolved'), ('critical', 'triggered')]
    alerts.resolve('a')
    assert pager.open() == [] and pager.violations() == []


def test_a_route_has_a_suppression_of_its_own(desk, chat):
    desk.with_settings(routes=[{'match': ['source=loud'], 'receivers': ['slack'], 'suppression': 0}, {'receivers': ['slack']}])
    assert [desk.send('a', source=name).verdicts['slack'] for name in ('loud', 'loud', 'calm', 'calm')] == [
        'sent', 'sent', 'sent', 'suppressed']
    assert len(chat.messages) == 3


def test_the_dedup_key_makes_one_of_many(desk, chat):
    first = desk.send('a', '-k', 'disk', source='db-01')
    assert desk.send('another title', '-k', 'disk', source='db-02').verdicts == dict.fromkeys(first.verdicts, 'suppressed')
    assert desk.send('a', source='db-01').id == 2
    assert desk('--resolve', '-k', 'disk').exit_code == 0
    assert [one['id'] for one in desk('list', '--output', 'json').json['results']] == [2]


# --- the end --------------------------------------------------------------------------------------

def test_a_resolve_goes_to_those_who_were_told_and_to_nobody_else(desk, chat, pager):
    desk.send('a', severity='warning')
    over = desk.resolve('a')
    assert (over.exit_code, over.states) == (0, {'slack': 'delivered'})
    assert titles(chat) == ['[WARNING] a (db-01)', '[RESOLVED] a (db-01)'] and pager.requests == []
    nothing = desk('--resolve', '--title', 'a', '--source', 'db-01')
    assert (nothing.exit_code, nothing.stdout) == (0, 'nothing to resolve: no open alert has this source and title\n')
    nothing = desk('--resolve', '-k', 'key')
    assert (nothing.exit_code, nothing.stdout) == (0, 'nothing to resolve: no open alert has this dedup key\n')
    assert len(chat.messages) == 2


def test_what_comes_back_is_told_at_once_and_is_another_incident(desk, chat, pager):
    desk.send('a')
    desk.resolve('a')
    back = desk.send('a')
    assert (back.id, back.states) == (2, {'slack': 'delivered', 'pagerduty': 'delivered'})
    assert [incident.status for incident in pager.incidents] == ['resolved', 'triggered']
    assert len({incident.dedup_key for incident in pager.incidents}) == 2


def test_some_want_no_resolve(alerts, chat):
    alerts.configure({'name': 'slack', 'slack': chat.webhook, 'send_resolved': False})
    alerts.send('a')
    assert alerts.resolve('a').exit_code == 0
    assert titles(chat) == ['[CRITICAL] a (db-01)']


def test_by_hand(desk, chat, pager):
    desk.send('a')
    done = desk('ack', 1, '--author', 'eva', '--reason', 'on it')
    assert (done.exit_code, done.stdout) == (0, 'alert 1: acknowledged "a" from db-01\n'
                                             '  ✓ pagerduty    delivered\n  ✓ slack        delivered\n')
    assert [incident.status for incident in pager.incidents] == ['acknowledged']
    assert 'eva' in shown(chat.messages[1]) and 'on it' in shown(chat.messages[1])
    again = desk.send('a')
    assert again.verdicts == {'slack': 'acknowledged', 'pagerduty': 'acknowledged'}
    assert again.by_receiver['slack']['reason'].startswith('eva is on it since ')
    assert re.search(r'^acknowledged by eva at \S+ \S+: on it$', desk.why()[0], re.MULTILINE)
    done = desk('resolve', 1, '--author', 'eva', '--reason', 'cleaned up')
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, 'alert 1: resolved "a" from db-01')
    assert [incident.status for incident in pager.incidents] == ['resolved']
    for verb in ('ack', 'resolve'):
        over, unknown = desk(verb, 1), desk(verb, 7)
        assert over.exit_code == unknown.exit_code == 2
        assert over.stderr.startswith('sre-toolkit alert: alert 1 is over since ')
        assert unknown.stderr == 'sre-toolkit alert: there is no alert 7\n'


def test_who_is_on_it_is_told_when_it_gets_worse(desk, chat):
    desk.send('a', severity='warning')
    desk('ack', 1)
    assert desk.send('a', severity='warning').verdicts == {'slack': 'acknowledged'}
    assert desk.send('a').verdicts == {'slack': 'sent', 'pagerduty': 'sent'}


# --- silences and inhibition ----------------------------------------------------------------------

def test_a_silence_from_beginning_to_end(desk, chat):
    made = desk('silence', 'source=db-01', 'severity!=info', '--until', '2h', '--reason', 'new disk', '--author', 'eva')
    assert made.exit_code == 0
    assert re.fullmatch(r'silence 1 until \S+ \S+ \(sre-toolkit alert silence expire 1 ends it\)\n', made.stdout)
    listed = desk('silence', 'list', '--output', 'json').json['results']
    assert [(one['id'], one['matchers'], one['author'], one['reason'], one['is_active']) for one in listed] == [
        (1, ['source=db-01', 'severity!=info'], 'eva', 'new disk', True)]
    held = desk.send('a')
    assert (held.exit_code, held.verdicts) == (0, {'slack': 'silenced', 'pagerduty': 'silenced'})
    assert re.fullmatch(f'silence 1 by eva until {CLOCK}: new disk', held.by_receiver['slack']['reason'])
    assert desk.send('a', source='db-02').verdicts['slack'] == 'sent'
    text, _ = desk.why(1)
    assert re.search(f'^  … slack        trigger by default: waits: silence 1 by eva until {CLOCK}: new disk; due at ', text, re.M)
    assert re.search(r'^  1: .*source=db-01.*, until \S+ \S+, by eva: new disk$', text, re.MULTILINE)
    assert titles(chat) == ['[CRITICAL] a (db-02)']
    ended = desk('silence', 'expire', 1)
    assert ended.exit_code == 0
    assert ended.stdout == 'silence 1 is over; 2 messages are due now (sre-toolkit alert flush sends them)\n'
    assert desk('silence', 'list').stdout == 'nothing is silenced\n'
    assert desk.flush()['delivered'] == 2
    assert titles(chat)[1:] == ['[CRITICAL] a (db-01)']


def test_what_still_fires_when_a_silence_ends_is_told_and_what_is_over_is_not(desk, chat):
    desk('silence', 'source=~db-.*', '--until', '1h', '--reason', 'work')
    desk.send('a')
    desk.send('b')
    desk.resolve('b')
    desk.pass_time(3601)
    desk.flush()
    assert titles(chat) == ['[CRITICAL] a (db-01)']
    assert re.search(r'^  - slack        trigger by default: not sent: ', desk.why(2)[0], re.MULTILINE)


def test_an_open_alert_holds_others_back(desk, chat):
    desk.with_settings(inhibit=[{'source': ['title=site down'], 'target': ['severity=warning'], 'equal': ['site']}])
    desk.send('site down', '-l', 'site=a')
    held = desk.send('slow', '-l', 'site=a', severity='warning')
    assert held.verdicts == {'slack': 'inhibited'} and 'site down' in held.by_receiver['slack']['reason']
    assert desk.send('slow', '-l', 'site=b', severity='warning', source='other').verdicts == {'slack': 'sent'}
    assert 'inhibited by default: ' in desk.why(2)[0]
    desk.resolve('site down')
    desk.flush()
    assert titles(chat) == ['[CRITICAL] site down (db-01)', '[WARNING] slow (other)', '[RESOLVED] site down (db-01)',
                            '[WARNING] slow (db-01)']


# --- routes ---------------------------------------------------------------------------------------

def test_the_first_route_that_matches_takes_it_unless_it_continues(desk):
    desk.with_settings(routes=[
        {'match': ['source=~test-.*'], 'receivers': []},
        {'match': ['severity=critical'], 'receivers': ['pagerduty'], 'continue': True},
        {'match': ['team=~db|web', 'env!~stage|test'], 'receivers': ['slack']}], fallback='log')
    cases = [('test-1', 'critical', (), {'': 'not told'}),
             ('db', 'critical', ('-l', 'team=db'), {'pagerduty': 'sent', 'slack': 'sent'}),
             ('db', 'warning', ('-l', 'team=db'), {'slack': 'sent'}),
             ('db', 'warning', ('-l', 'team=database'), {'log': 'sent'}),
             ('db', 'warning', ('-l', 'team=web', '-l', 'env=stage'), {'log': 'sent'}),
             ('db', 'critical', ('-l', 'team=mail'), {'pagerduty': 'sent'})]
    for i, (source, severity, labels, expected) in enumerate(cases):
        sent = desk.send(f'case {i}', *labels, source=source, severity=severity)
        assert (sent.exit_code, sent.verdicts) == (0, expected), cases[i]


def test_a_route_holds_at_its_times(desk):
    now = time.gmtime()
    days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
    around = f'{days[now.tm_wday - 1]}-{days[(now.tm_wday + 1) % 7]}'  # whenever midnight comes
    other = f'{days[(now.tm_wday + 3) % 7]}'
    desk.with_settings(time_zone='UTC', routes=[
        {'match': ['source=a'], 'times': [f'{other} 00:00-24:00'], 'receivers': ['pagerduty']},
        {'match': ['source=b'], 'times': [f'{other} 08:00-09:00', f'{around} 00:00-24:00'], 'receivers': ['pagerduty']},
        {'receivers': ['slack']}])
    assert list(desk.send('x', source='a').states) == ['slack']
    assert list(desk.send('x', source='b').states) == ['pagerduty']


def test_a_reminder_of_what_still_fires(desk, chat):
    desk.with_settings(routes=[{'receivers': ['slack'], 'repeat_interval': '1h'}])
    desk.send('a')
    desk.pass_time(3000)
    assert desk.flush()['delivered'] == 0
    desk.pass_time(601)
    assert desk.flush()['delivered'] == 1
    assert 'a (db-01)' in titles(chat)[1]
    desk('ack', 1)
    desk.pass_time(3601)
    assert desk.flush()['delivered'] == 0


def test_what_belongs_together_is_one_message(desk, chat):
    desk.with_settings(routes=[{'receivers': ['slack'], 'group_by': ['team'], 'group_wait': '10m'}])
    for i in range(3):
        held = desk.send(f'disk {i}', '-l', 'team=db')
        assert (held.exit_code, held.verdicts, held.states) == (0, {'slack': 'grouped'}, {'slack': 'waiting'})
    desk.send('cpu', '-l', 'team=web')
    assert desk.flush()['delivered'] == 0 and chat.messages == []
    desk.pass_time(601)
    assert desk.flush() == {'delivered': 2, 'carried': 2, 'retried': 0, 'waiting': 0, 'dead': 0}
    group = next(message for message in chat.messages if 'disk 1' in shown(message))
    assert 'team=db' in group['text'] and '3' in group['text']
    assert all(f'disk {i}' in shown(group) for i in range(3)) and 'cpu' not in shown(group)
    assert chat.violations() == []
    assert sorted(desk.why(ident)[1]['slack']['state'] for ident in (1, 2, 3)) == ['carried', 'carried', 'delivered']


# --- before and after -----------------------------------------------------------------------------

def test_a_dry_run_shows_the_very_message_and_changes_nothing(desk, chat, pager):
    desk.send('first')
    before = hashlib.sha256(desk.store.read_bytes()).digest()
    requests = len(chat.requests), len(pager.requests)
    args = ('--title', 'disk full', '-s', 'critical', '--source', 'db-01', '-f', 'mount=/var')
    dry = desk(*args, '--dry-run')
    assert (dry.exit_code, dry.stderr) == (0, '')
    assert hashlib.sha256(desk.store.read_bytes()).digest() == before
    assert (len(chat.requests), len(pager.requests)) == requests
    assert chat.webhook not in dry.stdout and pager.key not in dry.stdout
    assert f'slack by default: sent, it is new\n    POST {chat.url}/services/T0TESTS/B00000000/***\n' in dry.stdout
    assert f'pagerduty by default: sent, it is new\n    POST {pager.enqueue}\n' in dry.stdout
    shown_bodies = [json.loads(line) for line in dry.stdout.splitlines() if line.startswith('    {')]
    desk(*args)
    sent = [chat.messages[-1], {**pager.requests[-1].json, 'routing_key': '***'}]
    assert [steady(body) for body in shown_bodies] == [steady(body) for body in sent]
    # What would be held back is said too.
    assert 'slack by default: suppressed, told at ' in desk(*args, '--dry-run').stdout


def steady(body):
    """Without what follows from the moment."""
    text = json.dumps(body)
    for pattern in (r'"(timestamp|started)": "[^"]*"', r'"ts": \d+', r'sre:[0-9a-f]+', r'\d\d:\d\d UTC'):
        text = re.sub(pattern, 'x', text)
    return text


def test_a_dry_run_needs_no_store(desk, chat):
    assert desk('-m', 'x', '--dry-run').exit_code == 0
    assert not desk.store.exists() and chat.requests == []


def test_a_list_for_people_and_programs(desk):
    assert (desk('list').exit_code, desk('list').stdout) == (0, 'no open alerts\n')
    desk.send('disk full')
    desk.send('slow\u202e and "long": ' + 'wörter ' * 40, severity='warning', source='wéb,01')
    desk.resolve('disk full')
    for width in (80, 200):
        screen = desk('list', '--all', screen=(width, 25))
        assert max(map(len, screen.plain.splitlines())) <= width, screen.plain
    lines = screen.plain.splitlines()
    assert lines[0].split() == ['ID', 'SEVERITY', 'STATE', 'SINCE', 'EVENTS', 'MESSAGES', 'SOURCE', 'TITLE']
    assert '\u202e' not in screen.stdout
    assert [one['id'] for one in desk('list', '--output', 'json').json['results']] == [2]
    assert [one['id'] for one in desk('list', '--all', '--output', 'json').json['results']] == [2, 1]
    assert [one['id'] for one in desk('list', '-s', 'critical', '--all', '--output', 'json').json['results']] == [1]
    assert [one['id'] for one in desk('list', '--source', 'wéb,01', '--output', 'json').json['results']] == [2]
    assert desk('list', '--all', '--since', '1h', '--limit', '1', '--output', 'json').json['summary']['total'] == 1
    table = desk('list', '--all', '--output', 'csv').stdout.splitlines()
    assert table[0] == 'id,severity,state,source,title,message,started,updated,resolved,events,delivered,waiting,dead'
    assert table[1].startswith('2,warning,firing,"wéb,01","slow') and table[2].startswith('1,critical,resolved,db-01,disk full,')


def test_queue_and_flush(desk, chat, pager):
    done = desk('-m', 'later', '-s', 'critical', '--source', 'db-01', '--queue')
    assert (done.exit_code, done.stdout) == (0, 'alert 1: critical "later" from db-01\n'
                                             '  … slack        in the outbox\n  … pagerduty    in the outbox\n')
    assert (chat.requests, pager.requests) == ([], [])
    done = desk('flush')
    assert (done.exit_code, done.stdout) == (0, 'delivered 2, 0 wait in the outbox\n')
    assert (len(chat.taken), len(pager.taken)) == (1, 1)
    assert desk('flush').stdout == 'delivered 0, 0 wait in the outbox\n'


def test_what_is_given_up_can_be_tried_again(desk, chat):
    chat.will(Fault.status(503), times=None)
    desk.send('a', '--queue', severity='warning')
    desk.flush()
    desk.pass_time(6 * 3600 + 1)
    flushed = desk('flush')
    assert flushed.exit_code == 1 and '1 given up (sre-toolkit alert list --dead)' in flushed.stdout
    dead = desk('list', '--dead')
    assert dead.exit_code == 0 and ' a' in dead.stdout
    assert re.search(r'^  ✗ slack        trigger by default: given up: .*503.*\(sre-toolkit alert retry 1\)$', desk.why()[0], re.M)
    chat.behaves()
    desk.pass_time(600)
    again = desk('retry', '--dead')
    assert (again.exit_code, again.stdout) == (0, '1 to be sent again: 1 delivered, 0 wait in the outbox\n')
    assert titles(chat)[0] == '[WARNING] a (db-01)'
    nothing = desk('retry', 1)
    assert nothing.exit_code == 2 and nothing.stderr.startswith('sre-toolkit alert: ')


def test_many_at_once_and_the_bad_lines_among_them(desk, chat):
    lines = ['{"title": "one", "severity": "warning", "source": "a", "labels": {"team": "db"}, "fields": {"n": 1}}',
             'not json', '', '{"title": "two", "source": "a", "severity": "warning"}', '{"title": 3}',
             '{"title": "one", "source": "a", "resolved": true}', '{"title": "x", "severity": "fatal"}',
             '{"title": "y", "tilte": "z"}', '{}', '["title"]', '{"title": "three", "source": "a", "severity": "warning"}']
    done = desk('--events', '-', stdin='\n'.join(lines))
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == 'accepted 4, refused 6, lost 0'
    complaints = re.findall(r'\[ERROR   \] alert: stdin:(\d+): ', done.stderr)
    assert complaints == ['2', '5', '7', '8', '9', '10']
    desk.flush()
    told = titles(chat)
    assert '[WARNING] two (a)' in told and '[WARNING] three (a)' in told
    good = desk('--events', '-', '--output', 'json', stdin='{"title": "four", "source": "b", "severity": "warning"}\n')
    assert good.exit_code == 0 and good.json['summary'] == {
        'accepted': 1, 'refused': 0, 'lost': 0, 'delivered': 1, 'carried': 0, 'retried': 0, 'waiting': 0, 'dead': 0}


def test_a_check_that_fails_fires_and_one_that_recovers_resolves(desk, chat, pager, toolkit):
    config = json.loads((toolkit.home / 'sre-toolkit.yaml').read_text())
    flag = toolkit.home / 'well'
    config['checks'] = [{'name': 'disk', 'exec': ['sh', '-c', f'test -e {flag} || {{ echo full; exit 2; }}'], 'runbook': 'https://wiki.example.com/disk',
                         'labels': {'team': 'db'}}]
    toolkit.config(json.dumps(config))
    assert toolkit('check', '--alert-on', 'failure').exit_code == 1
    first, = desk('list', '--output', 'json').json['results']
    assert (first['title'], first['source'], first['dedup_key']) == ('check disk fails', 'disk', 'check/disk')
    assert first['labels']['team'] == 'db' and first['runbook'] == 'https://wiki.example.com/disk'
    assert len(chat.messages) == 1
    # Again: counted, not told.
    assert toolkit('check', '--alert-on', 'failure').exit_code == 1
    assert len(chat.messages) == 1
    # Without the option nothing is said.
    flag.touch()
    assert toolkit('check').exit_code == 0
    assert len(chat.messages) == 1
    assert toolkit('check', '--alert-on', 'failure').exit_code == 0
    assert desk('list').stdout == 'no open alerts\n'
    assert titles(chat)[1] == '[RESOLVED] check disk fails (disk)'
    assert pager.open() == []


# --- receivers that are gone ----------------------------------------------------------------------

def test_what_waits_for_a_receiver_that_is_gone_is_spoken_of(desk, chat):
    desk.send('a', '--queue')
    desk.configure({'name': 'chat', 'slack': chat.webhook})
    for verb in ('flush', 'list'):
        said = desk(verb).stderr
        assert "1 message waits for receiver 'slack', which is not in alerts.receivers" in said, said
        assert "1 message waits for receiver 'pagerduty'" in said
    desk.with_settings()
    assert 'delivered 2, 0 wait in the outbox' in desk('flush').stdout
