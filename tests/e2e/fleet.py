"""The command `fleet`, as tests use it: the servers of one sshd, and a store of its own."""
import os
import pathlib
import pty
import select
import signal
import sqlite3
import time

from toolkit import TIMEOUT_SECONDS


class Fleet:
    """fleet('uptime') runs it on web-01, web-02, web-03 and db-01; fleet.on('web-01', 'uptime') on some."""

    def __init__(self, toolkit, sshd):
        self.toolkit = toolkit
        self.sshd = sshd
        self.store = toolkit.home / 'state.db'

    @property
    def login(self):
        return ['--ssh-config', self.sshd.ssh_config]

    @property
    def kept(self):
        return ['--store', self.store]

    @property
    def all(self):
        return ['--servers', self.sshd.servers]

    def __call__(self, *args, **options):
        return self.toolkit('fleet', *self.all, *self.login, *self.kept, *args, **options)

    def on(self, hosts, *args, **options):
        return self.toolkit('fleet', '--hosts', hosts, *self.login, *self.kept, *args, **options)

    def start(self, *args, **options):
        return self.toolkit.start('fleet', *self.all, *self.login, *self.kept, *args, **options)

    def verb(self, *args, **options):
        """`last`, `show`, `retry`, `diff`."""
        return self.toolkit('fleet', *args, *self.kept, **options)

    def results(self, *args, **options):
        """name -> its result in the JSON document."""
        return {item['name']: item for item in self(*args, '--output', 'json', **options).json['results']}

    def rows(self, query):
        with sqlite3.connect(self.store) as database:
            return database.execute(query).fetchall()

    def case(self, **commands):
        """A command that is another one on some hosts: case(web_02='exit 3')."""
        arms = ''.join(f'*" {self.sshd.address(name.replace("_", "-"))} "*) {command};; '
                       for name, command in commands.items())
        return f'case "$SSH_CONNECTION" in {arms}esac'


class Terminal:
    """The program at a terminal of its own, as a person has it: what is typed, what is seen."""

    def __init__(self, argv, env):
        self.seen = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(argv[0], [str(arg) for arg in argv], env)
            finally:
                os._exit(127)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors='replace')
        return bool(data)

    def wait_for(self, text, seconds=TIMEOUT_SECONDS):
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end and self._read(end - time.monotonic()), f'no {text!r} in {self.seen!r}'
        return self

    def type(self, text):
        os.write(self.fd, text.encode())
        return self

    def ended(self, seconds=TIMEOUT_SECONDS):
        """The exit code; -N: killed by signal N."""
        end = time.monotonic() + seconds
        while self._read(0.1) and time.monotonic() < end:
            pass
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f'it still ran: {self.seen!r}')
            time.sleep(0.02)


def processes_of(mark):
    """Pids of processes that have this text in their command line, but for ourselves."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if mark.encode() in words and int(path.parent.name) != os.getpid() and b'sre-toolkit' not in words:
            found.append(int(path.parent.name))
    return found
