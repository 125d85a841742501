"""The command `fleet`, for tests that ask how much memory it took: over one transport, to hosts of a configuration of ssh's own."""
import getpass
import pathlib
import re
import sys

from servers.sshd import PATIENT_SECONDS
from toolkit import TIMEOUT_SECONDS

# Runs a program, and writes to a file how many KiB of memory it took at most.
MEASURE = '''
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
open(sys.argv[1], 'w').write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
'''
TRANSPORTS = ('native', 'openssh')


def is_sanitized(binary):
    return b'__asan_' in pathlib.Path(binary).read_bytes()


class MeasuredFleet:
    """fleet(COMMAND, HOSTS) -> name -> result.  `end`: the whole Result of the last run, and `peak_mib`, the most
    memory that the program took in it."""

    def __init__(self, toolkit, transport, key, hosts, known_hosts):
        """hosts: the lines of ssh_config that know them."""
        self.toolkit, self.transport, self.end, self.peak_mib = toolkit, transport, None, None
        self.known_hosts, self.config = toolkit.home / 'known_hosts', toolkit.home / 'ssh_config'
        self.memory = toolkit.home / '.memory'
        self.known_hosts.write_text(known_hosts)
        self.config.write_text(
            f'{hosts}Host *\n  User {getpass.getuser()}\n  IdentityFile {key}\n  IdentitiesOnly yes\n  IdentityAgent none\n'
            f'  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n'
            f'  ConnectTimeout {PATIENT_SECONDS}\n')

    def argv(self, command, hosts, *args):
        return ['fleet', command, '--hosts', ','.join(hosts), '--transport', self.transport, '--ssh-config', self.config,
                '--store', self.toolkit.home / 'state.db',
                '--yes', *args]

    def __call__(self, command, hosts, *args, timeout=TIMEOUT_SECONDS, is_whole=True, **options):
        """is_whole: its exit code tells how the hosts ended, and no more."""
        self.end = self.toolkit(*self.argv(command, hosts, '--output', 'jsonl', *args), timeout=timeout,
                                in_front=[sys.executable, '-S', '-c', MEASURE, self.memory], **options)
        self.peak_mib = int(self.memory.read_text()) / 1024
        results = {result['name']: result for result in self.end.jsonl}
        assert len(results) == len(self.end.jsonl), 'each ends once'
        assert not is_whole or self.end.exit_code == (0 if all(result['success'] for result in results.values()) else 1), self.end
        return results

    def start(self, command, hosts, *args, **options):
        return self.toolkit.start(*self.argv(command, hosts, *args), **options)


def has_raw_control(text):
    """Whether it holds anything that does something to a terminal but to colour, to move the cursor to the beginning
    of the line and to erase it."""
    return re.search(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ufffd]',
                     re.sub(r'\x1b\[[0-9;]*[mK]', '', text)) is not None
