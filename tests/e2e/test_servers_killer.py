"""The killer hits what it aims at: before or after a given change of a file, in any thread."""
import signal
import sqlite3
import subprocess
import sys
import time

import killer
import pytest

pytestmark = pytest.mark.skipif(not killer.exists(), reason='needs to be allowed to trace programs')

WRITER = '''
import os, threading
def write():
    fd = os.open("{dir}/file", os.O_WRONLY | os.O_CREAT)
    for letter in b"abcde":
        os.pwrite(fd, bytes([letter]), letter - 97)
        os.fsync(fd)
open("/dev/null", "w").write("not watched")
thread = threading.Thread(target=write)
thread.start()
thread.join()
os.unlink("{dir}/file")
raise SystemExit(7)
'''


@pytest.fixture
def traced(tmp_path):
    watched = tmp_path / 'watched'
    watched.mkdir()

    def make(program):
        return killer.Traced([sys.executable, '-c', program.format(dir=watched)], {}, tmp_path, watched)
    make.dir = watched
    return make


def test_a_whole_run(traced):
    run = traced(WRITER).run()
    assert (run.killed, run.exit_code) == (None, 7)
    assert [(change.call, change.path) for change in run.changes] == [('pwrite64', 'file'), ('fsync', 'file')] * 5 + [('unlink', 'file')]
    assert [change.number for change in run.changes] == list(range(1, 12))


@pytest.mark.parametrize('number, is_after, left', [
    (1, False, b''), (1, True, b'a'), (3, False, b'a'), (3, True, b'ab'), (10, True, b'abcde'), (11, False, b'abcde'), (11, True, None)])
def test_a_kill(traced, number, is_after, left):
    run = traced(WRITER).run(killer.Point(number, is_after))
    assert (run.killed.number, run.killed.is_after, run.exit_code) == (number, is_after, None)
    path = traced.dir / 'file'
    assert (path.read_bytes() if path.exists() else None) == left


def test_a_kill_that_never_comes(traced):
    assert traced(WRITER).run(killer.Point(12, False)).exit_code == 7


def test_a_moment_of_ones_own(traced):
    run = traced(WRITER).run(lambda point, seconds: point.is_after and point.call == 'fsync' and seconds > 0)
    assert run.killed.number == 2


def test_signals_reach_it(traced):
    run = traced('import os, signal; signal.signal(signal.SIGUSR1, lambda *_: os._exit(9)); os.kill(os.getpid(), signal.SIGUSR1)').run()
    assert run.exit_code == 9
    assert traced('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)').run().exit_code == -signal.SIGSEGV


@pytest.mark.parametrize('program', ['import time\nwhile True: time.sleep(0.01)', 'import time; time.sleep(60)'])
def test_what_hangs(traced, program):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        traced(program).run(seconds=0.3)
    assert time.monotonic() - began < 50


def test_others_are_left_alone(traced):
    """Another child of ours that ends meanwhile keeps its status for who asks."""
    other = subprocess.Popen(['/bin/sh', '-c', 'exit 3'])
    assert traced(WRITER).run().exit_code == 7
    assert other.wait(60) == 3


def test_a_database_survives(traced):
    """As it will be used: each place of a transaction is hit, and the database is whole."""
    program = ('import sqlite3\nc = sqlite3.connect("{dir}/db", isolation_level=None)\nc.execute("pragma journal_mode=wal")\n'
               'c.execute("pragma synchronous=full")\nc.execute("create table t(a)")\nc.execute("insert into t values(1)")\n')
    count = len(traced(program).run().changes)
    assert count > 10
    for number in range(1, count, 4):
        for path in traced.dir.iterdir():
            path.unlink()
        assert traced(program).run(killer.Point(number, False)).killed
        with sqlite3.connect(traced.dir / 'db') as db:
            assert db.execute('pragma integrity_check').fetchone() == ('ok',)
