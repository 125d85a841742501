"""The life of one alert (a warning, which becomes critical, is acknowledged, and is over) as each receiver gets it."""
import json

import pytest
import receiver_kinds
from alerts import Alerts
from servers.webhook import SECRET, sign
from toolkit import Toolkit

LINK = 'https://wiki.example.com/disk'
TITLES = ['[WARNING] disk full (db-01)', '[CRITICAL] disk full (db-01)', '[ACKNOWLEDGED] disk full (db-01)',
          '[RESOLVED] disk full (db-01)']
EVIL = '<!channel> <@U1> @everyone *b* [click](https://evil.test) \u202eback'


@pytest.fixture(scope='module')
def life(binary, tmp_path_factory):
    """The servers, after all of it."""
    toolkit = Toolkit(binary, tmp_path_factory.mktemp('life'))
    alerts = Alerts(toolkit, toolkit.home / 'state.db')
    with receiver_kinds.everybody() as servers:
        alerts.configure(*servers.receivers)
        details = ('-f', 'mount=/var', '-l', 'team=db', '--runbook', LINK)
        assert alerts.send('disk full', '-m', '/var is 98 % full', *details, severity='warning').exit_code == 0
        assert alerts.send('disk full', '-m', '/var is full', *details).exit_code == 0
        assert alerts('ack', 1, '--author', 'eva', '--reason', 'on it').exit_code == 0
        assert alerts.resolve('disk full', '-m', 'cleaned up').exit_code == 0
        yield servers
    toolkit.end()


def test_nobody_was_sent_what_its_documentation_does_not_allow(life):
    assert life.violations() == life.each([])
    assert {name: server.requests == server.taken for name, server in life.items()} == life.each(True)


def test_slack(life):
    messages = life['slack'].messages
    assert [message['text'] for message in messages] == TITLES
    assert [{attachment['color'] for attachment in message['attachments']} for message in messages] == [
        {'warning'}, {'danger'}, {'#439fe0'}, {'good'}]
    blocks, facts = messages[0]['attachments']
    assert blocks['blocks'][0]['text'] == {'type': 'plain_text', 'text': '/var is 98 % full', 'emoji': False}
    assert blocks['blocks'][1]['elements'][0]['text'] == f'<{LINK}|runbook>'
    assert {'title': 'mount', 'value': '/var', 'short': True} in facts['fields']
    assert {'title': 'team', 'value': 'db', 'short': True} in facts['fields']
    assert facts['footer'] == 'sre-toolkit, alert 1' and isinstance(facts['ts'], int)
    assert 'on it\nacknowledged by eva' in json.dumps(messages[2]).replace('\\n', '\n')


def test_pagerduty(life):
    """Two incidents, because nobody is called for a warning that gets worse; in the end none is open."""
    server = life['pagerduty']
    assert [(incident.severity, incident.status, incident.summary) for incident in server.incidents] == [
        ('warning', 'resolved', TITLES[0]), ('critical', 'resolved', TITLES[1])]
    warning, critical = server.incidents
    assert warning.dedup_key.removesuffix('-warning') == critical.dedup_key.removesuffix('-critical')
    assert len(critical.dedup_key) < 255
    assert [event['event_action'] for event in critical.events] == ['trigger', 'acknowledge', 'resolve']
    first = warning.events[0]
    assert first['links'] == [{'href': LINK, 'text': 'Runbook'}]
    details = first['payload']['custom_details']
    assert (details['message'], details['fields'], details['labels'], details['alert_id']) == (
        '/var is 98 % full', {'mount': '/var'}, {'team': 'db'}, 1)


def test_opsgenie(life):
    first, second = life['opsgenie'].alerts
    assert [(alert.status, alert.bodies[0]['priority'], alert.bodies[0]['message']) for alert in (first, second)] == [
        ('closed', 'P3', TITLES[0]), ('closed', 'P1', TITLES[1])]
    assert second.acknowledged and second.count == 1
    body = first.bodies[0]
    assert (body['description'], body['entity'], body['tags']) == ('/var is 98 % full', 'db-01', ['team:db'])
    assert body['details'].items() >= {'mount': '/var', 'team': 'db', 'runbook': LINK, 'alert_id': '1'}.items()


