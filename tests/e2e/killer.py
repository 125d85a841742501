"""Kills a program with SIGKILL between two of its writes to certain files: before the Nth of them, or after it.

It is traced (ptrace) with all its threads, but not its children, and stopped at each system call that changes a
file below a given folder: what is known then is not that the kill may have hit a write, but which write it hit.

    traced = killer.Traced([program, 'alert', ...], env, cwd, watched=folder)
    count = len(traced.run().changes)          # a run to its end: how many changes there are
    run = traced.run(killer.Point(7, True))    # another: killed right after the seventh
"""
import ctypes
import dataclasses
import os
import platform
import signal
import threading
import time

# The system calls that change a file, and where their file stands: a descriptor, or a path.
BY_FD = {'x86_64': {1: 'write', 18: 'pwrite64', 20: 'writev', 74: 'fsync', 75: 'fdatasync', 77: 'ftruncate', 296: 'pwritev'},
         'aarch64': {64: 'write', 68: 'pwrite64', 66: 'writev', 82: 'fsync', 83: 'fdatasync', 46: 'ftruncate', 70: 'pwritev'}}
BY_PATH = {'x86_64': {87: (0, 'unlink'), 263: (1, 'unlinkat'), 82: (0, 'rename')},
           'aarch64': {35: (1, 'unlinkat'), 276: (1, 'renameat2')}}

TRACEME, SETOPTIONS, SYSCALL, SYSCALL_INFO = 0, 0x4200, 24, 0x420e
# TRACESYSGOOD (system calls are told apart from signals), TRACECLONE (threads too), TRACEEXEC, EXITKILL.
OPTIONS = 0x01 | 0x08 | 0x10 | 0x100000
ENTRY, EXIT = 1, 2
WALL = 0x40000000  # waits for threads too

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


class SyscallInfo(ctypes.Structure):
    _fields_ = [('op', ctypes.c_uint8), ('pad', ctypes.c_uint8 * 3), ('arch', ctypes.c_uint32),
                ('instruction_pointer', ctypes.c_uint64), ('stack_pointer', ctypes.c_uint64),
                ('nr', ctypes.c_uint64), ('args', ctypes.c_uint64 * 6), ('more', ctypes.c_uint64)]


def ptrace(request, pid, addr=0, data=0):
    if libc.ptrace(request, pid, addr, data) == -1:
        err = ctypes.get_errno()
        raise OSError(err, f'ptrace {request:#x}: {os.strerror(err)}')


@dataclasses.dataclass(frozen=True)
class Point:
    """A place in a run: before or after the Nth change of a file."""
    number: int
    is_after: bool
    call: str = ''
    path: str = ''


@dataclasses.dataclass
class Run:
    """What became of it.  killed: the Point where it was killed; None: it ended by itself, with exit_code.
    changes: the Points before each change that it began."""
    killed: Point
    exit_code: int
    changes: list

    def __str__(self):
        return f'killed at {self.killed}' if self.killed else f'ended with {self.exit_code} after {len(self.changes)} changes'


def exists():
    """Whether programs can be traced here."""
    if platform.machine() not in BY_FD:
        return False
    try:
        return Traced(['/bin/true'], {}, '/', '/nowhere').run().exit_code == 0
    except OSError:
        return False


