"""Kills the program (SIGKILL) while it accepts and delivers, at random moments and between two writes to the store.
What was accepted reaches each of its receivers; what arrives twice has the same key; the store stays whole."""
import collections
import dataclasses
import re
import signal
import time

import killer
import pytest
import soak
from servers.receiver import Fault

KILLS = soak.size('KILLS', 60, 500)
INSIDE = soak.size('KILLS_INSIDE', 20, 150)  # of them, between two writes to the store
SECONDS = soak.size('KILL_SECONDS', 600, 1200)  # for what is left at the end
TITLE = re.compile(r'problem \d{4}\.\d')
# Some take the message in and lose the answer, so there is something to repeat without any kill.
FAULTS = [Fault.status(503), Fault.reset_unread(), Fault.reset(taken=True), Fault.half()]
FIRING, RESOLVED = 0, 1  # enum event_kind

pytestmark = pytest.mark.skipif(not killer.exists(), reason='needs to be allowed to trace programs')


@dataclasses.dataclass
class Command:
    """A run of the program: titles are those that it would have accepted."""
    kind: str
    args: list
    titles: list = dataclasses.field(default_factory=list)


class Life:
    """One store, and all the processes that live and die on it."""

    def __init__(self, toolkit, pagerduty, webhook):
        self.toolkit, self.pagerduty, self.webhook = toolkit, pagerduty, webhook
        self.dice = soak.dice()
        self.dir = toolkit.home / 'state'
        self.dir.mkdir(mode=0o700)
        self.store = soak.Store(self.dir / 'state.db')
        self.number = 0
        self.changes = {}  # kind of command -> how many changes of the store it makes
        self.seconds = {}  # kind of command -> how long it takes
        self.counts = collections.Counter()
        self.resolving = set()  # titles that somebody tried to resolve

    # --- what is run ------------------------------------------------------------------------------

    def new_titles(self, count):
        self.number += 1
        return [f'problem {self.number:04}.{i}' for i in range(count)]

    @staticmethod
    def about(title):
        return ['--title', title, '--source', 'db-01', '--timeout', '5s']

    def fire(self):
        title, = self.new_titles(1)
        severity = self.dice.choice(('info', 'warning', 'critical'))
        return Command('fire', ['--severity', severity, *self.about(title)], [title])

    def events(self):
        titles = self.new_titles(6)
        path = self.toolkit.home / 'events.jsonl'
        path.write_text(soak.as_lines({'title': title, 'source': 'db-01', 'severity': 'critical'} for title in titles))
        return Command('events', ['--events', str(path), '--timeout', '5s'], titles)

    def known(self):
        """A title that is open, and that nobody has tried to resolve; None: there is none."""
        titles = sorted(self.store.titles() - self.resolving)
        return self.dice.choice(titles) if titles else None

    def resolve(self):
        title = self.known()
        if title is None:
            return self.fire()
        self.resolving.add(title)
        return Command('resolve', ['--resolve', *self.about(title)])

    def fire_again(self):
        title = self.known()
        if title is None:
            return self.fire()
        return Command('fire', ['--severity', 'info', *self.about(title)], [title])

    def flush(self):
        return Command('flush', ['flush', '--timeout', '5s'])

    def any_command(self):
        makers = [self.fire] * 8 + [self.events] * 4 + [self.resolve] * 4 + [self.fire_again, self.flush] * 2
        return self.dice.choice(makers)()

    # --- how it dies ------------------------------------------------------------------------------

    def traced(self, command, until):
        output = self.toolkit.home / 'output'
        output.unlink(missing_ok=True)
        run = killer.Traced([self.toolkit.binary, 'alert', *command.args], self.toolkit.environment(None),
                            self.toolkit.home, self.dir, output).run(until)
        return run, output.read_text(errors='replace') if output.exists() else ''

    def measure(self):
        """How many changes and how much time each command needs when nobody kills it."""
        for make in (self.fire, self.events, self.resolve, self.flush):
            command = make()
            run, _ = self.traced(command, None)
            assert run.exit_code in (0, 1), (command, run)
            self.changes[command.kind] = max(len(run.changes), 4)
            began = time.monotonic()
            assert self.toolkit('alert', *make().args).exit_code in (0, 1)
            self.seconds[command.kind] = time.monotonic() - began

    def kill_inside(self):
        command = self.any_command()
        point = killer.Point(self.dice.randint(1, self.changes[command.kind]), self.dice.random() < 0.5)
        run, output = self.traced(command, point)
        if run.killed:
            self.counts['inside'] += 1
            self.counts[f'{"after" if run.killed.is_after else "before"} {run.killed.call}'] += 1
        self.died(command, run.exit_code, output)

    def kill_any_time(self):
        command = self.any_command()
        running = self.toolkit.start('alert', *command.args)
        time.sleep(self.dice.uniform(0, self.seconds[command.kind] * 1.1))
        running.signal(signal.SIGKILL)
        done = running.ended()
        self.died(command, None if done.exit_code == -signal.SIGKILL else done.exit_code, done.stdout)

    def died(self, command, exit_code, output):
        """exit_code: None if it was killed."""
        self.counts['ended by themselves' if exit_code is not None else 'kills'] += 1
        stored = self.store.titles()
        if exit_code is not None:
            assert exit_code in (0, 1), (command, output)
        if exit_code is not None or re.search(r'^(alert \d+: |accepted )', output, re.MULTILINE):
            assert stored.issuperset(command.titles), f'reported and not there: {command}\n{output}'
        self.counts['in hand of the dead'] += self.store.count(soak.SENDING) if self.store.exists() else 0
        # What arrived was accepted first.
        for receiver in (self.pagerduty, self.webhook):
            arrived = {title for request in receiver.requests[-50:] for title in TITLE.findall(request.body.decode())}
            assert stored.issuperset(arrived)

    def look_after(self):
        """A process that lives takes up at once what the dead had in hand."""
        assert self.store.faults() == []
        in_hand = self.store.rows('SELECT id, attempts FROM delivery WHERE state = ?', soak.SENDING)
        soak.flush(self.toolkit)
        assert self.store.count(soak.SENDING) == 0
        assert self.store.value('SELECT count(*) FROM owner') == 0
        for ident, attempts in in_hand:
            (state, now), = self.store.rows('SELECT state, attempts FROM delivery WHERE id = ?', ident)
            assert now > attempts and state in (soak.WAITING, soak.DELIVERED), (ident, state, now)
        self.counts['taken up'] += len(in_hand)