def test_discord(life):
    embeds = [embed for message in life['discord'].messages for embed in message['embeds']]
    assert [embed['title'].replace('\\', '') for embed in embeds] == TITLES
    assert len({embed['color'] for embed in embeds}) == 4
    assert all(message['allowed_mentions'] == {'parse': []} for message in life['discord'].messages)
    assert (embeds[0]['url'], embeds[0]['description']) == (LINK, '/var is 98 % full')
    assert {'name': 'mount', 'value': '/var', 'inline': True} in embeds[0]['fields']


def test_teams(life):
    cards = life['teams'].cards
    assert [card['body'][0]['style'] for card in cards] == ['warning', 'attention', 'accent', 'good']
    assert [card['body'][0]['items'][0]['text'].replace('\\', '') for card in cards] == TITLES
    assert cards[0]['body'][1]['text'] == '/var is 98 % full'
    assert {'title': 'mount', 'value': '/var'} in cards[0]['body'][2]['facts']
    assert cards[0]['actions'] == [{'type': 'Action.OpenUrl', 'title': 'Runbook', 'url': LINK}]


def test_ntfy(life):
    messages = [request.json for request in life['ntfy'].requests]
    assert [message['title'] for message in messages] == TITLES
    assert [message['priority'] for message in messages] == [4, 5, 2, 3]
    assert messages[0]['message'].startswith('/var is 98 % full\n') and messages[0]['click'] == LINK
    assert {request.headers['authorization'] for request in life['ntfy'].requests} == {f'Bearer {life["ntfy"].token}'}


def test_webhook(life):
    server = life['webhook']
    bodies = [request.json for request in server.requests]
    assert [(body['purpose'], body['severity'], body['title']) for body in bodies] == [
        ('trigger', 'warning', TITLES[0]), ('trigger', 'critical', TITLES[1]), ('acknowledge', 'critical', TITLES[2]),
        ('resolve', 'critical', TITLES[3])]
    alert = bodies[0]['alerts'][0]
    assert (alert['status'], alert['title'], alert['source'], alert['message'], alert['fields'], alert['labels'], alert['runbook']) == (
        'firing', 'disk full', 'db-01', '/var is 98 % full', {'mount': '/var'}, {'team': 'db'}, LINK)
    assert len({body['alerts'][0]['episode'] for body in bodies}) == 1
    assert bodies[3]['alerts'][0]['status'] == 'resolved' and bodies[3]['alerts'][0]['resolved']
    for request in server.requests:
        ident, when = request.headers['webhook-id'], request.headers['webhook-timestamp']
        assert ident == request.json['key']
        assert request.headers['webhook-signature'] == sign(SECRET, ident, when, request.body)
    assert len(set(server.ids)) == 4


# --- whatever is in it ----------------------------------------------------------------------------

@pytest.fixture
def told(alerts):
    """(the command, the servers), nothing told yet."""
    with receiver_kinds.everybody() as servers:
        alerts.configure(*servers.receivers)
        yield alerts, servers


def test_an_alert_as_large_as_it_may_be_is_shortened_and_not_dropped(told):
    alerts, servers = told
    event = {'title': '\u00fc' * 5000, 'source': 'ö' * 1000, 'severity': 'critical', 'message': '\U0001f525<&>"\\\n' * 6000,
             'runbook': 'https://wiki.example.com/' + 'x' * 2000,
             'fields': {f'{"name" * 30}{i}': '\U0001f4a5&' * 1500 for i in range(64)},
             'labels': {f'label{i}': 'ß' * 100 for i in range(64)}}
    text = json.dumps(event, ensure_ascii=False)
    assert 500_000 < len(text.encode()) < 1_000_000
    done = alerts('--events', '-', stdin=text + '\n')
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, 'accepted 1, refused 0, lost 0')
    assert servers.violations() == servers.each([])
    assert {name: len(server.taken) for name, server in servers.items()} == servers.each(1)
    # Discord's limits, Slack's and the others' are in their servers, which have taken it; two have sizes.
    assert len(servers['pagerduty'].requests[0].body) <= 512_000 and len(servers['teams'].requests[0].body) <= 28 * 1024


