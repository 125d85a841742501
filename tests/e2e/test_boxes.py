"""Whole machines for the tests: that they boot, and that what can be done to them is done."""
import os
import shutil
import subprocess
import tempfile
import time

import pytest
from servers.base import NOBODY, can_be_nobody, wait_until
from servers.boxes import LAUNCH


@pytest.fixture
def box(boxes):
    """One that is up and well."""
    boxes.up('web-01')
    return 'web-01'


def page(boxes, name='web-01', seconds='30'):
    return boxes.run('curl', '-sS', '--noproxy', '*', '--max-time', seconds, f'http://{name}/')


def assert_no_answer(boxes, name='web-01'):
    with pytest.raises(RuntimeError, match='timed out'):
        page(boxes, name, '0.5')


def test_a_box_is_a_machine(boxes, box):
    assert page(boxes) == 'this is web-01\n'
    assert boxes.exec(box, 'hostname') == 'web-01\n'
    assert boxes.exec(box, 'cat', '/proc/1/comm') == 'systemd\n'
    assert boxes.exec(box, 'systemctl', 'is-active', 'ssh', 'nginx', 'cron').split() == ['active'] * 3
    assert boxes.run('ssh', '-F', boxes.files / 'ssh_config', box, 'sudo id -un; hostname') == 'root\nweb-01\n'
    assert boxes.list()[box] == ('10.97.0.2', 'up')


def test_boxes_see_each_other_and_nothing_else(boxes, box):
    boxes.up('web-02')
    address = boxes.list()['web-02'][0]
    assert boxes.exec(box, 'curl', '-sS', f'http://{address}/') == 'this is web-02\n'
    assert boxes.exec(box, 'ip', 'route', 'show', 'default') == ''
    boxes.down('web-02')
    assert list(boxes.list()) == ['web-01']


def test_network_of_a_box_is_cut(boxes, box):
    boxes.cut(box)
    assert_no_answer(boxes)
    boxes.join(box)
    assert page(boxes) == 'this is web-01\n'


def test_a_box_is_frozen(boxes, box):
    boxes.freeze(box)
    assert_no_answer(boxes)
    # The kernel still answers for it.
    boxes.run('bash', '-c', 'exec 3<>/dev/tcp/web-01/80')
    boxes.thaw(box)
    assert page(boxes) == 'this is web-01\n'


def test_a_box_loses_packets(boxes, box):
    boxes.lose(box, 100)
    assert_no_answer(boxes)
    boxes.lose(box, 0)
    assert page(boxes) == 'this is web-01\n'


def test_a_box_is_slow(boxes, box):
    boxes.exec(box, 'sh', '-c', 'head -c 60000 /dev/zero >/var/www/html/zeros')

    def seconds():
        return float(boxes.run('curl', '-sS', '-o', '/dev/null', '-w', '%{time_total}', f'http://{box}/zeros'))
    boxes.slow(box, '400kbit')
    slow = seconds()
    boxes.slow(box, 'off')
    assert slow > 0.5
    wait_until(lambda: seconds() < 0.5, 60, 'a quick answer')  # the machine may be busy


def test_several_at_once(boxes, box):
    boxes.up('web-02')
    try:
        for do in (boxes.cut, boxes.freeze):
            do('web-01', 'web-02')
            for name in ('web-01', 'web-02'):
                assert_no_answer(boxes, name)
            boxes.mend('web-01', 'web-02')
            for name in ('web-01', 'web-02'):
                assert page(boxes, name) == f'this is {name}\n'
    finally:
        boxes.down('web-02')


def test_one_that_reboots_is_booted_as_a_new_one(boxes, box):
    """At once: nobody waits until its old hardware address is forgotten."""
    key = boxes.exec(box, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub')
    page(boxes)
    boxes.exec(box, 'systemctl', '--no-block', 'reboot')
    wait_until(lambda: boxes.list()[box][1] == 'dead', 90, 'its end')
    begin = time.monotonic()
    boxes.up(box)
    assert time.monotonic() - begin < 60
    assert page(boxes) == 'this is web-01\n'
    assert boxes.exec(box, 'cat', '/etc/ssh/ssh_host_ed25519_key.pub') != key
    assert boxes.run('ssh', '-F', boxes.files / 'ssh_config', box, 'hostname') == 'web-01\n'


def test_what_people_start_there_is_found(boxes, box):
    """Also as root; not what belongs to the machine."""
    assert boxes.processes(box) == {box: []}
    ssh = ['ssh', '-F', boxes.files / 'ssh_config', box]
    boxes.run(*ssh, 'for sudo in "" sudo; do setsid $sudo sleep 4711 >/dev/null 2>&1 </dev/null & done')
    wait_until(lambda: sorted(each.uid for each in boxes.processes(box)[box] if each.args == 'sleep 4711') == [0, 1000], 60,
               'two processes')
    boxes.exec(box, 'pkill', 'sleep')
    wait_until(lambda: boxes.processes(box) == {box: []}, 60, 'their end')


@pytest.mark.parametrize('args', [[], ['fly'], ['up'], ['run'], ['lose', 'web-01', 'many']])
def test_wrong_usage(boxes, box, args):
    done = subprocess.run([*boxes.in_front[:-1], *args], capture_output=True, text=True)
    assert done.returncode == 2 and 'launch up NAME' in done.stderr


def test_wrong_names(boxes, box):
    for args in (['exec', 'nobody', 'true'], ['up', '../x'], ['up', 'UPPER']):
        done = subprocess.run([*boxes.in_front[:-1], *args], capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith('launch: ')


def test_usage():
    """Whatever this machine can do."""
    done = subprocess.run([LAUNCH], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == '' and 'launch up NAME' in done.stderr


@pytest.mark.skipif(os.geteuid() == 0 and not can_be_nobody(), reason='needs a / that others may enter')
def test_it_says_why_it_cannot():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = shutil.copy(LAUNCH, folder)
        words = NOBODY if os.geteuid() == 0 else []
        for verb in ('able', 'list', 'up'):
            done = subprocess.run([*words, copy, verb], capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (1, 'launch: needs root\n')
