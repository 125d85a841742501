"""The command `alert` for tests: a configuration in few words, what was told, and a clock that can be turned on.

    alerts.configure({'name': 'chat', 'slack': slack.webhook}, routes=[{'receivers': ['chat']}])
    sent = alerts.send('disk full', '--severity', 'critical')
    assert (sent.exit_code, sent.states) == (0, {'chat': 'delivered'})
    alerts.pass_time(15 * 60)
"""
import contextlib
import dataclasses
import datetime
import json
import sqlite3

from toolkit import Result

# The limits of receivers are their own tests' concern: nothing else is to wait for them.
FAST = {'per_minute': 100_000, 'burst': 1000}


@dataclasses.dataclass(frozen=True)
class Sent:
    """What `alert` said of one alert."""
    result: Result

    @property
    def exit_code(self):
        return self.result.exit_code

    @property
    def id(self):
        return self.result.json['alert']['id']

    @property
    def by_receiver(self):
        return {entry['receiver']: entry for entry in self.result.json['results']}

    @property
    def states(self):
        return {name: entry['state'] for name, entry in self.by_receiver.items()}

    @property
    def verdicts(self):
        return {name: entry['verdict'] for name, entry in self.by_receiver.items()}


class Alerts:
    """Has a home, a configuration and a store of its own."""

    def __init__(self, toolkit, store):
        self.toolkit = toolkit
        self.store = store

    def configure(self, *receivers, **settings):
        """The section `alerts`; without routes, everything goes to every receiver."""
        if receivers:
            settings['receivers'] = [{**FAST, **receiver} for receiver in receivers]
            settings.setdefault('routes', [{'receivers': [receiver['name'] for receiver in receivers]}])
        return self.toolkit.config(json.dumps({'store': str(self.store), 'alerts': settings}))

    def __call__(self, *args, **options):
        return self.toolkit('alert', *args, **options)

    def send(self, title, *args, severity='critical', source='db-01', **options):
        return Sent(self('--title', title, '--severity', severity, '--source', source, '--output', 'json', *args, **options))

    def resolve(self, title, *args, **options):
        return self.send(title, '--resolve', *args, **options)

    def why(self, ident=1):
        """As people read it, and each delivery as JSON by its receiver (the latest one, if there are several)."""
        text = self('why', ident)
        assert text.exit_code == 0, text
        return text.stdout, {one['receiver']: one for one in self('why', ident, '--output', 'json').json['deliveries']}

    def flush(self):
        return self('flush', '--output', 'json').json['summary']

    @contextlib.contextmanager
    def database(self):
        connection = sqlite3.connect(self.store, timeout=30, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def query(self, sql, *values):
        with self.database() as database:
            return database.execute(sql, values).fetchall()

    def pass_time(self, seconds):
        """For the store, so much time has passed: all that it remembers is longer ago, and all that is to come is
        nearer.  Not the beginning of an alert, which is a part of its name for receivers."""
        with self.database() as database:
            tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for _, column, *_ in database.execute(f'PRAGMA table_info({table})').fetchall():
                    if column.endswith('_ms') and (table, column) != ('alert', 'started_ms'):
                        database.execute(f'UPDATE {table} SET {column} = {column} - ? WHERE {column} > ?',
                                         (seconds * 1000, seconds * 1000))

    @staticmethod
    def moment(when):
        """A time as the program writes it in JSON, as time.time() has it."""
        return datetime.datetime.fromisoformat(when.replace('Z', '+00:00')).timestamp()
