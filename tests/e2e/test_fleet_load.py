"""`fleet` and very many hosts, or very much output, over both transports: no descriptor and no memory is left
behind, and what it needs does not grow with what comes."""
import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest
import soak
from fixtures import started
from measured_fleet import MEASURE, TRANSPORTS, MeasuredFleet, is_sanitized
from servers.base import wait_until
from servers.sshd import Sshd

ADDRESSES = 15
SSH_EACH = {'native': 0, 'openssh': 2}  # processes: of the login, and of the command
# The program ssh takes a tenth of a second of processor time for each.
SESSIONS = {'native': 1000, 'openssh': soak.size('SESSIONS', 50, 1000)}
# Without and with sanitizers, which keep what is freed; and what is kept of all hosts (CAPTURE_POOL_BYTES).
MEBIBYTES, POOL_MEBIBYTES = {False: 48, True: 640}, 256
POOL_HOSTS = {'native': soak.size('POOL_HOSTS', 150, 300), 'openssh': soak.size('POOL_HOSTS', 15, 300)}
HOSTS, HOST_BYTES = soak.size('HOSTS', 10, 50), soak.size('HOST_MIB', 8, 100) << 20
# Of one host.
STDERR_BYTES = soak.size('STDERR_MIB', 32, 4096) << 20
MINUTE = 60
# On a machine with much else to do, twenty ssh at a time take theirs to log in.
PATIENT = ('--connect-timeout', MINUTE)


@pytest.fixture(scope='module')
def sshd():
    yield from started(Sshd, [f'host-{i + 1}' for i in range(ADDRESSES)])


@pytest.fixture(params=TRANSPORTS)
def fleet(toolkit, sshd, request):
    """Any number of hosts: s1, s2 ... are at one address, m1-1, m1-2 ... m15-9 at that of their first number, and
    `last` at another one."""
    lines = [f'Host m{i + 1}-*\n  HostName {sshd.address(host)}\n' for i, host in enumerate(sshd.hosts)]
    lines.append(f'Host s*\n  HostName {sshd.address("host-1")}\nHost last\n  HostName {sshd.address("host-2")}\n')
    fleet = MeasuredFleet(toolkit, request.param, sshd.key, f'{"".join(lines)}Host *\n  Port {sshd.port}\n',
                          sshd.known_hosts.read_text())
    fleet.sshd = sshd
    return fleet


