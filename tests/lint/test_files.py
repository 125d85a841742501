"""What every source file has: a comment that says its one idea, a bearable length, a guard."""
import re
import subprocess

import pytest
import tree as trees

HEADER_LINES = 300
SOURCE_LINES = 1000


def length_problems(tree):
    for source in tree.sources():
        most = HEADER_LINES if source.is_header else SOURCE_LINES
        if source.lines > most:
            yield f'src/{source.name}: {source.lines} lines; does it still have one idea? (most: {most})'


def comment_problems(tree):
    """The file comment stands first, and says a sentence at least."""
    for source in tree.sources():
        match = re.match(r'/\*\n \* (.*?)\*/', source.text, re.DOTALL)
        if match is None or len(match[1]) < 20:
            yield f'src/{source.name}: must begin with a comment that says what the file is'


def guard_problems(tree):
    for source in tree.sources():
        if not source.is_header:
            continue
        guard = re.sub(r'\W', '_', source.name).upper()
        body = re.sub(r'^/\*.*?\*/\n', '', source.text, count=1, flags=re.DOTALL)
        if not body.startswith(f'#ifndef {guard}\n#define {guard}\n') or not body.endswith('#endif\n'):
            yield f'src/{source.name}: must be guarded by {guard}'


def self_contained_problems(tree):
    """Each header compiles by itself."""
    headers = [str(source.path) for source in tree.sources() if source.is_header]
    done = subprocess.run(
        ['cc', '-std=gnu17', '-D_GNU_SOURCE', '-fsyntax-only', '-I', str(tree.root / 'src'), '-x', 'c', *headers],
        capture_output=True, text=True)
    return re.findall(r'^.*error:.*$', done.stderr, re.MULTILINE)


@pytest.mark.parametrize('problems', [
    length_problems, comment_problems, guard_problems, self_contained_problems])
def test_this_tree(problems, ours):
    trees.none(problems(ours))


def test_long_files(made):
    tree = made({'src/base/a.c': '\n' * 1001, 'src/base/a.h': '\n' * 301,
                 'src/base/b.c': '\n' * 1000, 'src/base/b.h': '\n' * 300})
    assert [problem.split(':')[0] for problem in length_problems(tree)] == ['src/base/a.c', 'src/base/a.h']


def test_files_without_a_comment(made):
    tree = made({'src/base/a.c': 'int a;\n', 'src/base/b.c': '/*\n * Short.\n */\n',
                 'src/base/c.c': '/*\n * Strings that end where their length says.\n */\n'})
    assert [problem.split(':')[0] for problem in comment_problems(tree)] == ['src/base/a.c', 'src/base/b.c']


def test_unguarded_headers(made):
    guarded = '/*\n * A comment.\n */\n#ifndef BASE_A_H\n#define BASE_A_H\n\nint a;\n\n#endif\n'
    tree = made({'src/base/a.h': guarded, 'src/base/b.h': guarded, 'src/base/c.h': 'int c;\n'})
    assert list(guard_problems(tree)) == ['src/base/b.h: must be guarded by BASE_B_H',
                                          'src/base/c.h: must be guarded by BASE_C_H']


def test_headers_that_need_others(made):
    tree = made({'src/base/a.h': 'bool is_up(size_t n);\n', 'src/base/b.h': '#include <stdbool.h>\nbool is_up(void);\n'})
    problems = self_contained_problems(tree)
    assert problems and all('base/a.h' in problem for problem in problems)
