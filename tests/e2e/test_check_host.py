"""The health of this machine: its numbers as other tools see them, and filesystems in every state."""
import os
import pathlib
import subprocess
import time

import pytest
from servers.base import NOBODY, can_be_nobody, can_have_own_mounts

FAST = ('--set', 'cpu_sample=10ms')


def check(toolkit, *args, **options):
    done = toolkit('check', 'local:', '--output', 'json', *FAST, *args, **options)
    result = done.json['results'][0]
    result['exit'] = done.exit_code
    return result


def only(*paths):
    """Settings that measure these and no other."""
    return [word for path in paths for word in ('--set', f'include_mounts={path}')] + ['--set', 'exclude_mounts=*']


def meminfo():
    return {line.split(':')[0]: int(line.split()[1]) * 1024
            for line in pathlib.Path('/proc/meminfo').read_text().splitlines()}


# --- this machine ---------------------------------------------------------------------------------

def test_numbers_are_those_of_other_tools(toolkit):
    values = check(toolkit)['values']
    assert values['hostname'] == os.uname().nodename
    assert values['uptime_seconds'] == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=10)
    assert values['memory_total_bytes'] == meminfo()['MemTotal']
    assert values['memory_available_bytes'] == pytest.approx(meminfo()['MemAvailable'], rel=0.2)
    assert values['load1_per_cpu'] == pytest.approx(values['load1'] / values['cpu_count'])
    assert 0 <= values.get('cpu_percent', 0) <= 100
    if 'processes' in values:
        assert values['processes'] == pytest.approx(
            len([name for name in os.listdir('/proc') if name.isdigit()]), rel=0.5)


def test_space_is_that_of_df(toolkit):
    values = check(toolkit)['values']
    measured = [key[len('disk_used_percent['):-1] for key in values if key.startswith('disk_used_percent[')]
    assert measured
    for path in measured:
        done = subprocess.run(['df', '-P', path], capture_output=True, text=True, check=False)
        percent = float(done.stdout.splitlines()[-1].split()[-2].rstrip('%'))
        assert values[f'disk_used_percent[{path}]'] == pytest.approx(percent, abs=2)
    assert values['disk_used_percent'] == max(values[f'disk_used_percent[{path}]'] for path in measured)
    assert values['disk_free_bytes'] == min(values[f'disk_free_bytes[{path}]'] for path in measured)


def test_the_line_for_people(toolkit):
    done = toolkit('check', 'local:', '--color', 'never', '--critical', 'memory_percent=none')
    assert 'up ' in done.stdout and 'memory ' in done.stdout and 'disk ' in done.stdout


def test_cpu_sample_takes_its_time(toolkit):
    done = toolkit('check', 'local:', '--output', 'json', '--set', 'cpu_sample=700ms')
    assert done.json['results'][0]['duration_seconds'] >= 0.7


def test_as_another_user(toolkit):
    """It needs no privileges."""
    if not can_be_nobody(toolkit.binary):
        pytest.skip('needs root, and a program that others may run')
    result = check(toolkit, cwd='/', in_front=NOBODY,
                   env={'HOME': '/', 'XDG_CONFIG_HOME': None, 'XDG_STATE_HOME': None, 'XDG_RUNTIME_DIR': None})
    assert 'memory_percent' in result['values']
    assert 'disk_used_percent' in result['values']


def test_thresholds(toolkit):
    result = check(toolkit, '--critical', 'memory_available_bytes=> 1k')
    assert (result['exit'], result['state'], result['code']) == (1, 'critical', 'threshold_exceeded')
    assert result['message'].startswith('memory_available_bytes ')
    assert 'up ' in result['message']
    assert result['evidence']['largest_processes']
    assert any(command.startswith('ps ') for command in result['evidence']['commands'])

    result = check(toolkit, '--warning', 'uptime_seconds=< 36000d', '--fail-on', 'warning')
    assert (result['exit'], result['state']) == (1, 'warning')


def test_a_filesystem_that_is_not_there_is_missed(toolkit):
    result = check(toolkit, '--warning', 'disk_used_percent[/no/such/mount]=50')
    assert result['exit'] == 1
    assert result['state'] in ('unknown', 'critical')
    assert result['state'] == 'critical' or result['code'] == 'value_missing'


@pytest.mark.parametrize('args,message', [
    (['local:here'], "'local:here' is not a machine"),
    (['local:', '--set', 'cpu_sampl=1s'], "did you mean 'cpu_sample'"),
    (['local:', '--set', 'cpu_sample=-5s'], 'cpu_sample'),
    (['local:', '--warning', 'disk_usd_percent=5'], "did you mean 'disk_used_percent'"),
    (['local:', '--warning', 'load1[/]=5'], 'without [/]'),
])
def test_wrong_usage(toolkit, args, message):
    done = toolkit('check', *args)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ''


def test_in_a_configuration(toolkit):
    toolkit.config('''
checks:
  - name: here
    host: "local:"
    cpu_sample: 10ms
    exclude_mounts: ["*"]
    include_mounts: [/]
    warning: {disk_used_percent: none, memory_percent: none}
    critical: {"disk_used_percent[/]": "> 100", memory_percent: none, inodes_used_percent: none}
''')
    result = toolkit('check', '--output', 'json').json['results'][0]
    assert (result['name'], result['target'], result['kind']) == ('here', 'local:', 'host')
    assert result['state'] != 'unknown'
    assert 'disk_used_percent[/]' in result['values']


# --- filesystems in trouble -----------------------------------------------------------------------

