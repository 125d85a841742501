"""Checks against whole machines that are well, cut off, frozen, losing packets, slow, or gone."""
import pytest


@pytest.fixture
def check(toolkit, boxes):
    """check('http://web-01/', ...) runs in the network of the boxes; returns the one result, as in JSON."""
    boxes.up('web-01', 'web-02')

    def run(target, *args):
        result = toolkit('check', target, '--output', 'json', *args, in_front=boxes.in_front)
        [found] = result.json['results']
        assert result.exit_code == (0 if found['healthy'] else 1), result
        return found
    return run


def test_a_machine_that_is_well(check):
    found = check('http://web-01/', '--set', 'expect.body=^this is web-01$')
    assert (found['state'], found['code']) == ('ok', 'ok')
    assert check('tcp://web-01:22', '--set', 'expect=^SSH-2.0-')['state'] == 'ok'


def test_a_machine_that_nobody_knows(check):
    assert check('http://web-99/')['code'] == 'dns_failed'


def test_a_machine_that_is_cut_off(check, boxes):
    boxes.cut('web-01')
    found = check('http://web-01/', '--timeout', '2s')
    boxes.join('web-01')
    assert (found['state'], found['code']) == ('critical', 'timeout')
    assert 'connecting' in found['message']
    assert 1.9 < found['duration_seconds'] < 10


def test_a_machine_whose_kernel_alone_answers(check, boxes):
    """Its connections are made, and nothing comes."""
    boxes.freeze('web-01')
    found = check('http://web-01/', '--timeout', '3s')
    boxes.thaw('web-01')
    assert (found['state'], found['code']) == ('critical', 'timeout')
    assert 'connecting' not in found['message']


def test_a_machine_where_nobody_listens(check, boxes):
    boxes.exec('web-02', 'systemctl', 'stop', 'nginx')
    found = check('http://web-02/')
    boxes.exec('web-02', 'systemctl', 'start', 'nginx')
    assert (found['state'], found['code']) == ('critical', 'connection_refused')


def test_a_machine_that_loses_packets(check, boxes):
    """TCP bears it; it takes longer."""
    boxes.lose('web-01', 20)
    found = check('http://web-01/', '--timeout', '90s')
    boxes.lose('web-01', 0)
    assert found['state'] == 'ok'


def test_one_that_hangs_delays_nobody(toolkit, boxes, check):
    boxes.cut('web-01')
    result = toolkit('check', 'http://web-01/', 'http://web-02/', '--timeout', '8s', '--output', 'jsonl',
                     in_front=boxes.in_front)
    boxes.join('web-01')
    first, second = result.jsonl
    assert (first['name'], first['state']) == ('http://web-02/', 'ok')
    assert first['duration_seconds'] < 7
    assert second['code'] == 'timeout'
