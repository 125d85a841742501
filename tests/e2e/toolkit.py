"""Runs the real program, as a person, a script or a terminal would; never longer than it is allowed to."""
import dataclasses
import errno
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

TIMEOUT_SECONDS = 120  # more than any takes on a busy machine
# A sanitizer's finding ends the program with this, which is none of its own exit codes.
SANITIZER_EXIT = 99
SANITIZER_WORDS = ('AddressSanitizer', 'LeakSanitizer', 'UndefinedBehaviorSanitizer', 'runtime error:')
ESCAPES = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')


class Failed(AssertionError):
    """The program did what no test allows: it hung, or a sanitizer found something."""


@dataclasses.dataclass(frozen=True)
class Result:
    command: str  # to run the same by hand
    exit_code: int  # -N: killed by signal N
    stdout: str
    stderr: str
    seconds: float

    @property
    def json(self):
        """stdout as one JSON document."""
        return json.loads(self.stdout)

    @property
    def jsonl(self):
        """stdout as a list of JSON documents, one a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def plain(self):
        """stdout without colours and cursor movements."""
        return ESCAPES.sub('', self.stdout)

    def __str__(self):
        return (f'$ {self.command}\n(exit {self.exit_code} after {self.seconds:.2f} s)\n'
                f'--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}')

    __repr__ = __str__


def checked(result):
    if result.exit_code == SANITIZER_EXIT or any(word in result.stderr for word in SANITIZER_WORDS):
        raise Failed(f'a sanitizer found something\n{result}')
    if -result.exit_code in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL):
        raise Failed(f'it crashed\n{result}')
    return result


class Running:
    """A program that was started and goes on.  Reads what it writes all the time, so that it never waits."""

    def __init__(self, argv, command, env, cwd, stdin, screen):
        self.command = command
        self._began = time.monotonic()
        self._written = {}
        self._names = {}
        parent_ends, child = {}, {'stdin': stdin}
        if screen:
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', screen[1], screen[0], 0, 0))
            child = {'stdin': theirs, 'stdout': theirs}
            parent_ends['stdout'] = ours
        for name in ('stdout', 'stderr'):
            if name not in child:
                parent_ends[name], child[name] = os.pipe()
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, start_new_session=True, **child)
        for name in ('stdout', 'stderr'):
            os.close(child[name])
        for name, fd in parent_ends.items():
            self._names[fd] = name
            self._written[name] = bytearray()

    @property
    def pid(self):
        return self.process.pid

    @property
    def stdout(self):
        return self._written['stdout'].decode(errors='replace').replace('\r\n', '\n')

    @property
    def stderr(self):
        return self._written['stderr'].decode(errors='replace')

    def _read(self, seconds):
        """Reads what there is; waits for it at most so long.  False when both streams have ended."""
        if not self._names:
            return False
        for fd in select.select(list(self._names), [], [], max(seconds, 0))[0]:
            try:
                data = os.read(fd, 65536)
            except OSError as err:  # the other end of a terminal is gone
                if err.errno != errno.EIO:
                    raise
                data = b''
            self._written[self._names[fd]] += data
            if not data:
                os.close(fd)
                del self._names[fd]
        return bool(self._names)

    @property
    def peak_kib(self):
        """The most memory that it had at once until now, while it runs."""
        status = pathlib.Path(f'/proc/{self.pid}/status').read_text()
        return int(re.search(r'^VmHWM:\s+(\d+) kB$', status, re.MULTILINE)[1])

    def wait_for(self, text, seconds=TIMEOUT_SECONDS):
        """Until `text` has been written to either stream."""
        end = time.monotonic() + seconds
        while text not in self.stdout and text not in self.stderr:
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise Failed(f'waited for {text!r}\n{self._result(self.process.poll())}')
        return self

    @property
    def so_far(self):
        """A Result of what it has written until now; the exit code is None while it runs."""
        self._read(0)
        return self._result(self.process.poll())

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def ended(self, seconds=TIMEOUT_SECONDS):
        """Its Result; fails if it does not end in time."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            if time.monotonic() > end:
                self.kill()
                raise Failed(f'it still ran after {seconds} s\n{self._result(None)}')
        try:
            code = self.process.wait(max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f'it closed its output but still ran after {seconds} s\n{self._result(None)}') from None
        return checked(self._result(code))

    def _result(self, code):
        return Result(self.command, code, self.stdout, self.stderr, time.monotonic() - self._began)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in self._names:
            os.close(fd)
        self._names = {}


class Toolkit:
    """toolkit('check', 'local:') -> Result.

    Each has a home of its own and a small, known environment.  Options: env (added to it; None removes),
    cwd, stdin (text, or a descriptor), timeout (seconds), screen ((columns, rows): stdout is a terminal),
    in_front (words in front of the program: a wrapper)."""

    def __init__(self, binary, home):
        self.binary = pathlib.Path(binary)
        self.home = home
        self._running = []

    def environment(self, more):
        env = {'HOME': str(self.home), 'PATH': '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', 'LANG': 'C.UTF-8',
               'XDG_CONFIG_HOME': str(self.home / '.config'), 'XDG_STATE_HOME': str(self.home / '.state'),
               'XDG_RUNTIME_DIR': str(self.home), 'TERM': 'xterm-256color', 'TZ': 'UTC'}
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'):
            env[name] = ':'.join(filter(None, (os.environ.get(name), f'exitcode={SANITIZER_EXIT}')))
        for name, value in (more or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = str(value)
        return env

    def start(self, *args, env=None, cwd=None, stdin=None, screen=None, in_front=()):
        """Begins, and returns a Running; what still runs at the end of the test is killed."""
        argv = [*map(str, in_front), str(self.binary), *map(str, args)]
        command = shlex.join([*(f'{name}={value}' for name, value in (env or {}).items()), *argv])
        running = Running(argv, command, self.environment(env), cwd or self.home,
                          subprocess.DEVNULL if stdin is None else self._file(stdin), screen)
        self._running.append(running)
        return running

    def _file(self, text):
        if isinstance(text, int):
            return text
        path = self.home / '.stdin'
        path.write_text(text)
        return path.open('rb')

    def __call__(self, *args, timeout=TIMEOUT_SECONDS, **options):
        return self.start(*args, **options).ended(timeout)

    def config(self, text, name='sre-toolkit.yaml'):
        """Writes a configuration into the home, which is where the program runs; returns its path."""
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def end(self):
        for running in self._running:
            running.kill()