class Traced:
    """argv (the program by its path) in the environment env and the folder cwd, traced for its changes below
    `watched`.  What it writes is added to the file `output`."""

    def __init__(self, argv, env, cwd, watched, output=os.devnull):
        self.argv = [str(word) for word in argv]
        # The leak sanitizer is itself a tracer, and there can be one.
        self.env = {**env, 'ASAN_OPTIONS': env.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}
        self.cwd = str(cwd)
        self.watched = os.path.realpath(watched)
        self.output = str(output)
        self.by_fd, self.by_path = BY_FD[platform.machine()], BY_PATH[platform.machine()]
        self.pid = None
        self.changes = []
        self._inside = {}  # thread -> the change whose system call it is in

    def _spawn(self):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            os.setsid()
            os.chdir(self.cwd)
            for fd, path, flags in ((0, os.devnull, os.O_RDONLY), (1, self.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
                opened = os.open(path, flags, 0o600)
                os.dup2(opened, fd)
            os.dup2(1, 2)
            os.closerange(3, 256)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            ptrace(TRACEME, 0)
            os.execve(self.argv[0], self.argv, self.env)
        finally:
            os._exit(127)

    def run(self, until=None, seconds=60):
        """Runs it to its end, or to `until`: a Point (of which number and is_after count), or a function that is
        called at each change, before it and after it, with the Point and the seconds since the start, and says
        whether now is the moment."""
        self.changes, self._inside = [], {}
        self._spawn()
        overdue = threading.Event()
        watchdog = threading.Timer(seconds, self._end, (self.pid, overdue))
        watchdog.start()
        try:
            run = self._follow(until, time.monotonic())
        finally:
            watchdog.cancel()
            self._kill()
        if overdue.is_set():
            raise TimeoutError(f'{self.argv[0]} still ran after {seconds} s')
        return run

    @staticmethod
    def _end(pid, overdue):
        overdue.set()
        os.killpg(pid, signal.SIGKILL)

    def _kill(self):
        """All that is left, and waits for it."""
        pid, self.pid = self.pid, None
        if pid is None:
            return
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while True:
            try:
                os.waitpid(-pid, WALL)
            except ChildProcessError:
                return

    def _follow(self, until, began):
        status = os.waitpid(self.pid, 0)[1]
        if not os.WIFSTOPPED(status):
            raise OSError('it ended before it began')
        ptrace(SETOPTIONS, self.pid, 0, OPTIONS)
        ptrace(SYSCALL, self.pid)
        while True:
            thread, status = os.waitpid(-self.pid, WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                self._inside.pop(thread, None)
                if thread == self.pid:
                    return Run(None, os.waitstatus_to_exitcode(status), self.changes)
                continue
            number = os.WSTOPSIG(status)
            if number == signal.SIGTRAP | 0x80:
                change = self._stopped(thread)
                if change and until is not None and self._is_moment(until, change, began):
                    self._kill()
                    return Run(change, None, self.changes)
                deliver = 0
            elif number in (signal.SIGTRAP, signal.SIGSTOP):
                deliver = 0  # a new thread, or an exec
            else:
                deliver = number
            try:
                ptrace(SYSCALL, thread, 0, deliver)
            except ProcessLookupError:
                pass

    @staticmethod
    def _is_moment(until, change, began):
        if callable(until):
            return until(change, time.monotonic() - began)
        return (change.number, change.is_after) == (until.number, until.is_after)

    def _stopped(self, thread):
        """The Point at which this thread stopped, if it is one."""
        info = SyscallInfo()
        try:
            ptrace(SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
        except ProcessLookupError:
            return None
        if info.op == EXIT:
            began = self._inside.pop(thread, None)
            return dataclasses.replace(began, is_after=True) if began else None
        if info.op != ENTRY:
            return None
        call, path = self._file_of(thread, info)
        if path is None or not os.path.normpath(path).startswith(self.watched):
            return None
        point = Point(len(self.changes) + 1, False, call, os.path.basename(path))
        self.changes.append(point)
        self._inside[thread] = point
        return point

    def _file_of(self, thread, info):
        try:
            if info.nr in self.by_fd:
                return self.by_fd[info.nr], os.readlink(f'/proc/{thread}/fd/{ctypes.c_int(info.args[0] & 0xffffffff).value}')
            if info.nr in self.by_path:
                at, call = self.by_path[info.nr]
                with open(f'/proc/{thread}/mem', 'rb', buffering=0) as memory:
                    memory.seek(info.args[at])
                    text = memory.read(4096).split(b'\0')[0].decode(errors='replace')
                return call, os.path.join(os.readlink(f'/proc/{thread}/cwd'), text)
        except OSError:
            pass
        return '', None
