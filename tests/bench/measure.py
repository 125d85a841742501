"""What benchmarks share: CPU and memory of processes, and how a figure is printed."""
import os
import pathlib
import resource
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get('SRE_TOOLKIT_BIN', str(ROOT / 'build/release/sre-toolkit'))
TICK = os.sysconf('SC_CLK_TCK')


def run_cpu(argv, **kwargs):
    """Run it; CPU seconds of it and its children, wall seconds, peak memory in bytes, the process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(argv, **kwargs)
    output, _ = process.communicate()
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, after.ru_maxrss * 1024, process.returncode, output


def process_cpu(pid):
    """CPU seconds that a running process has used so far."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def process_memory(pid):
    """Resident bytes of a running process."""
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def heading(text):
    print(f'\n{text}\n{"-" * len(text)}', flush=True)


def row(what, value, unit, note=''):
    print(f'{what:<52} {value:>10} {unit:<6} {note}'.rstrip(), flush=True)
