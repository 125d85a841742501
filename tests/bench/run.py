#!/usr/bin/python3
"""Runs benchmarks: all of them, or the ones named.  Each prints what it measured beside its peer."""
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / 'e2e'))


def names():
    return sorted(path.stem.removeprefix('bench_') for path in HERE.glob('bench_*.py'))


def main(wanted):
    for name in wanted:
        if name not in names():
            print(f'bench: no benchmark {name!r}; there are: {", ".join(names())}', file=sys.stderr)
            return 2
    for name in wanted or names():
        importlib.import_module(f'bench_{name}').main()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