@pytest.fixture
def life(toolkit, pagerduty, webhook):
    toolkit.config(f'''
store: {toolkit.home}/state/state.db
alerts:
  receivers:
    - {{name: pagerduty, pagerduty: {pagerduty.key}, url: "{pagerduty.enqueue}", per_minute: 100000, burst: 1000}}
    - {{name: hook, webhook: "{webhook.hook}", secret: {webhook.secret}, per_minute: 100000, burst: 100000}}
  routes:
    - {{receivers: [pagerduty, hook]}}
''')
    pagerduty.limit = None
    return Life(toolkit, pagerduty, webhook)


def messages_by_title(webhook):
    """title -> [(purpose, webhook-id), ...] of what was taken in, in its order."""
    messages = collections.defaultdict(list)
    for request in webhook.taken:
        for title in {alert['title'] for alert in request.json['alerts']}:
            messages[title].append((request.json['purpose'], request.headers['webhook-id']))
    return messages


def assert_all_told(life):
    resolved = {title for title, in life.store.rows(
        'SELECT title FROM alert WHERE id IN (SELECT alert_id FROM event WHERE kind = ?)', RESOLVED)}
    accepted = life.store.titles()
    assert accepted and resolved

    # PagerDuty: an incident each, which called somebody once, and is over if the alert is.
    incidents = {TITLE.search(incident.summary)[0]: incident for incident in life.pagerduty.incidents}
    assert incidents.keys() == accepted
    assert len(life.pagerduty.incidents) == len(accepted)
    assert {title for title, incident in incidents.items() if incident.status == 'resolved'} == resolved

    # The webhook: what came more than once came under one id.
    messages = messages_by_title(life.webhook)
    assert messages.keys() == accepted
    for title, came in messages.items():
        wanted = ['trigger', 'resolve'] if title in resolved else ['trigger']
        assert list(dict.fromkeys(purpose for purpose, _ in came)) == wanted, (title, came)
        assert len(set(came)) == len(wanted), (title, came)
        assert came == sorted(came, key=lambda message: wanted.index(message[0])), (title, came)
    life.counts['came again'] = len(life.webhook.ids) - len(life.webhook.unique_ids)


def test_killed(life):
    life.measure()
    for seed, receiver in enumerate((life.pagerduty, life.webhook)):
        receiver.fails_at_random(1 / 8, FAULTS, seed)
    while life.counts['kills'] < KILLS or life.counts['inside'] < INSIDE:
        inside_left, left = INSIDE - life.counts['inside'], KILLS - life.counts['kills']
        if inside_left > 0 and life.dice.random() < inside_left / max(left, 1):
            life.kill_inside()
        else:
            life.kill_any_time()
        if sum(life.counts[name] for name in ('kills', 'ended by themselves')) % 7 == 0:
            life.look_after()
    for receiver in (life.pagerduty, life.webhook):
        receiver.behaves()
    following = soak.follow(life.toolkit)
    soak.wait_until_told(life.store, SECONDS)
    soak.end(following)
    life.look_after()
    assert_all_told(life)
    soak.report('kill', **{name.replace(' ', '_'): count for name, count in sorted(life.counts.items())},
                accepted=len(life.store.titles()))
    assert life.counts['inside'] >= INSIDE and life.counts['kills'] >= KILLS
    # Otherwise nothing that is hard was tried.
    assert life.counts['taken up'] > 0 and life.counts['came again'] > 0
