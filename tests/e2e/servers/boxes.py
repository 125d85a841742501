"""Whole machines, booted by tests/boxes/launch: see there what can be done to them."""
import dataclasses
import os
import pathlib
import re
import subprocess

from .base import Server

LAUNCH = pathlib.Path(__file__).resolve().parents[2] / 'boxes/launch'
# Making the image is the slow part, once on a machine.
UP_SECONDS = 600
SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Process:
    """One of a box, as it is seen from outside."""
    pid: int
    uid: int
    args: str

    def __str__(self):
        return f'{self.pid} (of user {self.uid}): {self.args}'


class Boxes(Server):
    """up('web-01', ...) boots; what is up stays until down() or stop().  Every other verb of the launcher is
    a method too: cut('web-01'), slow('web-01', '64kbit').  `in_front`: the words in front of a command that
    shall run in the network of the boxes."""

    def __init__(self):
        super().__init__()
        self.in_front = None

    @classmethod
    def exists(cls):
        done = subprocess.run([LAUNCH, 'able'], capture_output=True, text=True)
        cls.needs = done.stderr.strip().rpartition('needs ')[2]
        return done.returncode == 0

    def _launch(self, *args, seconds=SECONDS):
        done = subprocess.run([*self._words, *map(str, args)], capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f'launch {" ".join(map(str, args))}: exit {done.returncode}: {done.stderr}')
        return done.stdout

    def _start(self):
        self._words = ['env', f'SRE_BOXES_DIR={self.dir}/boxes', str(LAUNCH)]
        self.in_front = [*self._words, 'run']

    def _stop(self):
        if self.in_front is not None:
            self._launch('down')
            self.in_front = None

    def up(self, *names):
        self._launch('up', *names, seconds=UP_SECONDS)

    def down(self, *names):
        """Without a name all of them, and the network."""
        self._launch('down', *names)

    def run(self, *command):
        """What a command prints that runs in the network of the boxes; it must succeed."""
        return self._launch('run', *command)

    def exec(self, name, *command):
        """What a command prints that runs inside a box, as root; it must succeed."""
        return self._launch('exec', name, *command)

    def list(self):
        """name -> (address, 'up' or 'dead')"""
        return {name: (address, state) for name, address, state in map(str.split, self._launch('list').splitlines())}

    def processes(self, *names):
        """name -> what people who logged in have started there, whoever it belongs to by now: every Process of
        the box but its own services and those that serve a login.  It costs the box nothing, and needs no network
        and no box that is awake."""
        spaces = {os.readlink(f'/proc/{(self.files / "box" / name / "pid").read_text().strip()}/ns/pid'): name
                  for name in names}
        found = {name: [] for name in names}
        for path in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                name = spaces.get(os.readlink(path / 'ns/pid'))
                if name is not None and not self._is_its_own(path):
                    args = (path / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace').strip()
                    found[name].append(Process(int(path.name), path.stat().st_uid, args))
            except OSError:
                continue  # it has ended
        return found

    @staticmethod
    def _is_its_own(path):
        """Of the box's services, in a control group of its own; but what sshd starts is in that of sshd."""
        if (path / 'comm').read_text().strip() in ('sshd', 'dropbear'):
            return True
        group = (path / 'cgroup').read_text()
        return bool(re.search(r'^0::.*/(init\.scope|system\.slice/(?!ssh\.service)[^/]+)$', group, re.MULTILINE))

    def cut(self, *names):
        self._launch('cut', *names)

    def join(self, *names):
        self._launch('join', *names)

    def freeze(self, *names):
        self._launch('freeze', *names)

    def thaw(self, *names):
        self._launch('thaw', *names)

    def mend(self, *names):
        """Undoes cut() and freeze(), where there is something to undo, of those that are up."""
        up = [name for name, (_, state) in self.list().items() if name in names and state == 'up']
        if up:
            self.thaw(*up)
            self.join(*up)

    def lose(self, name, percent):
        self._launch('lose', name, percent)

    def slow(self, name, rate):
        self._launch('slow', name, rate)

    def log(self):
        return self._launch('list')

    @property
    def files(self):
        """The folder with ssh_config, id_ed25519, known_hosts, servers.txt."""
        return self.dir / 'boxes'
