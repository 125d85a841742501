"""Sums up the parts of a test run: what each took, what failed, what was skipped and why.

Each part left RESULTS/<part>.seconds and a report: <part>.xml (JUnit, from pytest) or <part>.jsonl (the log
of `meson test`: a program on each line, with its TAP output).  A part without a readable report counts
as one failure, and so does a part, or a program, that ran no test at all: silence is no success.
The last line is `N passed, N failed`, with `, N skipped` after it when there were any.
"""
import dataclasses
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Part:
    name: str
    seconds: int = 0
    passed: int = 0
    failed: list = dataclasses.field(default_factory=list)  # names
    skipped: list = dataclasses.field(default_factory=list)  # (name, reason)


def first_line(text):
    return (text or '').strip().split('\n', 1)[0]


def read_junit(part, path):
    for case in ElementTree.parse(path).iter('testcase'):
        name = f'{case.get("classname", "")}::{case.get("name", "")}'
        skip = case.find('skipped')
        if case.find('failure') is not None or case.find('error') is not None:
            part.failed.append(name)
        elif skip is not None:
            part.skipped.append((name, first_line(skip.get('message') or skip.text)))
        else:
            part.passed += 1


TAP_TEST = re.compile(r'(?P<bad>not )?ok \d+ (?:- |(?P<skip># SKIP) )(?P<name>.*)')


def read_tap(part, program, text):
    """Counts the lines `ok 1 - name`, `not ok 2 - name` and `not ok 3 # SKIP name` (so cmocka writes
    it; what the test printed just before is the reason).  Returns how many tests there were."""
    count = 0
    before = ''
    for line in text.split('\n'):
        match = TAP_TEST.fullmatch(line)
        if match is None:
            before = line
            continue
        count += 1
        name = f'{program}: {match["name"]}'
        if match['skip']:
            part.skipped.append((name, before))
        elif match['bad']:
            part.failed.append(name)
        else:
            part.passed += 1
        before = ''
    return count


def read_meson(part, path):
    """A program may also fail outside of its tests: killed by a signal, a leak found at its end, a
    timeout, or an exit before the last test."""
    for line in path.read_text().splitlines():
        run = json.loads(line)
        program = run['name'].split(' / ')[-1]
        text = run.get('stdout', '')
        failures = len(part.failed)
        count = read_tap(part, program, text)
        plan = re.search(r'^1\.\.(\d+)', text, re.MULTILINE)
        if len(part.failed) > failures:
            continue
        if run['result'] != 'OK':
            part.failed.append(f'{program}: {run["result"]} outside of its tests')
        elif plan is None or int(plan[1]) != count or count == 0:
            part.failed.append(f'{program}: did not run the tests that it planned')


def read_report(part, results):
    junit, meson = results / f'{part.name}.xml', results / f'{part.name}.jsonl'
    if meson.exists():
        read_meson(part, meson)
    else:
        read_junit(part, junit)


def read_part(results, name):
    part = Part(name)
    try:
        part.seconds = int((results / f'{name}.seconds').read_text())
        read_report(part, results)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as err:
        part.failed.append(f'{name}: left no report ({err})')
        return part
    if part.passed == 0 and not part.failed:
        part.failed.append(f'{name}: ran no test')
    return part


def show(parts, out):
    for part in parts:
        for name, reason in part.skipped:
            print(f'skipped  {part.name}  {name}: {reason or "no reason given"}', file=out)
    for part in parts:
        for name in part.failed:
            print(f'FAILED   {part.name}  {name}', file=out)
    width = max(len(part.name) for part in parts)
    print(file=out)
    for part in parts:
        print(f'{part.name:{width}}  {part.seconds:5d} s  {part.passed:5d} passed  '
              f'{len(part.failed):3d} failed  {len(part.skipped):3d} skipped', file=out)


def last_line(parts):
    passed = sum(part.passed for part in parts)
    failed = sum(len(part.failed) for part in parts)
    skipped = sum(len(part.skipped) for part in parts)
    return f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else '')


def main(argv):
    results, names = pathlib.Path(argv[1]), argv[2:]
    parts = [read_part(results, name) for name in names]
    show(parts, sys.stdout)
    print(last_line(parts))
    return 1 if any(part.failed for part in parts) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
