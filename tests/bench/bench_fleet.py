"""A command on many servers, beside pssh, pdsh, clush and ansible; with the key exchange that everybody knows,
and with everybody's defaults; when one in ten of the servers is dead."""
import os
import selectors
import subprocess
import tempfile
import time

from measure import BINARY, heading, row, run_cpu_tree
from ssh_servers import Servers, black_holed, enter_own_network, frozen, healthy

WORKERS = 20
COUNTS = [int(count) for count in os.environ.get('BENCH_SERVERS', '200,1000').split(',')]
OUTPUT_BYTES = 1_000_000
TRUE, WRITE = 'true', f'yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c {OUTPUT_BYTES}'


def ours(transport):
    def argv(config, hosts, command):
        return [BINARY, 'fleet', command, '--servers', hosts, '--ssh-config', config, '--workers', str(WORKERS), '--yes',
                '--transport', transport, '--quiet']
    return argv, {}


def pssh(config, hosts, command):
    return ['parallel-ssh', '-i', '-t', '0', '-p', str(WORKERS), '-h', hosts, '-x', f'-F {config}', command]


def pdsh(_, hosts, command):
    return ['pdsh', '-R', 'ssh', '-f', str(WORKERS), '-w', f'^{hosts}', command]


def clush(config, hosts, command):
    return ['clush', '-f', str(WORKERS), '--hostfile', hosts, '-o', f'-F {config}', command]


def ansible(config, hosts, command):
    return ['ansible', 'all', '-i', hosts, '-f', str(WORKERS), '-m', 'raw', '-a', command, f'--ssh-common-args=-F {config}']


TOOLS = {
    'sre-toolkit (native)': ours('native'),
    'sre-toolkit (openssh)': ours('openssh'),
    'pssh': (pssh, {}),
    'pdsh': (pdsh, {'PDSH_SSH_ARGS_APPEND': '-F {config}'}),
    'clush': (clush, {}),
    'ansible': (ansible, {'ANSIBLE_SSH_ARGS': '-o ControlMaster=no', 'ANSIBLE_HOST_KEY_CHECKING': 'True'}),
}


def environment(tool, config, folder):
    return {**os.environ, 'XDG_STATE_HOME': folder, 'HOME': folder,
            **{name: value.format(config=config) for name, value in TOOLS[tool][1].items()}}


def run(tool, config, hosts, command, folder):
    """CPU seconds, wall seconds, peak bytes of the tree of processes."""
    argv = [str(word) for word in TOOLS[tool][0](config, hosts, command)]
    cpu, wall, peak, code = run_cpu_tree(argv, env=environment(tool, config, folder), stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert code == 0, (tool, code)
    return cpu, wall, peak


def compare(servers, config, count, command, tools=tuple(TOOLS)):
    hosts = servers.hosts_file(healthy(count))
    measured = {tool: run(tool, config, hosts, command, str(servers.folder)) for tool in tools}
    cpu, wall, peak = measured['sre-toolkit (native)']
    for tool, (its_cpu, its_wall, its_peak) in measured.items():
        row(tool, f'{its_cpu * 1000 / count:.2f}', 'ms', f'CPU a host; {its_wall:.2f} s, {its_peak / 2**20:.1f} MiB; '
            f'ours: CPU 1/{its_cpu / cpu:.1f}, wall {wall / its_wall:.2f}, memory 1/{its_peak / peak:.1f}')


def time_of_line(argv, env, wanted):
    """Seconds until the wanted number of lines with the word is there, and until the program ends."""
    begin, seen, at, held = time.monotonic(), 0, None, b''
    process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            selector.select()
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            *lines, held = (held + piece).split(b'\n')
            seen += sum(b'well-and-alive' in line for line in lines)
            if at is None and seen >= wanted:
                at = time.monotonic() - begin
    process.wait()
    return at, time.monotonic() - begin


def with_dead(servers, count):
    """5 % swallow everything, 5 % accept and are silent: when are the others done?"""
    dead = count // 20
    alive = healthy(count - 2 * dead)
    hosts = alive.copy()
    for i, host in enumerate(black_holed(dead) + frozen(dead)):
        hosts.insert(i * 10, host)
    path = servers.hosts_file(hosts)
    for tool in TOOLS:
        config = servers.config_x25519
        argv = [str(word) for word in TOOLS[tool][0](config, path, 'echo well-and-alive')]
        at, end = time_of_line(argv, environment(tool, config, str(servers.folder)), len(alive))
        row(tool, f'{at:.1f}' if at else 'never', 's', f'until the others are done; {end:.1f} s in all')


def main():
    enter_own_network()
    with tempfile.TemporaryDirectory() as folder, Servers(folder) as servers:
        for count in COUNTS:
            heading(f'fleet true, {count} servers, {WORKERS} at a time, everybody with curve25519')
            compare(servers, servers.config_x25519, count, TRUE)
            heading(f'the same, everybody with the defaults')
            compare(servers, servers.config, count, TRUE)
        heading(f'{OUTPUT_BYTES} bytes of output from each of {COUNTS[0]} servers, curve25519')
        compare(servers, servers.config_x25519, COUNTS[0], WRITE)
        heading(f'{COUNTS[0]} servers, of which 5 % swallow everything and 5 % are frozen')
        with_dead(servers, COUNTS[0])
