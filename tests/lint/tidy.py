"""Runs clang-tidy over the C sources, remembering which were clean.

    tidy.py BUILD-DIRECTORY [--tidy]

Without --tidy only what differs from the branch `main` is looked at (and what is not committed yet).
A source is looked at again when it, a header that it includes, its compiler flags or .clang-tidy
changed: what the preprocessor makes of it is the key.  Findings are not remembered.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ANALYZER = ROOT / 'tests/lint/analyzer.h'


def lines_of(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split('\n') if done.returncode == 0 else []


def changed_paths():
    base = (lines_of('git', 'merge-base', 'HEAD', 'main') or ['HEAD'])[0]
    names = lines_of('git', 'diff', '--name-only', base)
    names += lines_of('git', 'ls-files', '--others', '--exclude-standard')
    return {(ROOT / name).resolve() for name in names if name}


def preprocessed(entry):
    """What the compiler would see, or None where it cannot see anything.  Lines of `# 1 "file"` stay:
    findings name them."""
    words = shlex.split(entry['command'])
    while words and 'ccache' in pathlib.Path(words[0]).name:
        del words[0]
    skip_next = False
    command = []
    for word in words:
        if skip_next:
            skip_next = False
        elif word in ('-o', '-MF', '-MQ', '-MT'):
            skip_next = True
        elif word not in ('-c', '-MD'):
            command.append(word)
    done = subprocess.run(command + ['-E'], cwd=entry['directory'], capture_output=True)
    return done.stdout if done.returncode == 0 else None


def key_of(entry):
    text = preprocessed(entry)
    if text is None:
        return None
    rules = (ROOT / '.clang-tidy').read_bytes() + ANALYZER.read_bytes()
    return hashlib.sha256(rules + entry['command'].encode() + text).hexdigest()


def look_at(entry, build, seen):
    """Returns what clang-tidy has to say; '' if it is content."""
    key = key_of(entry)
    if key is not None and (seen / key).exists():
        return ''
    command = ['clang-tidy', '--quiet', '-p', str(build), entry['file']]
    if not entry['file'].endswith('src/base/err.c'):
        command += ['--extra-arg=-include', f'--extra-arg={ANALYZER}']
    done = subprocess.run(command, cwd=entry['directory'], capture_output=True, text=True)
    if done.returncode == 0:
        if key is not None:
            (seen / key).touch()
        return ''
    return done.stdout or done.stderr


def main(argv):
    build = pathlib.Path(argv[1]).resolve()
    seen = build.parent / 'tidy-clean'
    seen.mkdir(exist_ok=True)
    entries = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        path = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        if (ROOT / 'src') in path.parents:
            entries[path] = entry
    if '--tidy' not in argv:
        changed = changed_paths()
        entries = {path: entry for path, entry in entries.items() if path in changed}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = list(pool.map(lambda entry: look_at(entry, build, seen), entries.values()))
    print(''.join(findings), end='')
    bad = sum(1 for finding in findings if finding)
    print(f'clang-tidy: {len(entries)} sources, {bad} with findings')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
