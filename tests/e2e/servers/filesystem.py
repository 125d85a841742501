"""Filesystems in the states that one hopes not to find: full, without inodes, read only, dead."""
import contextlib
import os
import pathlib
import subprocess

from .base import Server

SIZE = '2m'
INODES = 16


def mount(*args):
    subprocess.run(['mount', *map(str, args)], check=True, capture_output=True)


class Filesystem(Server):
    """Each method mounts another filesystem below `dir` and returns where; stop() unmounts them all."""
    needs = 'root, and the right to mount'

    def __init__(self):
        super().__init__()
        self._mounts = []
        self._devices = []

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

    @staticmethod
    def can_be_dead():
        return pathlib.Path('/dev/fuse').exists()

    def dead(self):
        """A mount whose server never answers, like that of a file server that is gone: whoever asks
        about it waits until killed.  (FUSE, with nobody behind it.)"""
        path = self.dir / 'dead'
        path.mkdir()
        fd = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
        self._devices.append(fd)
        subprocess.run(['mount', '-i', '-t', 'fuse', '-o', f'fd={fd},rootmode=40000,user_id=0,group_id=0', 'dead', path],
                       check=True, capture_output=True, pass_fds=(fd,))
        self._mounts.append(path)
        return path
