"""What benchmarks share: CPU and memory of processes, and how a figure is printed."""
import os
import pathlib
import re
import resource
import statistics
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get('SRE_TOOLKIT_BIN', str(ROOT / 'build/release/sre-toolkit'))
TICK = os.sysconf('SC_CLK_TCK')


def run_cpu(argv, **kwargs):
    """Run it; CPU seconds of it and its children, wall seconds, peak memory of it in bytes, exit code, output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(argv, **kwargs)
    peaks = [0]
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peaks))
    watcher.start()
    output, _ = process.communicate()
    wall = time.monotonic() - start
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, max(peaks), process.returncode, output


def watch_memory(pid, peaks):
    """Until it ends.  What the kernel says afterwards (ru_maxrss) begins with the memory of whoever forked it."""
    try:
        while peak := process_peak(pid):
            peaks.append(peak)
            time.sleep(0.05)
    except OSError:
        pass


def process_peak(pid):
    """The most resident bytes that a process had so far; 0 if it has ended."""
    found = re.search(r'^VmHWM:\s+(\d+) kB$', pathlib.Path(f'/proc/{pid}/status').read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def run_cpu_tree(argv, **kwargs):
    """Run it; CPU seconds and the peak of the memory of all of its processes together, where what is shared counts
    once (PSS); wall seconds; exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(argv, **kwargs)
    peaks = [0]
    watcher = threading.Thread(target=watch_tree, args=(process, peaks))
    watcher.start()
    process.wait()
    wall = time.monotonic() - start
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, max(peaks), process.returncode


def watch_tree(process, peaks):
    while process.returncode is None:
        peaks.append(sum(process_share(pid) for pid in tree(process.pid)))
        time.sleep(0.1)


def tree(pid):
    """It and everything it started, as far as it still lives."""
    pids = [pid]
    for each in pids:
        try:
            for children in pathlib.Path(f'/proc/{each}/task').glob('*/children'):
                pids += [int(child) for child in children.read_text().split()]
        except OSError:
            pass
    return pids


def process_share(pid):
    """Bytes of memory that are a process's, with its share of what it has in common with others; 0 if it has ended."""
    try:
        found = re.search(r'^Pss:\s+(\d+) kB$', pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def process_cpu(pid):
    """CPU seconds that a running process has used so far."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def process_memory(pid):
    """Resident bytes of a running process."""
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def start_ms(argv, rounds=200):
    """How long it takes to run it, the median, in milliseconds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def heading(text):
    print(f'\n{text}\n{"-" * len(text)}', flush=True)


def row(what, value, unit, note=''):
    print(f'{what:<52} {value:>10} {unit:<6} {note}'.rstrip(), flush=True)