def test_a_group_as_large_as_it_may_be(alerts):
    """More than any of them shows by name: one message, which says how many there are."""
    people = ('slack', 'discord', 'teams', 'ntfy', 'webhook')
    with receiver_kinds.everybody() as servers:
        alerts.configure(*servers.receivers, routes=[
            {'receivers': people, 'group_by': ['severity'], 'group_wait': '10s'}])
        lines = [json.dumps({'title': f'{i} ' + 'x' * 200, 'source': 'a', 'message': 'y' * 300, 'severity': 'warning'})
                 for i in range(117)]
        alerts('--events', '-', '--queue', stdin='\n'.join(lines))
        alerts.pass_time(11)
        flushed = alerts.flush()
        assert flushed == {'delivered': len(people), 'carried': 116 * len(people), 'retried': 0, 'waiting': 0, 'dead': 0}
        assert servers.violations() == servers.each([])
        assert {name: len(servers[name].taken) for name in people} == dict.fromkeys(people, 1)
        for name in people:
            assert b'117' in servers[name].requests[0].body, name


def test_nothing_in_it_calls_people_or_becomes_a_link(told):
    alerts, servers = told
    alerts.send(EVIL, '-m', EVIL, '-f', f'{EVIL}={EVIL}', '-l', f'team={EVIL}', source=EVIL)
    assert servers['slack'].pings == [] and servers['discord'].pings == []
    assert servers.violations() == servers.each([])
    for name, server in servers.items():
        text = server.requests[0].body.decode()
        assert '\u202e' not in text and '\\u202e' not in text, name
    for name in ('discord', 'teams'):
        text = json.dumps(servers[name].requests[0].json, ensure_ascii=False).replace('\\\\', '\\')
        assert text.count('[click]') == text.count('\\[click]') > 0, name


def test_a_test_is_harmless(told):
    alerts, servers = told
    shown = alerts('test', '--dry-run')
    assert shown.exit_code == 0 and servers.requests() == servers.each(0)
    assert all(f'{name}:\n' in shown.stdout for name in servers)
    done = alerts('test')
    assert done.exit_code == 0
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [['✓', name, 'reached'] for name in servers]
    assert servers.violations() == servers.each([])
    assert servers['pagerduty'].open() == [] and servers['pagerduty'].incidents[0].severity == 'info'
    assert servers['opsgenie'].open() == [] and servers['opsgenie'].alerts[0].bodies[0]['priority'] == 'P5'
    # Nothing is wrong, so nothing is open.
    assert alerts('list', '--all').stdout == 'no alerts\n'


def secrets_of(servers):
    """What stands for a secret in each address or key.  (The path of the workflow looks like PagerDuty's key.)"""
    return [servers['slack'].webhook.rpartition('/')[2], f'"{servers["pagerduty"].key}', servers['opsgenie'].key,
            servers['discord'].webhook.rpartition('/')[2], servers['teams'].webhook.rpartition('sig=')[2],
            servers['ntfy'].token, servers['webhook'].secret, '/hook']


def test_no_secret_is_ever_shown_or_stored(told):
    alerts, servers = told
    log = alerts.toolkit.home / 'log'
    with_log = ('-v', '-v', '--log-file', log)
    done = [alerts('--title', 'a', '--source', 'b', *with_log)]
    for server in servers.values():
        server.stop()
    done += [alerts('--title', 'c', '--source', 'b', '--timeout', '1', *with_log), alerts('test', *with_log),
             alerts('why', 1), alerts('why', 2, '--output', 'json'), alerts('list', '--output', 'json'),
             alerts('--title', 'a', '--dry-run'), alerts('test', '--dry-run'), alerts('flush', '--output', 'json', *with_log),
             alerts.toolkit('config', 'show')]
    for server in servers.values():
        server.start()
    said = ''.join(one.stdout + one.stderr for one in done) + log.read_text()
    said += ''.join(path.read_bytes().decode('latin-1') for path in alerts.store.parent.iterdir())
    assert [secret for secret in secrets_of(servers) if secret in said] == []