def files_of(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def resident_kib(pid):
    return int(re.search(r'^VmRSS:\s+(\d+) kB$', pathlib.Path(f'/proc/{pid}/status').read_text(), re.MULTILINE)[1])


def children_of(pid):
    return pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()


def test_a_thousand_sessions(fleet, sshd, binary, tmp_path):
    """One host's command goes on until the others have ended, so that the program can be looked at then."""
    go = tmp_path / 'go'
    command = f'case "$SSH_CONNECTION" in *" {sshd.address("host-2")} "*) while [ ! -e {go} ]; do sleep 0.1; done;; esac'
    sessions = SESSIONS[fleet.transport]
    hosts = ['last', f's[1-{sessions}]']
    running = fleet.start(command, hosts, '--output', 'jsonl', *PATIENT)
    seen = {}

    def look(count):
        wait_until(lambda: running._read(0.05) and running.stdout.count('\n') >= count, 10 * MINUTE, f'{count} ends')
        seen[count] = (files_of(running.pid), len(children_of(running.pid)), resident_kib(running.pid))
    look(sessions // 10)
    look(sessions)
    wait_until(lambda: len(children_of(running.pid)) <= SSH_EACH[fleet.transport], MINUTE, 'ssh of those that have ended')
    look(sessions)
    go.touch()
    done = running.ended(MINUTE)
    results = done.stdout.splitlines()
    assert (len(results), [result for result in results if '"outcome": "ok"' not in result]) == (sessions + 1, [])
    assert done.exit_code == 0, done
    (_, _, early_kib), (files, children, late_kib) = seen[sessions // 10], seen[sessions]
    # What one login needs, and the program itself; ssh of the last, and nobody else's.
    assert files < 24, seen
    assert children <= SSH_EACH[fleet.transport], seen
    if not is_sanitized(binary):  # which keep what is freed
        assert late_kib - early_kib < 8 * sessions, 'less than 8 KiB a session that has ended'
    soak.report('fleet sessions', transport=fleet.transport, sessions=sessions, files=files, resident_kib=late_kib)


def body_of(size):
    """What a host's command writes: lines that differ, of a shell's own means."""
    return f'seq 100000000 | head -c {size}'


def digest_of(command):
    return hashlib.sha256(subprocess.run(['sh', '-c', command], check=True, stdout=subprocess.PIPE).stdout).hexdigest()


def digest(path):
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def start(fleet, command, hosts, folder, *args):
    """Its results go to a file, not to us: -> what runs, and that file."""
    results = folder / 'results'
    argv = fleet.argv(command, hosts, *PATIENT, *args)
    words = ['/usr/bin/python3', '-S', '-c', MEASURE, fleet.memory]
    return fleet.toolkit.start(*argv, in_front=['sh', '-c', f'exec "$@" >{results}', 'sh', *words]), results


def end(fleet, running):
    fleet.end = running.ended(10 * MINUTE)
    fleet.peak_mib = int(fleet.memory.read_text()) / 1024


def run(fleet, *args):
    """As start(), until it has ended."""
    running, results = start(fleet, *args)
    end(fleet, running)
    return results


def test_all_that_hosts_write_is_in_files(fleet, binary, tmp_path):
    """Each has the address of its own in the first line; both streams, byte for byte."""
    hosts = [f'm{i % ADDRESSES + 1}-{i}' for i in range(HOSTS)]
    command = f'echo "$SSH_CONNECTION" | cut -d" " -f3 >&2; {body_of(HOST_BYTES // 10)} >&2; {body_of(HOST_BYTES)}'
    results = run(fleet, command, hosts, tmp_path, '--output', 'jsonl', '--output-dir', tmp_path / 'out')
    assert (fleet.end.exit_code, fleet.end.stderr.count('ERROR')) == (0, 0), fleet.end
    out = digest_of(body_of(HOST_BYTES))
    for i, host in enumerate(hosts):
        assert digest(tmp_path / 'out' / f'{host}.out') == out, host
        address = fleet.sshd.address(f'host-{i % ADDRESSES + 1}')
        assert digest(tmp_path / 'out' / f'{host}.err') == digest_of(f'echo {address}; {body_of(HOST_BYTES // 10)}'), host
    assert sorted(os.listdir(tmp_path / 'out')) == sorted(f'{host}.{end}' for host in hosts for end in ('out', 'err'))
    # A mebibyte of each stream is kept for the results until they are written.
    limit = MEBIBYTES[is_sanitized(binary)] + 2 * HOSTS
    assert fleet.peak_mib < limit, f'{fleet.peak_mib:.0f} MiB'
    assert results.stat().st_size < HOSTS * (5 << 20)
    soak.report('fleet output', transport=fleet.transport, hosts=HOSTS, bytes_each=HOST_BYTES, peak_mib=f'{fleet.peak_mib:.1f}')


def test_what_is_kept_is_bounded(fleet, binary, tmp_path):
    """More hosts than the pool has room for, and all results at the end."""
    count, size = POOL_HOSTS[fleet.transport], 2 << 20
    results = run(fleet, body_of(size), [f'm[1-{ADDRESSES}]-[1-{count // ADDRESSES}]'], tmp_path, '--output', 'json')
    assert fleet.end.exit_code == 0, set(re.findall(rb'"message": "[^"]*"', results.read_bytes()))
    left_out = [int(number) for number in re.findall(rb'"truncated_bytes": (\d+)', results.read_bytes())]
    assert len(left_out) == count and all(size > number > size // 3 for number in left_out)
    assert fleet.peak_mib < POOL_MEBIBYTES + MEBIBYTES[is_sanitized(binary)], f'{fleet.peak_mib:.0f} MiB'
    soak.report('fleet pool', transport=fleet.transport, hosts=count, peak_mib=f'{fleet.peak_mib:.1f}')


@pytest.mark.parametrize('output', ['jsonl', 'text'])
def test_gigabytes_of_stderr(fleet, binary, tmp_path, output):
    """One line that never ends; the other host does not wait for it."""
    go = tmp_path / 'go'
    command = (f'case "$SSH_CONNECTION" in *" {fleet.sshd.address("host-2")} "*) echo well;; '
               f'*) head -c {STDERR_BYTES} /dev/zero | tr "\\0" x >&2; until [ -e {go} ]; do sleep 0.1; done;; esac')
    running, results = start(fleet, command, ['s1', 'last'], tmp_path, '--output', output)
    if output == 'jsonl':
        wait_until(lambda: results.exists() and b'"last"' in results.read_bytes(), 10 * MINUTE, 'the end of the other')
    go.touch()
    end(fleet, running)
    assert fleet.end.exit_code == 0, fleet.end
    if output == 'jsonl':
        healthy, flooded = map(json.loads, results.read_text().splitlines())
        assert (healthy['name'], healthy['stdout'], flooded['stdout']) == ('last', 'well\n', '')
        assert STDERR_BYTES - (1 << 20) <= flooded['truncated_bytes'] < STDERR_BYTES
    else:
        words = results.read_bytes()
        assert words.count(b'x') >= STDERR_BYTES, 'all of it was shown'
        assert b'last: well\n' in words and '2/2 servers responded successfully' in words.decode()
    assert fleet.peak_mib < MEBIBYTES[is_sanitized(binary)], f'{fleet.peak_mib:.0f} MiB'
    soak.report('fleet stderr', transport=fleet.transport, output=output, bytes=STDERR_BYTES, peak_mib=f'{fleet.peak_mib:.1f}')


def test_a_folder_on_a_full_disk(fleet, filesystem):
    """Told once, with the file; everything else goes on."""
    folder = filesystem.full()
    results = fleet('echo well', ['m1-1', 'm2-2', 'm3-3'], '--output-dir', folder, is_whole=False)
    assert [result['stdout'] for result in results.values()] == ['well\n'] * 3
    assert all(result['success'] for result in results.values())
    assert fleet.end.exit_code == 1, 'not all that was asked for is there'
    assert fleet.end.stderr.count('No space left on device') == 1 and str(folder) in fleet.end.stderr


def test_a_folder_on_a_disk_that_fills(fleet, filesystem):
    folder = filesystem.healthy()
    [result] = fleet(body_of(8 << 20), ['m1-1'], '--output-dir', folder, is_whole=False).values()
    assert result['success'] and fleet.end.exit_code == 1
    assert fleet.end.stderr.count('No space left on device') == 1 and 'm1-1.out' in fleet.end.stderr


def test_a_folder_that_cannot_be_written(fleet, filesystem):
    """Nothing is begun."""
    def visits():
        return fleet.sshd.log().count('Connection from')  # of earlier ones it may still be saying how they ended
    before = visits()
    done = fleet.toolkit(*fleet.argv('echo well', ['m1-1'], '--output-dir', filesystem.read_only() / 'new'))
    assert (done.exit_code, done.stdout) == (1, '') and 'Read-only file system' in done.stderr
    assert visits() == before
