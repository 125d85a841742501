"""Stopping means stopped: Ctrl-C once and twice, SIGTERM, SIGKILL; and a reader who does not read."""
import os
import re
import signal
import sqlite3
import subprocess
import time
import uuid

import pytest
from fleet import Terminal, processes_of
from servers.base import wait_until
from toolkit import TIMEOUT_SECONDS

MINUTE = 60
# Sooner than a command is killed that does not end, and than a locked store is given up.
AT_ONCE_SECONDS = 3


@pytest.fixture
def mark():
    """A text that the remote command has in its command line."""
    return f'mark-{uuid.uuid4()}'


class Begun:
    """Of commands that say so, each with a file of its own, as soon as they are where they write `here`."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.here = f': >{self.folder}/$$'

    def wait(self, count=4):
        wait_until(lambda: len(os.listdir(self.folder)) >= count, MINUTE, f'{count} commands')


@pytest.fixture
def begun(tmp_path):
    return Begun(tmp_path / 'begun')


def sleeper(mark, begun):
    return f'echo up; {begun.here}; sh -c "sleep 600; : {mark}"'


def wait_until_gone(mark):
    """A process that was killed still has to come to its end; none of these would by itself."""
    wait_until(lambda: processes_of(mark) == [], MINUTE, 'the end of the commands')


def test_ctrl_c_ends_what_runs(fleet, mark, begun):
    running = fleet.start(sleeper(mark, begun))
    for host in fleet.sshd.hosts:
        running.wait_for(f'{host}: up')
    begun.wait()
    assert len(processes_of(mark)) >= 4
    running.signal(signal.SIGINT)
    done = running.ended()
    assert done.exit_code == 130, done
    assert 'interrupted: ending what runs on 4 of 4 servers; once more leaves at once' in done.stderr
    assert '✗ web-01: signal TERM' in done.stdout and '0/4 servers responded successfully' in done.stdout
    wait_until_gone(mark)


def test_sigterm(fleet, mark, begun):
    running = fleet.start(sleeper(mark, begun), '--output', 'json').wait_for('4 servers')
    begun.wait()
    running.signal(signal.SIGTERM)
    done = running.ended()
    assert done.exit_code == 143 and done.json['summary']['signal'] == 4, done
    wait_until_gone(mark)


@pytest.mark.parametrize('transport', ['native', 'openssh'])
def test_what_has_a_terminal_is_seen_to_end(fleet, mark, begun, transport):
    """Nothing supervises it: its terminal is hung up, and the server is asked what is left.  It has five seconds to
    look through all processes of this machine, so few do it at once."""
    running = fleet.toolkit.start('fleet', f'{begun.here}; sleep 600; : {mark}', '--hosts', 'web-[01-02]', *fleet.login,
                                  *fleet.kept, '--tty', '--output', 'json', '--transport', transport)
    begun.wait(2)
    running.signal(signal.SIGINT)
    done = running.ended()
    assert done.exit_code == 130 and 'still be running' not in done.stderr, done
    assert [(item['outcome'], item['signal'], item['may_be_running']) for item in done.json['results']] == \
        2 * [('signal', 'HUP', False)]
    assert all(item['pid'] > 0 for item in done.json['results'])
    wait_until_gone(mark)


def test_what_has_a_terminal_and_does_not_end_is_told_of(fleet, mark, tmp_path):
    end = tmp_path / 'end'
    running = fleet.start(f"trap '' HUP TERM INT; echo up; until [ -e {end} ]; do sleep 1; : {mark}; done", '--tty')
    try:
        for host in fleet.sshd.hosts:
            running.wait_for(f'{host}: up')
        running.signal(signal.SIGINT)
        done = running.ended()
    finally:
        end.touch()
    assert done.exit_code == 130, done
    assert '✗ web-01: unreachable: its terminal was hung up, and it was not seen to end' in done.stdout
    assert 'not heard to end, and may still be running: web-01 (pid ' in done.stderr
    wait_until_gone(mark)


def test_what_has_not_begun_does_not_begin(fleet, mark, begun):
    running = fleet.start(sleeper(mark, begun), '--workers', '1', '--output', 'json')
    begun.wait(1)
    running.signal(signal.SIGINT)
    done = running.ended()
    assert [item['outcome'] for item in done.json['results']] == ['signal', *3 * ['not_started']]
    assert done.json['results'][1]['code'] == 'interrupted'


def test_a_command_that_will_not_end_is_killed(fleet, mark, begun):
    running = fleet.start(f"trap '' TERM INT HUP; {begun.here}; while :; do sleep 1; : {mark}; done", '--output', 'json')
    begun.wait()
    running.signal(signal.SIGINT)
    done = running.ended()
    assert done.exit_code == 130 and {item['signal'] for item in done.json['results']} == {'KILL'}, done
    wait_until_gone(mark)


def left(fleet, mark):
    """It was interrupted twice, while the commands go on."""
    running = fleet.start(f"trap '' TERM; echo up; while :; do sleep 1; : {mark}; done")
    for host in fleet.sshd.hosts:
        running.wait_for(f'{host}: up')
    running.signal(signal.SIGINT).wait_for('once more leaves at once')
    time.sleep(0.3)  # sooner it is taken for the same Ctrl-C
    before = time.monotonic()
    running.signal(signal.SIGINT)
    done = running.ended()
    assert done.exit_code == 130 and time.monotonic() - before < AT_ONCE_SECONDS, done
    assert 'left without waiting for its end: web-01 (pid ' in done.stderr and 'db-01 (pid ' in done.stderr
    return done


def test_twice_leaves_at_once_and_says_what_it_left(fleet, mark):
    left(fleet, mark)
    assert fleet.rows('SELECT exit_code, ended_ms > 0 FROM run') == [(130, 1)]
    shown = fleet.verb('show', '1')
    assert 'not written down' not in shown.stdout
    assert re.search(r'^✗ web-01: unreachable: left without waiting for its end \(pid \d+\)$', shown.stdout, re.M)
    assert '130' in fleet.verb('last').stdout
    wait_until_gone(mark)  # the supervisors end what was left


def test_twice_leaves_at_once_also_when_the_store_is_locked(fleet, mark):
    """What cannot be written in a moment is not waited for."""
    running = fleet.start(f"trap '' TERM; echo up; while :; do sleep 1; : {mark}; done")
    for host in fleet.sshd.hosts:
        running.wait_for(f'{host}: up')
    wait_until(lambda: fleet.rows("SELECT count(*) FROM run_host WHERE text LIKE '%not heard to end'") == [(4,)],
               MINUTE, 'the ledger')
    with sqlite3.connect(fleet.store, isolation_level=None) as database:
        database.execute('BEGIN IMMEDIATE')
        running.signal(signal.SIGINT).wait_for('once more leaves at once')
        time.sleep(0.3)  # sooner it is taken for the same Ctrl-C
        before = time.monotonic()
        done = running.signal(signal.SIGINT).ended()
        assert done.exit_code == 130 and time.monotonic() - before < AT_ONCE_SECONDS, done
        assert 'left without waiting for its end: web-01 (pid ' in done.stderr
        database.execute('ROLLBACK')
    assert fleet.rows('SELECT exit_code FROM run') == [(None,)]
    wait_until_gone(mark)  # the supervisors end what was left


def test_a_killed_client_leaves_nothing(fleet, mark, begun):
    running = fleet.start(sleeper(mark, begun))
    for host in fleet.sshd.hosts:
        running.wait_for(f'{host}: up')
    running.signal(signal.SIGKILL).ended()
    wait_until_gone(mark)  # the supervisors end what was left


def test_a_reader_who_waits_does_not_end_commands(fleet, binary):
    """A pager holds our output back; the hosts must go on to hear of us meanwhile."""
    ours, theirs = os.pipe()
    argv = [binary, 'fleet', 'head -c 3000000 /dev/zero | tr "\\0" x | fold -w 99; echo; sleep 1; echo end-of-it',
            *fleet.all, *fleet.login, *fleet.kept]
    with subprocess.Popen([str(arg) for arg in argv], stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          env=fleet.toolkit.environment({})) as process:
        os.close(theirs)
        time.sleep(20)  # longer than the supervisors wait for a word
        with os.fdopen(ours, 'rb') as reader:
            text = reader.read().decode()
        assert process.wait(TIMEOUT_SECONDS) == 0, (text[-1000:], process.stderr.read())
    assert text.count('end-of-it') == 4 and text.endswith('4/4 servers responded successfully\n')
    assert text.count('x' * 99) >= 4 * 3000000 // 100 - 4


def test_a_reader_who_has_seen_enough_stops_it(fleet, binary, mark):
    """As with any program in front of `head`; quietly, and nothing is left running."""
    command = f'while :; do echo line; sleep 0.1; : {mark}; done'
    argv = [binary, 'fleet', command, *fleet.all, *fleet.login, *fleet.kept, '--workers', '2', '--quiet']
    with subprocess.Popen([str(arg) for arg in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, env=fleet.toolkit.environment({})) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(TIMEOUT_SECONDS) == 1 and process.stderr.read() == b''
    wait_until_gone(mark)
    assert fleet.rows('SELECT count(*) FROM run_host') == [(4,)]


def test_a_reader_who_leaves_after_the_end_changes_nothing(fleet, binary):
    argv = [binary, 'fleet', 'true', *fleet.all, *fleet.login, *fleet.kept, '--quiet']
    ours, theirs = os.pipe()
    os.close(ours)
    with subprocess.Popen([str(arg) for arg in argv], stdout=theirs, stdin=subprocess.DEVNULL,
                          env=fleet.toolkit.environment({})) as process:
        os.close(theirs)
        assert process.wait(TIMEOUT_SECONDS) == 0


def test_ctrl_c_on_a_terminal(fleet, binary):
    """What is said stands on a line of its own, behind the "^C" that the terminal shows."""
    argv = [binary, 'fleet', 'echo up; sleep 60', '--quiet', '--yes', '--color', 'never', *fleet.all, *fleet.login, *fleet.kept]
    terminal = Terminal(argv, fleet.toolkit.environment({}))
    for name in fleet.sshd.hosts:
        terminal.wait_for(f'{name}: up')
    terminal.type('\x03')
    assert terminal.ended() == 130
    assert '^C\r\ninterrupted: ending what runs on ' in terminal.seen


def test_ctrl_c_at_the_question(fleet, binary):
    argv = [binary, 'fleet', 'true', '--confirm-over', '1', *fleet.all, *fleet.login, *fleet.kept]
    terminal = Terminal(argv, fleet.toolkit.environment({}))
    terminal.wait_for('type how many servers it is: ').type('\x03')
    assert terminal.ended() == 130
    assert terminal.seen.endswith('\r\nnothing was done\r\n') and not fleet.store.exists()
