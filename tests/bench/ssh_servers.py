"""Many servers on one machine: an sshd that answers on every address of loopback, in a network of its own
that nothing leads out of; addresses that swallow everything; an sshd that was stopped in its tracks."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys

from servers.base import START_SECONDS, wait_until

PORT, FROZEN_PORT = 2222, 2223
BLACK_HOLES = '10.99.0'   # behind an interface that drops what it is given


def enter_own_network():
    """The program again, where there are only loopback and a hole.  Needs root."""
    if os.environ.get('BENCH_OWN_NETWORK'):
        commands = ['ip link set lo up', 'ip link add hole type veth peer name bottom', 'ip link set bottom up',
                    'ip link set hole up', f'ip addr add {BLACK_HOLES}.1/24 dev hole']
        commands += [f'ip neigh add {host} lladdr 02:00:00:00:00:01 dev hole nud permanent' for host in black_holed(100)]
        for command in commands:
            subprocess.run(command.split(), check=True)
        return
    if os.geteuid() != 0:
        sys.exit('bench: needs root, for a network of its own')
    os.environ['BENCH_OWN_NETWORK'] = '1'
    sys.stdout.flush()
    os.execvp('unshare', ['unshare', '--net', sys.executable, *sys.argv])


def healthy(count):
    return [f'127.0.{i // 250 + 1}.{i % 250 + 1}' for i in range(count)]


def black_holed(count):
    return [f'{BLACK_HOLES}.{i + 2}' for i in range(count)]


def frozen(count):
    return [f'127.9.0.{i + 1}' for i in range(count)]


class Servers:
    """`config` is for anybody's ssh as it comes, `config_x25519` has the key exchange that all of them know."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.processes = []
        for name in ('key', 'host_key'):
            subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', self.folder / name], check=True)
        shutil.copy(self.folder / 'key.pub', self.folder / 'authorized_keys')
        known = (self.folder / 'host_key.pub').read_text()
        (self.folder / 'known_hosts').write_text(
            ''.join(f'{pattern} {known}' for pattern in ('127.*', f'[127.*]:{PORT}', f'[127.*]:{FROZEN_PORT}')))
        self.config = self.write_config('config', '')
        self.config_x25519 = self.write_config('config_x25519', 'KexAlgorithms curve25519-sha256\n')
        self.start(PORT)
        os.kill(self.start(FROZEN_PORT).pid, signal.SIGSTOP)

    def write_config(self, name, more):
        path = self.folder / name
        path.write_text(
            f'Host 127.9.*\nPort {FROZEN_PORT}\nHost *\nPort {PORT}\nUser {self.user}\nIdentityFile {self.folder}/key\n'
            f'IdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {self.folder}/known_hosts\n'
            f'GlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nBatchMode yes\nConnectTimeout 10\n{more}')
        return path

    def start(self, port):
        config = self.folder / f'sshd_{port}'
        config.write_text(
            f'Port {port}\nListenAddress 0.0.0.0\nHostKey {self.folder}/host_key\n'
            f'AuthorizedKeysFile {self.folder}/authorized_keys\nStrictModes no\nUsePAM no\nUseDNS no\n'
            f'PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n'
            f'PrintMotd no\nPrintLastLog no\nLogLevel QUIET\nMaxStartups 2000:30:4000\nMaxSessions 1000\n'
            f'SetEnv SHLVL=9\nSubsystem sftp internal-sftp\n')
        pathlib.Path('/run/sshd').mkdir(exist_ok=True)
        process = subprocess.Popen(['/usr/sbin/sshd', '-D', '-e', '-f', config],
                                   stderr=open(self.folder / f'sshd_{port}.log', 'wb'))
        self.processes.append(process)
        wait_until(lambda: subprocess.run(['ssh', '-F', self.config_x25519, '-p', str(port), '127.0.1.1', 'true'],
                                          capture_output=True).returncode == 0, START_SECONDS, 'no login at sshd')
        return process

    def hosts_file(self, hosts):
        path = self.folder / 'hosts'
        path.write_text(''.join(f'{host}\n' for host in hosts))
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
