"""clang-format decides the layout of every C file; `./dev fmt` does what it says."""
import shutil
import subprocess

import tree as trees


def format_problems(tree):
    names = [str(path) for path in tree.files('.c', '.h')]
    done = subprocess.run(['clang-format', f'--style=file:{trees.ROOT}/.clang-format', '--dry-run', '-Werror', *names],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = [line for line in done.stderr.split('\n') if ': error: ' in line]
    if done.returncode != 0 and not lines:
        lines = [done.stderr]
    return lines


def test_this_tree(ours):
    trees.none(format_problems(ours))


def test_finds_other_layouts(made):
    assert shutil.which('clang-format'), 'clang-format is not installed'
    tree = made({'src/base/a.c': 'int f(void)\n{\n\treturn 0;\n}\n', 'src/base/b.c': 'int f(void) { return 0; }\n'})
    problems = format_problems(tree)
    assert problems and all('src/base/b.c' in problem for problem in problems)
