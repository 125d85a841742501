"""OpenSSH's server on as many loopback addresses as a test wants: whoever runs the tests can log in, with a
key that was made for them."""
import contextlib
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .base import ProcessServer, START_SECONDS, wait_until

NETWORK = '127.0.1'
# Started by root, sshd wants this folder; and bash, which takes a login by socket for one that wants its
# startup files, reads none at the second level.
PRIVILEGE_FOLDER = '/run/sshd'
LEVEL = 'SHLVL=2'
# To log in on a machine with much else to do, unless a test says otherwise.
PATIENT_SECONDS = 60


class Sshd(ProcessServer):
    """hosts: names, each with an address of its own; `settings` are more lines of sshd_config.
    ssh_config: knows them, and nothing else; key, known_hosts, servers (a file of the names), port."""
    needs = 'sshd, and addresses of 127.0.1.0/24'

    def __init__(self, hosts=('web-01', 'web-02', 'web-03', 'db-01'), settings=()):
        super().__init__()
        self.hosts = tuple(hosts)
        self.settings = settings
        self.port = None

    @classmethod
    def exists(cls):
        if cls.program() is None or shutil.which('ssh-keygen') is None:
            return False
        with socket.socket() as sock:
            try:
                sock.bind((f'{NETWORK}.1', 0))
            except OSError:
                return False
        return True

    @classmethod
    def program(cls):
        return shutil.which('sshd', path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')

    def address(self, host):
        return f'{NETWORK}.{self.hosts.index(host) + 1}'

    def _start(self):
        self.key, self.host_key = self.dir / 'id_ed25519', self.dir / 'host_key'
        self.ssh_config, self.known_hosts = self.dir / 'ssh_config', self.dir / 'known_hosts'
        self.servers = self.dir / 'servers.txt'
        for key in (self.key, self.host_key):
            self.make_key(key)
        (self.dir / 'authorized_keys').write_bytes(self.key.with_suffix('.pub').read_bytes())
        self.servers.write_text(''.join(f'{host}\n' for host in self.hosts))
        if os.geteuid() == 0:
            os.makedirs(PRIVILEGE_FOLDER, mode=0o755, exist_ok=True)
        self.port, = self._keep_ports(1)
        self._write_configs()
        self._spawn([self.program(), '-D', '-e', '-f', str(self.dir / 'sshd_config')])
        if not self._answers():
            raise RuntimeError(f'sshd does not start:\n{self.output()}')

    def make_key(self, path, *options):
        """A key without a passphrase."""
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'made for a test', '-f', str(path),
                        *options], check=True, stdin=subprocess.DEVNULL)
        return path

    def public_host_key(self):
        return ' '.join(self.host_key.with_suffix('.pub').read_text().split()[:2])

    def _write_configs(self):
        addresses = ''.join(f'ListenAddress {self.address(host)}\n' for host in self.hosts)
        (self.dir / 'sshd_config').write_text(
            ''.join(f'{line}\n' for line in self.settings) +
            f'Port {self.port}\n{addresses}HostKey {self.host_key}\nPidFile none\n'
            f'AuthorizedKeysFile {self.dir}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n'
            f'KbdInteractiveAuthentication no\nMaxStartups 100:30:1000\nMaxSessions 100\nPrintMotd no\n'
            f'PermitRootLogin yes\nSetEnv {LEVEL}\nSubsystem sftp internal-sftp\nLogLevel VERBOSE\n')
        self.known_hosts.write_text(''.join(
            f'[{self.address(host)}]:{self.port} {self.public_host_key()}\n' for host in self.hosts))
        self.ssh_config.write_text(''.join(
            f'Host {host}\n  HostName {self.address(host)}\n' for host in self.hosts) +
            f'Host *\n  Port {self.port}\n  User {getpass.getuser()}\n  IdentityFile {self.key}\n'
            f'  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n'
            f'  ConnectTimeout {PATIENT_SECONDS}\n')

    def _answers(self):
        def does():
            if self.process.poll() is not None:
                return True
            try:
                with socket.create_connection((self.address(self.hosts[-1]), self.port), 1) as sock:
                    return sock.recv(4) == b'SSH-'
            except OSError:
                return False
        wait_until(does, START_SECONDS, 'sshd')
        return self.process.poll() is None

    def hang_up(self):
        """All connections end, as if the network were gone; the server goes on."""
        children = pathlib.Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children').read_text()
        for pid in map(int, children.split()):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)

    def log(self):
        return self.output()

    def facts(self):
        return {'hosts': ' '.join(self.hosts), 'ssh_config': self.ssh_config, 'servers': self.servers,
                'try': f'sre-toolkit fleet uptime --servers {self.servers} --ssh-config {self.ssh_config}'}
