"""A gate in the way of bytes, so that a test can come in between however slow the machine is; as a program it is
to be run in a pipe.

    gate.py FOLDER

It is open, until a test closes it: then so many bytes pass, and the others wait."""
import os
import pathlib
import shlex
import sys
import time

PIECE = 65536


class Gate:
    """command: the program.  Whoever closes it opens it again."""

    def __init__(self, folder):
        self._limit = pathlib.Path(folder) / 'limit'
        self.command = shlex.join([sys.executable, __file__, str(folder)])

    def close(self, after):
        """For what begins from now on: `after` bytes pass."""
        part = self._limit.with_suffix('.new')
        part.write_text(str(after))
        part.rename(self._limit)

    def open(self):
        """All that waits goes on."""
        self._limit.unlink(missing_ok=True)

    def left(self):
        """How many bytes may pass before it is opened."""
        try:
            return int(self._limit.read_text())
        except FileNotFoundError:
            return None

    def guard(self, source, sink):
        passed = 0
        while data := os.read(source, PIECE):
            while data:
                limit = self.left()
                piece = data if limit is None else data[:max(limit - passed, 0)]
                if piece:
                    count = os.write(sink, piece)
                    data, passed = data[count:], passed + count
                else:
                    time.sleep(0.01)


if __name__ == '__main__':
    Gate(sys.argv[1]).guard(0, 1)
