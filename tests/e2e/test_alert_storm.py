"""A storm: many alerts in a short time, for receivers that bear few.  None of them is ever asked for more than it
documents, whoever is critical is told of by name, and the summaries add up to what was accepted."""
import collections
import json
import os
import re
import threading
import time

import pytest
import soak

# How many are critical follows from PagerDuty's 120 events a minute: each is an incident of its own.
COUNT = soak.size('STORM_ALERTS', 2500, 20_000)
CRITICAL = soak.size('STORM_CRITICAL', 40, 240)
SECONDS = soak.size('STORM_SECONDS', 5, 60)
END_SECONDS = 90 + CRITICAL  # what it may take until all is told
MEMORY_MAX_KIB = 64 * 1024  # of the released program; sanitizers have their own idea of memory
CRITICAL_TITLE = re.compile(r'critical problem \d{5}')


def alerts():
    """COUNT different problems, the critical ones spread among them."""
    every = COUNT // CRITICAL
    for i in range(COUNT):
        is_critical = i % every == every // 2 and i // every < CRITICAL
        yield {'title': f'{"critical" if is_critical else "other"} problem {i:05}',
               'severity': 'critical' if is_critical else 'warning', 'source': f'host-{i % 97}',
               'message': 'x' * 120, 'fields': {'value': i}}


class Feeder(threading.Thread):
    """Writes the alerts into a pipe at a steady rate.  late: the most seconds that the reader kept it waiting."""

    def __init__(self, fd, lines):
        super().__init__(daemon=True)
        self.fd = fd
        self.lines = lines
        self.late = 0
        self.ended = None

    def run(self):
        began = time.monotonic()
        for i, line in enumerate(self.lines):
            due = began + i * SECONDS / len(self.lines)
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
            os.write(self.fd, line.encode())
            self.late = max(self.late, time.monotonic() - due)
        os.close(self.fd)
        self.ended = time.monotonic()


@pytest.fixture
def storm(toolkit, slack, pagerduty):
    """The program that takes it in, started, and its Store."""
    path = toolkit.home / 'state.db'
    toolkit.config(f'''
store: {path}
alerts:
  receivers:
    - {{name: slack, slack: "{slack.webhook}"}}
    - {{name: pagerduty, pagerduty: {pagerduty.key}, url: "{pagerduty.enqueue}"}}
  routes:
    - {{match: severity=critical, receivers: [slack, pagerduty]}}
    - {{receivers: [slack]}}
''')
    reader, writer = os.pipe()
    running = toolkit.start('alert', '--events', '-', '--output', 'json', '--timeout', f'{END_SECONDS}s', stdin=reader)
    os.close(reader)
    feeder = Feeder(writer, [json.dumps(alert) + '\n' for alert in alerts()])
    feeder.start()
    return running, feeder, soak.Store(path)


def watch(running, store, feeder):
    """Until the program ends: the most memory that it had, and when all was accepted, in seconds since the
    last was fed."""
    peak, accepted = 0, None
    while running.process.poll() is None:
        try:
            peak = max(peak, running.peak_kib)
        except (FileNotFoundError, TypeError):  # it ends
            break
        if accepted is None and feeder.ended and store.value('SELECT count(*) FROM event') == COUNT:
            accepted = time.monotonic() - feeder.ended
        time.sleep(0.1)
    return peak, accepted


def test_storm(storm, slack, pagerduty, binary):
    running, feeder, store = storm
    began = time.monotonic()
    peak, accepted = watch(running, store, feeder)
    done = running.ended(END_SECONDS)
    wall = time.monotonic() - began
    summary = done.json['summary']
    soak.report('storm', alerts=COUNT, critical=CRITICAL, fed_in=f'{SECONDS} s', peak_memory=f'{peak / 1024:.1f} MiB',
                feeder_waited_at_most=f'{feeder.late:.2f} s', accepted_after_the_last_was_fed=f'{accepted or 0:.2f} s',
                messages=f'{len(slack.requests)} to Slack, {len(pagerduty.requests)} to PagerDuty',
                all_told_after=f'{wall:.0f} s')

    assert (summary['accepted'], summary['refused'], summary['lost']) == (COUNT, 0, 0), done
    assert (summary['waiting'], summary['dead'], summary['retried']) == (0, 0, 0), done
    assert done.exit_code == 0, done
    assert store.faults() == []

    # No limit was exceeded: nobody had to say so.
    assert collections.Counter(slack.statuses()) == {200: len(slack.messages)}
    assert collections.Counter(pagerduty.statuses()) == {202: len(pagerduty.requests)}
    assert slack.violations() + pagerduty.violations() == []

    # Who is critical is told of by name, once each.
    critical = sorted(alert['title'] for alert in alerts() if alert['severity'] == 'critical')
    named = [title for message in slack.messages for title in set(CRITICAL_TITLE.findall(json.dumps(message)))]
    assert sorted(named) == critical
    assert sorted(CRITICAL_TITLE.search(incident.summary)[0] for incident in pagerduty.incidents) == critical
    assert [incident.calls for incident in pagerduty.incidents] == [1] * CRITICAL

    # What the messages say that they stand for is what was accepted.
    assert sum(map(soak.stands_for, slack.messages)) == COUNT
    assert summary['delivered'] + summary['carried'] == COUNT + CRITICAL
    assert any(message['text'].startswith('[STORM]') for message in slack.messages)
    assert accepted is not None
    if 'build/release' in str(binary):
        assert peak < MEMORY_MAX_KIB
