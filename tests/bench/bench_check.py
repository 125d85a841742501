"""CPU for each HTTP check with a new connection, beside prometheus-blackbox-exporter on the same nginx;
checks that never get an answer; the time to start."""
import concurrent.futures
import http.client
import json
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse

from measure import BINARY, heading, process_cpu, process_memory, row, run_cpu, start_ms
from servers.base import START_SECONDS, free_ports, wait_until
from servers.nginx import Nginx

PLAIN, TLS, SILENT = 20000, 4000, 10000
ROUNDS = 3
IN_FLIGHT = 100


def write_config(path, count, options):
    lines = ['checks:']
    for i in range(count):
        lines.append(f'  - {{name: c{i}, {options}}}')
    path.write_text('\n'.join(lines) + '\n')


def ours(directory, count, options):
    """CPU seconds for one check; the run's start and the reading of its configuration are included."""
    config = directory / 'checks.yaml'
    write_config(config, count, options)
    cpu, _, _, code, output = run_cpu(
        [BINARY, 'check', '--config', str(config), '--workers', str(IN_FLIGHT), '--output', 'json', '--quiet'],
        stdout=subprocess.PIPE)
    summary = json.loads(output)['summary']
    assert code == 0 and summary['ok'] == count, summary
    return cpu / count


def probe(port, target, module, count):
    connection = http.client.HTTPConnection('127.0.0.1', port)
    path = '/probe?' + urllib.parse.urlencode({'target': target, 'module': module})
    for _ in range(count):
        connection.request('GET', path)
        assert b'probe_success 1' in connection.getresponse().read()


def blackbox(exporter, port, target, module, count):
    before = process_cpu(exporter.pid)
    with concurrent.futures.ThreadPoolExecutor(IN_FLIGHT) as pool:
        for future in [pool.submit(probe, port, target, module, count // IN_FLIGHT) for _ in range(IN_FLIGHT)]:
            future.result()
    return (process_cpu(exporter.pid) - before) / count


class Exporter:
    """blackbox_exporter with one module for plain HTTP and two for TLS: with verification and without."""

    def __init__(self, directory, ca_file):
        self.port, = free_ports(1)
        config = directory / 'blackbox.yml'
        module = 'prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4'
        config.write_text('modules:\n'
                          f'  plain: {{{module}}}}}\n'
                          f'  tls: {{{module}, tls_config: {{insecure_skip_verify: true}}}}}}\n'
                          f'  tls_verify: {{{module}, tls_config: {{ca_file: {ca_file}}}}}}}\n')
        self.process = subprocess.Popen(
            [shutil.which('prometheus-blackbox-exporter'), f'--config.file={config}', '--log.level=error',
             f'--web.listen-address=127.0.0.1:{self.port}'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, START_SECONDS, 'blackbox_exporter answers')

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(('127.0.0.1', self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()


def compare(directory, exporter, what, count, options, target, module):
    """The lower of some rounds each, taken in turns: noise only ever adds."""
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(ours(directory, count, options))
        theirs.append(blackbox(exporter.process, exporter.port, target, module, count // 4))
    row(f'{what}: sre-toolkit', f'{min(mine) * 1e6:.0f}', 'us', 'CPU for a check')
    row(f'{what}: blackbox_exporter', f'{min(theirs) * 1e6:.0f}', 'us', 'CPU for a probe')
    row(f'{what}: ratio', f'{min(mine) / min(theirs):.3f}', '', f'1/{min(theirs) / min(mine):.1f}')
    return min(mine), min(theirs)


def bench_http(directory):
    with Nginx() as nginx:
        bench_http_on(directory, nginx)


def bench_http_on(directory, nginx):
    root = nginx.pki.root.cert
    exporter = Exporter(directory, root)
    try:
        heading('HTTP checks, a new connection each, on one nginx')
        plain, tls = nginx.url('/'), nginx.url('/', 'good')
        compare(directory, exporter, 'plain', PLAIN, f'http: "{plain}"', plain, 'plain')
        verified, _ = compare(directory, exporter, 'TLS verified', TLS,
                              f'http: "{tls}", tls: {{ca_file: {root}}}, warning: {{certificate_days: none}}',
                              tls, 'tls_verify')
        unverified = min(blackbox(exporter.process, exporter.port, tls, 'tls', TLS // 4) for _ in range(ROUNDS))
        row('TLS: ours verified / theirs without verification', f'{verified / unverified:.3f}', '')
    finally:
        exporter.stop()


class SilentServer:
    """Accepts connections and never says anything."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.connections.append(self.listener.accept()[0])
            except OSError:
                return


def raise_descriptor_limit():
    import resource
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def bench_silent(directory):
    """Many in flight against a server that never answers: memory each, and how late they end."""
    count = min(SILENT, (raise_descriptor_limit() - 1000) // 2)
    server = SilentServer()
    config = directory / 'silent.yaml'
    write_config(config, count, f'http: "http://127.0.0.1:{server.port}/", timeout: 10s')
    heading(f'{count} HTTP checks in flight against a server that never answers')
    with subprocess.Popen([BINARY, 'check', '--config', str(config), '--workers', str(count), '--output', 'json',
                           '--quiet'], stdout=subprocess.PIPE) as process:
        time.sleep(0.2)
        start, peak = process_memory(process.pid), 0
        results = []
        reader = threading.Thread(target=lambda: results.append(process.stdout.read()))
        reader.start()
        begun = time.monotonic()
        while time.monotonic() - begun < 9:  # all are in flight until the tenth second
            peak = max(peak, process_memory(process.pid))
            time.sleep(0.05)
        reader.join()
    durations = [r['duration_seconds'] for r in json.loads(results[0])['results']]
    assert len(durations) == count
    row('memory of the process before most have begun', f'{start / 2**20:.1f}', 'MiB')
    row('memory with all in flight', f'{peak / 2**20:.1f}', 'MiB')
    row('memory for each', f'{peak / count / 1024:.1f}', 'KiB', 'budget: under 32')
    row('latest end after the deadline of 10 s', f'{(max(durations) - 10) * 1000:.0f}', 'ms', 'budget: 100')
    row('median end after the deadline', f'{(statistics.median(durations) - 10) * 1000:.0f}', 'ms')


def bench_start():
    heading('start')
    version, true = start_ms([BINARY, '--version']), start_ms(['/bin/true'])
    row('sre-toolkit --version', f'{version:.1f}', 'ms', 'median of 200')
    row('/bin/true', f'{true:.1f}', 'ms')
    row('difference', f'{version - true:.1f}', 'ms', 'budget: 10')


def main():
    with tempfile.TemporaryDirectory(prefix='bench.') as name:
        directory = pathlib.Path(name)
        bench_http(directory)
        bench_silent(directory)
        bench_start()