def test_full(toolkit, filesystem):
    path = filesystem.full()
    result = check(toolkit, *only('/', path), '--critical', f'disk_used_percent[{path}]=97')
    assert result['values'][f'disk_used_percent[{path}]'] == 100
    assert result['values']['disk_used_percent'] == 100
    assert result['values'][f'disk_free_bytes[{path}]'] == 0
    assert (result['exit'], result['state'], result['code']) == (1, 'critical', 'threshold_exceeded')
    assert f'disk_used_percent[{path}] 100' in result['message']
    assert 'df -h' in result['evidence']['commands']


def test_default_thresholds_hold_for_what_is_included(toolkit, filesystem):
    path = filesystem.full()
    result = check(toolkit, *only(path))
    assert (result['state'], result['code']) == ('critical', 'threshold_exceeded')
    result = check(toolkit, *only(path), '--critical', 'disk_used_percent=none', '--warning', 'disk_used_percent=none')
    assert result['code'] != 'threshold_exceeded' or str(path) not in result['message']


def test_without_inodes(toolkit, filesystem):
    path = filesystem.without_inodes()
    result = check(toolkit, *only(path))
    assert result['values'][f'inodes_used_percent[{path}]'] == 100
    assert result['values'][f'disk_used_percent[{path}]'] < 90
    assert (result['state'], result['code']) == ('critical', 'threshold_exceeded')
    assert f'inodes_used_percent[{path}]' in result['message']


def test_memory_filesystems_count_only_when_included(toolkit, filesystem):
    path = filesystem.full()
    assert f'disk_used_percent[{path}]' not in check(toolkit)['values']
    assert f'disk_used_percent[{path}]' in check(toolkit, '--set', f'include_mounts={path.parent}/*')['values']
    assert f'disk_used_percent[{path}]' not in check(
        toolkit, '--set', 'include_mounts=tmp', '--set', 'exclude_mounts=/tmp/*')['values']


def test_gone_read_only(toolkit, filesystem):
    path = filesystem.gone_read_only()
    result = check(toolkit, *only('/', path))
    assert (result['exit'], result['state'], result['code']) == (1, 'critical', 'filesystem_read_only')
    assert f"filesystem '{path}' (tmpfs on gone-read-only) has become read-only" in result['message']
    assert 'up ' in result['message']
    assert result['values']['filesystems_read_only'] == 1
    assert result['evidence']['read_only'][0].startswith(f'{path} tmpfs, mount rw,')


def with_fstab(line, tmp_path):
    """Words in front of a command that then sees this fstab."""
    path = tmp_path / 'fstab'
    path.write_text(f'{line}\n')
    return ['unshare', '--mount', 'sh', '-c', f'mount --bind {path} /etc/fstab && exec "$@"', 'sh']


def test_read_only_on_purpose_or_not(toolkit, filesystem, tmp_path):
    path = filesystem.read_only()
    if not can_have_own_mounts() or not pathlib.Path('/etc/fstab').exists():
        pytest.skip('needs root, no chroot, and an /etc/fstab to put another over')
    assert check(toolkit, *only(path))['values']['filesystems_read_only'] == 0
    result = check(toolkit, *only(path), in_front=with_fstab(f'read-only {path} tmpfs defaults,ro 0 0', tmp_path))
    assert result['values']['filesystems_read_only'] == 0
    result = check(toolkit, *only(path), in_front=with_fstab(f'read-only {path} tmpfs defaults 0 0', tmp_path))
    assert result['code'] == 'filesystem_read_only'


@pytest.mark.parametrize('kind', ['dead', 'stuck'])
def test_a_dead_mount_hangs_nothing(toolkit, filesystem, kind):
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    path = getattr(filesystem, kind)()
    result = check(toolkit, '--set', 'mount_timeout=2s')
    assert (result['exit'], result['state'], result['code']) == (1, 'critical', 'mount_stuck')
    assert f"filesystem '{path}' (fuse from {kind}) does not answer" in result['message']
    assert result['values']['mounts_stuck'] == 1
    assert 'disk_used_percent[/]' in result['values'] or 'disk_used_percent' in result['values']
    assert 'memory_percent' in result['values']
    assert f'disk_used_percent[{path}]' not in result['values']
    assert result['duration_seconds'] < 30


def test_a_dead_mount_is_told_before_the_deadline(toolkit, filesystem):
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    filesystem.stuck()
    result = check(toolkit, '--timeout', '2')
    assert result['code'] == 'mount_stuck'
    assert result['duration_seconds'] < 2


def test_nobody_is_sent_after_one_who_hangs(toolkit, filesystem):
    """--watch looks again and again, and leaves one process behind, not one each time."""
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    path = filesystem.stuck()
    running = toolkit.start('check', 'local:', '--output', 'jsonl', *FAST, '--set', 'mount_timeout=100ms', '--watch',
                            '--interval', '200ms', *only('/', path))
    try:
        end = time.monotonic() + 30
        while running.stdout.count('\n') < 6:
            assert time.monotonic() < end, running.stderr
            running._read(0.2)
        # Who waits for a disk looks the same for a moment.
        stay = set(hanging())
        for _ in range(10):
            time.sleep(0.1)
            stay &= set(hanging())
        assert len(stay) == 1
        assert all('"mount_stuck"' in line for line in running.stdout.splitlines()[:6])
    finally:
        running.kill()


def hanging():
    """Processes that cannot be killed; not those of other tests, whose mounts are others."""
    ours, found = os.readlink('/proc/self/ns/mnt'), []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                comm, fields = entry.joinpath('stat').read_text().rpartition(')')[::2]
                is_ours = os.readlink(entry / 'ns/mnt') == ours
            except OSError:
                continue
            if is_ours and fields.split()[0] == 'D' and 'sre-toolkit' in comm:
                found.append(entry.name)
    return found
