"""Filesystems in the states that one hopes not to find: full, without inodes, read only, dead."""
import contextlib
import errno
import os
import pathlib
import select
import struct
import subprocess
import threading

from .base import Server

SIZE = '2m'
INODES = 16

FUSE_INIT = 26
FUSE_REQUEST_MAX = 1 << 17


def mount(*args):
    subprocess.run(['mount', *map(str, args)], check=True, capture_output=True)


class Filesystem(Server):
    """Each method mounts another filesystem below `dir` and returns where; stop() unmounts them all."""
    needs = 'root, and the right to mount'

    def __init__(self):
        super().__init__()
        self._mounts = []
        self._devices = []
        self._threads = []
        self._ending = threading.Event()

    @classmethod
    def exists(cls):
        if os.geteuid() != 0:
            return False
        try:
            with cls() as attempt:
                attempt.healthy()
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def _start(self):
        pass

    def _stop(self):
        self._ending.set()
        for thread in self._threads:
            thread.join()
        for fd in self._devices:
            os.close(fd)
        self._devices.clear()
        for path in reversed(self._mounts):
            subprocess.run(['umount', '-l', str(path)], check=False, capture_output=True)
        self._mounts.clear()

    def _tmpfs(self, name, options=f'size={SIZE}'):
        path = self.dir / name
        path.mkdir()
        mount('-t', 'tmpfs', '-o', options, name, path)
        self._mounts.append(path)
        return path

    def healthy(self):
        return self._tmpfs('healthy')

    def full(self):
        path = self._tmpfs('full')
        with contextlib.suppress(OSError), open(path / 'filling', 'wb', buffering=0) as file:
            while True:
                file.write(b'\0' * 65536)
        return path

    def without_inodes(self):
        path = self._tmpfs('without-inodes', f'size={SIZE},nr_inodes={INODES}')
        with contextlib.suppress(OSError):
            for number in range(INODES + 1):
                (path / str(number)).touch()
        return path

    def read_only(self):
        path = self._tmpfs('read-only')
        (path / 'file').write_text('cannot be changed\n')
        mount('-o', 'remount,ro', path)
        return path

    def gone_read_only(self):
        """As after errors=remount-ro: the filesystem is read-only, its mount is not."""
        path = self._tmpfs('gone-read-only')
        mount('-o', 'remount,ro', path)
        mount('-o', 'remount,bind,rw', path)
        return path

    @staticmethod
    def can_be_dead():
        return pathlib.Path('/dev/fuse').exists()

    def dead(self):
        """A mount whose server never answers, like that of a file server that is gone: whoever asks
        about it waits until killed.  (FUSE, with nobody behind it.)"""
        return self._fuse('dead')[0]

    def stuck(self):
        """A mount whose server takes requests and never answers: whoever asks about it cannot even be
        killed, before the filesystem is stopped."""
        path, fd = self._fuse('stuck')
        thread = threading.Thread(target=self._swallow, args=(fd,))
        thread.start()
        self._threads.append(thread)
        return path

    def _fuse(self, name):
        path = self.dir / name
        path.mkdir()
        fd = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        self._devices.append(fd)
        subprocess.run(['mount', '-i', '-t', 'fuse', '-o', f'fd={fd},rootmode=40000,user_id=0,group_id=0', name, path],
                       check=True, capture_output=True, pass_fds=(fd,))
        self._mounts.append(path)
        return path, fd

    def _swallow(self, fd):
        """Answers the greeting (FUSE_INIT), and nothing else."""
        while not self._ending.is_set():
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            try:
                _, opcode, unique = struct.unpack_from('=IIQ', os.read(fd, FUSE_REQUEST_MAX))
            except OSError as err:
                if err.errno == errno.ENODEV:  # it was unmounted
                    return
                continue
            if opcode == FUSE_INIT:
                answer = struct.pack('=IIIIHHIIHH8I', 7, 31, 65536, 0, 12, 9, 65536, 1, 32, 0, *[0] * 8)
                os.write(fd, struct.pack('=IiQ', 16 + len(answer), 0, unique) + answer)
