"""Alerts to a real Alertmanager, as amtool shows them; and what is sent to it, and when, to one of the tests' own."""
import datetime

import pytest
from servers import Alertmanager, Fault


@pytest.fixture
def desk(alerts, alertmanager):
    alerts.configure({'name': 'am', 'alertmanager': [alertmanager.url], 'labels': {'cluster': 'eu'}})
    return alerts


def labels(alert):
    """Without what is ours alone."""
    return {name: value for name, value in alert['labels'].items() if name != 'sre_fingerprint'}


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def test_it_receives_shows_and_resolves(desk, alertmanager):
    sent = desk.send('disk full', '-m', '/var is 98 % full ü', '-f', 'mount point=/var', '-l', 'team=db', '-l', 'data-center=b 1',
                     '--runbook', 'https://wiki.example.com/disk')
    assert (sent.exit_code, sent.states) == (0, {'am': 'delivered'})
    alert, = alertmanager.wait_for_alerts(1)
    assert labels(alert) == {'alertname': 'disk full', 'severity': 'critical', 'source': 'db-01', 'team': 'db',
                             'data_center': 'b 1', 'cluster': 'eu'}
    assert alert['annotations'].items() >= {'description': '/var is 98 % full ü', 'mount_point': '/var',
                                            'summary': 'disk full',
                                            'runbook_url': 'https://wiki.example.com/disk'}.items()
    assert alert['status']['state'] == 'active'
    assert len(alertmanager.alerts('team=db', 'severity=critical')) == 1 and alertmanager.alerts('team=web') == []
    assert desk.resolve('disk full', '-l', 'team=db').states == {'am': 'delivered'}
    alertmanager.wait_for_alerts(0)


def test_what_gets_worse_is_one_alert_there_too(desk, alertmanager):
    desk.send('disk full', severity='warning')
    desk.send('disk full')
    alert, = alertmanager.wait_for_alerts(1)
    assert alert['labels']['severity'] == 'critical'
    desk.resolve('disk full')
    alertmanager.wait_for_alerts(0)


def test_one_problem_is_one_alert_whatever_it_is_called(desk, alertmanager):
    """Under one deduplication key titles and sources may differ, and its labels are all that it has to go by."""
    desk.send('disk 91 % full', '-k', 'disk', severity='info')
    desk.send('disk 93 % full', '-k', 'disk', source='db-02', severity='warning')
    desk.send('another disk')
    alertmanager.wait_for_alerts(2)
    alert, = alertmanager.alerts('severity=warning')
    assert (alert['labels']['alertname'], alert['labels']['source']) == ('disk 93 % full', 'db-02')
    assert desk('--resolve', '-k', 'disk', '-l', 'team=other').exit_code == 0
    alert, = alertmanager.wait_for_alerts(1)
    assert alert['labels']['alertname'] == 'another disk'


def test_what_comes_back_fires_again(desk, alertmanager):
    for _ in range(2):
        desk.send('disk full')
        alertmanager.wait_for_alerts(1)
        desk.resolve('disk full')
        alertmanager.wait_for_alerts(0)


def test_a_test_is_not_left_firing(desk, alertmanager):
    done = desk('test')
    assert done.exit_code == 0 and ' reached ' in done.stdout
    alertmanager.wait_for_alerts(0)


def test_one_that_is_away_is_told_when_it_is_back(desk, alertmanager):
    alertmanager.pause()
    assert desk.send('disk full', '--queue').exit_code == 0
    desk.flush()
    alertmanager.resume()
    desk.pass_time(60)
    assert desk.flush()['waiting'] <= 1  # it is to be told again in a while, so that it does not forget
    alertmanager.wait_for_alerts(1)


def test_each_of_a_cluster_is_told(alerts, alertmanager):
    with Alertmanager() as other:
        alerts.configure({'name': 'am', 'alertmanager': [alertmanager.url, other.url]})
        alerts.send('disk full')
        alertmanager.wait_for_alerts(1)
        other.wait_for_alerts(1)
        # One is enough to have told it.
        other.pause()
        assert alerts.resolve('disk full').exit_code == 0
        alertmanager.wait_for_alerts(0)


def test_hostile_texts_are_taken(desk, alertmanager):
    sent = desk.send('\u202e"\\{a="b"}\n' + 'x' * 3000, '-m', 'y' * 60_000, '-l', '{"}=1', '-l', '1st=a', '-f', '"=b', source='a"b')
    assert sent.exit_code == 0
    alert, = alertmanager.wait_for_alerts(1)
    assert alert['labels']['source'] == 'a"b' and '\u202e' not in alert['labels']['alertname']


# --- what is sent ---------------------------------------------------------------------------------

@pytest.fixture
def spied(alerts, alertmanager_api):
    alerts.configure({'name': 'am', 'alertmanager': [alertmanager_api.url], 'expires': '2h'})
    return alerts


def test_what_fires_is_told_again_so_that_it_is_not_forgotten(spied, alertmanager_api):
    spied.send('disk full')
    first, = alertmanager_api.alerts
    assert 7100 < (moment(first['endsAt']) - datetime.datetime.now(datetime.timezone.utc)).total_seconds() < 7201
    for _ in range(2):
        told = len(alertmanager_api.alerts)
        spied.pass_time(3600)
        spied.flush()
        assert len(alertmanager_api.alerts) > told
        assert alertmanager_api.alerts[-1]['labels'] == first['labels']
        assert alertmanager_api.alerts[-1]['startsAt'] == first['startsAt']
    spied.resolve('disk full')
    over = alertmanager_api.alerts[-1]
    assert over['labels'] == first['labels']
    assert moment(over['endsAt']) <= datetime.datetime.now(datetime.timezone.utc)
    assert alertmanager_api.violations() == []


@pytest.mark.parametrize('fault', [Fault.status(500), Fault.status(429), Fault.reset(), Fault.close()],
                         ids=lambda fault: fault.name)
def test_what_fails_is_told_again(spied, alertmanager_api, fault):
    alertmanager_api.will(fault)
    spied.send('disk full', '--queue')
    spied.flush()
    spied.pass_time(40)
    spied.flush()
    assert len(alertmanager_api.alerts) == 1


def test_what_it_refuses_is_given_up(spied, alertmanager_api):
    alertmanager_api.will(Fault.body('"bad labels"', 400))
    sent = spied.send('disk full')
    assert (sent.exit_code, sent.states) == (1, {'am': 'failed'}) and 'bad labels' in spied.why()[0]
