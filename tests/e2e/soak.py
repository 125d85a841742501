"""What the long tests of alerts share: how large they are, what the store says, what a message stands for.

Each has a small size, which `./dev test` runs, and a full one, which `./dev soak` does: SOAK_FULL=1 chooses it,
SOAK_SEED other dice.  What they measured goes to the file that SOAK_REPORT names, one line a figure.
"""
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import time

WAITING, SENDING, DELIVERED, DEAD = 0, 1, 2, 3  # src/store/delivery_state.h


def is_full():
    return os.environ.get('SOAK_FULL') == '1'


def size(name, small, full):
    """How many: SOAK_<name>, or else as `./dev test` or `./dev soak` want it."""
    return int(os.environ.get(f'SOAK_{name}', full if is_full() else small))


def dice():
    return random.Random(int(os.environ.get('SOAK_SEED', 4)))


def report(test, **figures):
    """For people; shown by `./dev soak`."""
    path = os.environ.get('SOAK_REPORT')
    if path:
        with open(path, 'a', encoding='utf-8') as file:
            for name, value in figures.items():
                file.write(f'{test}: {name.replace("_", " ")}: {value}\n')


def as_lines(alerts):
    """For --events."""
    return ''.join(json.dumps(alert) + '\n' for alert in alerts)


class Store:
    """Looks into a store, read only."""

    def __init__(self, path):
        self.path = path

    def rows(self, query, *args):
        with contextlib.closing(sqlite3.connect(f'file:{self.path}?mode=ro', uri=True, timeout=30)) as db:
            return db.execute(query, args).fetchall()

    def value(self, query, *args):
        return self.rows(query, *args)[0][0]

    def exists(self):
        """Whether it has been made as far as its tables."""
        return self.path.exists() and bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'delivery'"))

    def titles(self):
        """Of all that was ever accepted."""
        return {title for title, in self.rows('SELECT title FROM alert')} if self.exists() else set()

    def count(self, state):
        return self.value('SELECT count(*) FROM delivery WHERE state = ?', state)

    def faults(self):
        """What SQLite finds wrong with it."""
        lines = [line for line, in self.rows('PRAGMA integrity_check') if line != 'ok']
        return lines + [f'foreign key: {row}' for row in self.rows('PRAGMA foreign_key_check')]


def flush(toolkit, *args, timeout=60):
    """One run of `alert flush`, and its summary."""
    done = toolkit('alert', 'flush', '--output', 'json', '--timeout', f'{timeout}s', *args, timeout=timeout + 120)
    assert done.exit_code in (0, 1) and done.stdout, done
    return done.json['summary']


def wait_until_told(store, seconds):
    """Until no delivery is without an end."""
    end = time.monotonic() + seconds
    while left := store.value('SELECT count(*) FROM delivery WHERE ended_ms IS NULL'):
        assert time.monotonic() < end, f'after {seconds} s {left} deliveries have no end'
        time.sleep(0.1)


def follow(toolkit, processes=1):
    """So many processes that deliver what becomes due."""
    return [toolkit.start('alert', 'flush', '--follow', '--output', 'json') for _ in range(processes)]


def end(following):
    """Asks them to end.  Returns how much each has delivered; 0 for one that had not even begun."""
    delivered = []
    for process in following:
        assert process.process.poll() is None, process.ended()
        done = process.signal(signal.SIGTERM).ended()
        assert done.exit_code in (128 + signal.SIGTERM, -signal.SIGTERM), done
        delivered.append(done.json['summary']['delivered'] if done.stdout else 0)
    return delivered


STORM = re.compile(r'\[STORM\] (\d+) alerts? in ')
GROUP = re.compile(r'\[[A-Z]+ ×(\d+)\] ')


def stands_for(message):
    """How many alerts a message to Slack says that it tells of, by its first line."""
    found = STORM.match(message['text']) or GROUP.match(message['text'])
    return int(found[1]) if found else 1
