"""A command on many servers, beside pssh, pdsh, clush and ansible; with the key exchange that everybody knows,
and with everybody's defaults; when one in ten of the servers is dead."""
import os
import pathlib
import selectors
import subprocess
import tempfile
import time

from measure import BINARY, ROOT, heading, process_cpu, process_share, row, run_cpu_tree
from servers.base import wait_until
from ssh_servers import Servers, black_holed, enter_own_network, frozen, healthy

BUILD = ROOT / 'build/release'
WORKERS = 20
COUNTS = [int(count) for count in os.environ.get('BENCH_SERVERS', '200,1000').split(',')]
OUTPUT_BYTES = 1_000_000
TRUE, WRITE = 'true', f'head -c {OUTPUT_BYTES} /dev/zero | tr "\\0" x | fold -w 99'


def ours(transport):
    def argv(config, hosts, command):
        return [BINARY, 'fleet', command, '--servers', hosts, '--ssh-config', config, '--workers', str(WORKERS), '--yes',
                '--transport', transport, '--quiet', '--store', pathlib.Path(hosts).with_name('state.db')]
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
    return {**os.environ, 'HOME': folder,
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


def kept_cpu(program, config, hosts, commands):
    """CPU seconds of a run that keeps its connections for so many commands on each of the hosts."""
    cpu, _, _, code = run_cpu_tree([program, config, hosts, str(commands), '1'], stdout=subprocess.DEVNULL)
    assert code == 0
    return cpu


def kept_memory(program, config, hosts):
    """Bytes of a process that holds a connection to each of the hosts, on which commands have run."""
    with subprocess.Popen([program, config, hosts, '3', '5'], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b'done\n'
        return process_share(process.pid)


def masters(servers, hosts):
    """An ssh with a control socket for each host, until killed."""
    started = [subprocess.Popen(['ssh', '-F', servers.config_x25519, '-o', 'ControlMaster=yes', '-o',
                                 f'ControlPath={servers.folder}/%C', '-N', host]) for host in hosts]
    for host in hosts:
        wait_until(lambda host=host: subprocess.run(
            ['ssh', '-F', servers.config_x25519, '-o', f'ControlPath={servers.folder}/%C', '-O', 'check', host],
            capture_output=True).returncode == 0, 30, f'no master of {host}')
    return started


def kept(servers, count, commands):
    """One more command on a connection that is there: CPU of the client for it, memory of the client for each host."""
    subprocess.run(['ninja', '-C', BUILD, 'tests/bench/kept_commands'], check=True, stdout=subprocess.DEVNULL)
    program, hosts = BUILD / 'tests/bench/kept_commands', healthy(count)
    path = servers.hosts_file(hosts)
    config = servers.config_x25519
    ours_each = (kept_cpu(program, config, path, commands + 1) - kept_cpu(program, config, path, 1)) / count / commands
    (servers.folder / 'one').write_text(f'{hosts[0]}\n')
    ours_memory = (kept_memory(program, config, path) - kept_memory(program, config, servers.folder / 'one')) / (count - 1)
    started = masters(servers, hosts)
    memory = sum(process_share(process.pid) for process in started)
    before = sum(process_cpu(process.pid) for process in started)
    script = f'while read -r host; do ssh -F {servers.config_x25519} -o ControlPath={servers.folder}/%C "$host" true </dev/null || exit; done <{path}'
    its_cpu = sum(run_cpu_tree(['sh', '-c', script])[0] for _ in range(2)) / 2
    its_cpu += (sum(process_cpu(process.pid) for process in started) - before) / 2
    for process in started:
        process.terminate()
        process.wait()
    row('sre-toolkit (native)', f'{ours_each * 1000:.3f}', 'ms', f'CPU a command; {ours_memory / 1024:.0f} KiB a host')
    row('ssh through ControlMaster', f'{its_cpu / count * 1000:.3f}', 'ms', f'CPU a command; {memory / count / 1024:.0f} KiB a '
        f'host; ours: CPU 1/{its_cpu / count / ours_each:.1f}, memory 1/{memory / count / ours_memory:.1f}')


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
        heading('one more command on connections that are kept, 50 servers')
        kept(servers, 50, 50)
        heading(f'{COUNTS[0]} servers, of which 5 % swallow everything and 5 % are frozen')
        with_dead(servers, COUNTS[0])
