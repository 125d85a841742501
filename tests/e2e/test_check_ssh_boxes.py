"""The health of whole machines over SSH, over both transports."""
import json

import pytest
import servers
from checks_over_ssh import FAST, TRANSPORTS, Checks


@pytest.fixture
def on_boxes(toolkit, boxes):
    boxes.up('web-01', 'web-02')
    return Checks(toolkit, boxes.files / 'ssh_config', boxes.in_front)


@pytest.mark.parametrize('transport', TRANSPORTS)
def test_machines_that_are_well(on_boxes, transport):
    for name, result in on_boxes('web-[01-02]', *FAST, '--transport', transport).items():
        assert result['values']['hostname'] == name
        assert result['values']['memory_percent'] > 0


def test_where_dropbear_listens(on_boxes, boxes, toolkit, tmp_path):
    boxes.exec('web-02', 'sh', '-c', 'mkdir -p /etc/dropbear && dropbear -R -p 2244 -P /run/dropbear-2244.pid')
    config = tmp_path / 'ssh_config'
    config.write_text(f'Host *\n UserKnownHostsFile {tmp_path}/known_hosts\n' + (boxes.files / 'ssh_config').read_text())
    result = Checks(toolkit, config, boxes.in_front).one('ssh://web-02:2244', *FAST, '--accept-new-host-keys')
    assert result['values']['hostname'] == 'web-02'


@pytest.mark.parametrize('trouble, relief', [('cut', 'join'), ('freeze', 'thaw')])
def test_a_machine_in_trouble_delays_nobody(on_boxes, boxes, toolkit, trouble, relief):
    """Cut off: no answer at all.  Frozen: its kernel alone goes on to answer."""
    getattr(boxes, trouble)('web-01')
    try:
        done = toolkit(*on_boxes.argv('web-[01-02]', *FAST, '--timeout', '10', '--output', 'jsonl'),
                       in_front=on_boxes.in_front)
    finally:
        getattr(boxes, relief)('web-01')
    first, last = done.jsonl
    assert (first['name'], first['code'] in ('ok', 'threshold_exceeded')) == ('web-02', True)
    assert (last['name'], last['state'], last['code']) == ('web-01', 'critical', 'timeout')
    assert 9 < last['duration_seconds'] < 20


def test_a_machine_that_is_frozen_while_it_is_measured(on_boxes, boxes, toolkit):
    running = toolkit.start(*on_boxes.argv('web-01', '--set', 'cpu_sample=6s', '--timeout', '14', '--output', 'json'),
                            in_front=on_boxes.in_front)
    servers.base.wait_until(lambda: any(each.args.startswith('sleep 6') for each in boxes.processes('web-01')['web-01']),
                            60, 'the program')
    boxes.freeze('web-01')
    try:
        done = running.ended()
    finally:
        boxes.thaw('web-01')
    [result] = json.loads(done.stdout)['results']
    assert (result['state'], result['code']) == ('unknown', 'timeout')
    assert 'while waiting for what the host says of itself' in result['message']
    assert result['duration_seconds'] < 40
    servers.base.wait_until(lambda: not boxes.processes('web-01')['web-01'], 60, 'its end')
