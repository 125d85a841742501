"""What all servers of the tests have in common, and the two ways in which they run: a real program in a
process of its own, or an asyncio server in a thread of this one."""
import asyncio
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

# What is waited for comes at once on an idle machine; on a busy one it may take its time.
START_SECONDS = 60
STOP_SECONDS = 10


def has_ipv6():
    """Whether this machine can listen on ::1."""
    with contextlib.closing(socket.socket(socket.AF_INET6)) as sock:
        try:
            sock.bind(('::1', 0))
        except OSError:
            return False
    return True


def families():
    return (socket.AF_INET, socket.AF_INET6) if has_ipv6() else (socket.AF_INET,)


def loopback(family):
    return '::1' if family == socket.AF_INET6 else '127.0.0.1'


def bound(family, port):
    """A socket on loopback; ports that are reused are those of whoever sets SO_REUSEADDR, as servers do."""
    sock = socket.socket(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((loopback(family), port))
    except OSError:
        sock.close()
        raise
    return sock


def kept_ports(count, stack):
    """TCP ports on 127.0.0.1 and ::1 that the kernel gives to nobody else until the stack is closed.  A server may
    listen there, and stop, and listen again; while none does, whoever connects is refused."""
    ports = []
    while len(ports) < count:
        sock = stack.enter_context(contextlib.closing(bound(socket.AF_INET, 0)))
        port = sock.getsockname()[1]
        if has_ipv6():
            try:
                stack.enter_context(contextlib.closing(bound(socket.AF_INET6, port)))
            except OSError:
                continue
        ports.append(port)
    return ports


def free_ports(count):
    """TCP ports that nobody listens on, on either family.  Somebody may come in between: who uses them
    must be ready to ask again."""
    with contextlib.ExitStack() as stack:
        return kept_ports(count, stack)


NOBODY = ('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')


def can_be_nobody(path='/'):
    """Whether a test can run a program as a user without rights: words of NOBODY in front of it.  `path`: a
    file that this user must be able to read."""
    return os.geteuid() == 0 and subprocess.run([*NOBODY, 'test', '-r', path], capture_output=True).returncode == 0


def can_have_own_mounts():
    """Whether `unshare --mount` works: for root, and not in a chroot."""
    return os.geteuid() == 0 and subprocess.run(['unshare', '--mount', 'true'], capture_output=True).returncode == 0


def wait_until(claim, seconds, what):
    """Calls claim() until it is true.  Raises TimeoutError, which names `what`."""
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            raise TimeoutError(f'waited {seconds} s for {what}')
        time.sleep(0.01)


class Server:
    """needs: what must be there, for the reason of a skip.  dir: a folder of its own, gone after stop()."""
    needs = ''

    def __init__(self):
        self.dir = None
        self._kept = contextlib.ExitStack()

    def _keep_ports(self, count):
        """TCP ports that stay this server's own, also between stop() and another start()."""
        return kept_ports(count, self._kept)

    @classmethod
    def exists(cls):
        """Whether this machine can run it."""
        return True

    def start(self):
        """Returns self when it answers.  On failure nothing is left behind."""
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f'{type(self).__name__.lower()}-'))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """Safe to call twice, and on a server that never started."""
        self._stop()
        if self.dir is not None:
            shutil.rmtree(self.dir, ignore_errors=True)
            self.dir = None

    def reload(self):
        """Reads its configuration again, where it has one."""
        raise NotImplementedError(f'{type(self).__name__} has no configuration to read again')

    def log(self):
        """What it has written so far."""
        return ''

    def facts(self):
        """name -> what a person who tries it by hand wants to know."""
        return {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self._kept.close()


class ProcessServer(Server):
    """A program that runs in the foreground, in a session of its own, and is stopped by its pid."""

    def __init__(self):
        super().__init__()
        self.process = None

    def _spawn(self, argv, **options):
        with open(self.dir / 'output', 'ab') as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True, **options)

    def _stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def output(self):
        return (self.dir / 'output').read_text(errors='replace')


class ThreadServer(Server):
    """An asyncio server on a loop of its own; subclasses write `async def _serve()`, which returns when
    it listens, and note what happens with _say()."""

    def __init__(self):
        super().__init__()
        self._loop = None
        self._thread = None
        self._servers = []
        self._lines = []

    def _say(self, line):
        self._lines.append(line)

    def log(self):
        return ''.join(f'{line}\n' for line in self._lines)

    def forget(self):
        """Empties the log."""
        self._lines.clear()

    def wait_for_log(self, text, seconds=START_SECONDS):
        wait_until(lambda: text in self.log(), seconds, f'{text!r} in the log of {type(self).__name__}')

    async def _listen(self, handler, host='127.0.0.1', port=0):
        """Returns the port.  What still goes on when the server stops is cancelled."""
        async def careful(reader, writer):
            try:
                await handler(reader, writer)
            except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                pass
            finally:
                writer.close()
        server = await asyncio.start_server(careful, host, port)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _listen_on_all(self, handler):
        """The same port on 127.0.0.1 and ::1."""
        port, = self._keep_ports(1)
        for family in families():
            await self._listen(handler, loopback(family), port)
        return port

    def call(self, coroutine):
        """Runs it on the server's loop; returns what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(START_SECONDS)

    def _start(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)
        self._thread.start()
        self.call(self._serve())

    async def _end(self):
        for server in self._servers:
            server.close()
        self._servers.clear()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self):
        if self._loop is None:
            return
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()
        self._loop = None
