"""Accepting and delivering alerts, one message each, beside Alertmanager: both get the same alerts and tell the
same nginx, which answers at once.  Ours are on the disk before they are accepted; theirs are in memory."""
import http.client
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

from measure import BINARY, heading, process_cpu, process_peak, row, run_cpu, start_ms
from servers.alertmanager import Alertmanager
from servers.nginx import Nginx

ALERTS = 10_000
BATCH = 64  # alerts in a request to Alertmanager, which is what Prometheus sends at most
ROUNDS = 3
SINGLE = 100
POLL_SECONDS = 0.2  # asking costs it CPU too


def alerts():
    return [{'title': f'problem {i}', 'severity': 'warning', 'source': f'host-{i % 100}', 'message': 'x' * 120}
            for i in range(ALERTS)]


class Ours:
    """CPU seconds of accepting and of delivering, the seconds that each took, and the most memory, in bytes."""

    def __init__(self, directory, url):
        self.config = directory / 'alerts.yaml'
        self.events = directory / 'events.jsonl'
        self.store = directory / 'state.db'
        self.config.write_text(f'store: {self.store}\nalerts:\n  receivers:\n'
                               f'    - {{name: hook, webhook: "{url}", per_minute: 100000, burst: 100000}}\n'
                               '  routes:\n    - {receivers: [hook]}\n')
        self.config.chmod(0o600)
        self.events.write_text(''.join(json.dumps(alert) + '\n' for alert in alerts()))

    def forget(self):
        for path in self.store.parent.glob('state.db*'):
            path.unlink()

    def run(self, *args):
        cpu, wall, memory, code, output = run_cpu(
            [BINARY, 'alert', *args, '--config', str(self.config), '--output', 'json'], stdout=subprocess.PIPE)
        assert code == 0, output
        return cpu, wall, memory, json.loads(output)['summary']

    def measure(self):
        self.forget()
        accept_cpu, accept_wall, _, summary = self.run('--events', str(self.events), '--queue')
        assert summary['accepted'] == ALERTS, summary
        cpu, wall, memory, summary = self.run('flush', '--timeout', '10m')
        assert summary['delivered'] == ALERTS and summary['waiting'] == 0, summary
        return {'accept_cpu': accept_cpu, 'accept': accept_wall, 'cpu': accept_cpu + cpu, 'deliver': wall,
                'memory': memory}


def theirs(url):
    """The same of Alertmanager, from the first alert until it has told of the last."""
    with Alertmanager(webhook=url, log_level='error') as manager:
        before, began = process_cpu(manager.process.pid), time.monotonic()
        post_all(manager)
        accepted = time.monotonic()
        while told(manager) < ALERTS:
            assert time.monotonic() < began + 300, 'Alertmanager has not told of all'
            time.sleep(POLL_SECONDS)
        return {'accept': accepted - began, 'all': time.monotonic() - began,
                'cpu': process_cpu(manager.process.pid) - before,
                'memory': process_peak(manager.process.pid)}


def post_all(manager):
    connection = http.client.HTTPConnection('127.0.0.1', manager.port)
    labelled = [{'labels': {'alertname': alert['title'], 'severity': alert['severity'], 'instance': alert['source']},
                 'annotations': {'summary': alert['message']}} for alert in alerts()]
    for at in range(0, ALERTS, BATCH):
        connection.request('POST', '/api/v2/alerts', json.dumps(labelled[at:at + BATCH]),
                           {'Content-Type': 'application/json'})
        answer = connection.getresponse()
        assert answer.read() == b'' and answer.status == 200


def told(manager):
    with urllib.request.urlopen(f'{manager.url}/metrics') as answer:
        text = answer.read().decode()
    failed = re.search(r'^alertmanager_notifications_failed_total\{integration="webhook"\} (\S+)', text, re.MULTILINE)
    assert failed is None or float(failed[1]) == 0
    return float(re.search(r'^alertmanager_notifications_total\{integration="webhook"\} (\S+)', text, re.MULTILINE)[1])


def best(rounds, name):
    return min(measured[name] for measured in rounds)


def compare(ours, url):
    """The lowest of some rounds each, taken in turns: noise only ever adds."""
    mine, others = [], []
    for _ in range(ROUNDS):
        mine.append(ours.measure())
        if Alertmanager.exists():
            others.append(theirs(url))
    row('sre-toolkit: accepted', f'{ALERTS / best(mine, "accept"):.0f}', '/s', 'on the disk')
    row('sre-toolkit: delivered', f'{ALERTS / best(mine, "deliver"):.0f}', '/s', 'written down before and after')
    row('sre-toolkit: CPU to accept one', f'{best(mine, "accept_cpu") / ALERTS * 1e6:.0f}', 'us')
    row('sre-toolkit: CPU to accept and deliver one', f'{best(mine, "cpu") / ALERTS * 1e6:.0f}', 'us')
    row('sre-toolkit: most memory', f'{best(mine, "memory") / 2**20:.1f}', 'MiB')
    if not others:
        return
    row('alertmanager: accepted', f'{ALERTS / best(others, "accept"):.0f}', '/s', 'in memory')
    row('alertmanager: accepted and delivered', f'{ALERTS / best(others, "all"):.0f}', '/s')
    row('alertmanager: CPU to accept and deliver one', f'{best(others, "cpu") / ALERTS * 1e6:.0f}', 'us')
    row('alertmanager: most memory', f'{best(others, "memory") / 2**20:.1f}', 'MiB')
    row('ratio: CPU', f'{best(mine, "cpu") / best(others, "cpu"):.2f}', '')
    row('ratio: time to accept and deliver all',
        f'{(best(mine, "accept") + best(mine, "deliver")) / best(others, "all"):.2f}', '')
    row('ratio: memory', f'{best(mine, "memory") / best(others, "memory"):.2f}', '')


def bench_single(ours):
    """As scripts do it: a process for each alert."""
    ours.forget()
    argv = [BINARY, 'alert', '--config', str(ours.config), '--queue', '--quiet', '--source', 'db-01']
    times = []
    for i in range(SINGLE):
        began = time.perf_counter()
        subprocess.run([*argv, '--title', f'problem {i}'], check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - began) * 1000)
    row('one alert --queue, from start to end', f'{statistics.median(times):.1f}', 'ms', f'median of {SINGLE}')
    row('of which the start of the program is', f'{start_ms([BINARY, "--version"], SINGLE):.1f}', 'ms')


def main():
    with tempfile.TemporaryDirectory(prefix='bench.') as name, Nginx() as nginx:
        ours = Ours(pathlib.Path(name), nginx.url('/'))
        heading(f'{ALERTS} alerts, a message each, to one nginx')
        compare(ours, nginx.url('/'))
        bench_single(ours)
