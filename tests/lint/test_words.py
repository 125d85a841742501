"""Words that say that something is not finished, in any file of ours."""
import re

import pytest
import tree as trees

# A doubt that has a number may stay: FIXME(#123).  (In two halves, because this file is looked at too.)
BANNED = re.compile(r'\b(TO' r'DO|X' r'XX|HA' r'CK|FIX' r'ME(?!\(#\d+\)))\b')

TEXT = ('.c', '.h', '.py', '.sh', '.md', '.build', '.txt', '.yaml', '.yml', '')


def word_problems(tree):
    for path in tree.files(*TEXT):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for match in BANNED.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            yield f'{tree.short(path)}:{line}: "{match[0]}"'


def blank_problems(tree):
    """Spaces at the end of lines, files that do not end in a newline."""
    for path in tree.files('.c', '.h', '.py', '.sh', '.md', '.build', '.yaml', '.yml'):
        text = path.read_text()
        if text and not text.endswith('\n'):
            yield f'{tree.short(path)}: does not end in a newline'
        for number, line in enumerate(text.split('\n'), 1):
            if line != line.rstrip():
                yield f'{tree.short(path)}:{number}: spaces at the end of the line'


@pytest.mark.parametrize('problems', [word_problems, blank_problems])
def test_this_tree(problems, ours):
    trees.none(problems(ours))


def test_unfinished_words(made):
    words = ['TO' 'DO', 'X' 'XX', 'FIX' 'ME', 'FIX' 'ME(#12)', 'mTO' 'DOs']
    tree = made({f'src/base/{number}.c': f'/* {word}: later */\n' for number, word in enumerate(words)})
    assert [problem.split(':')[0] for problem in word_problems(tree)] == [
        'src/base/0.c', 'src/base/1.c', 'src/base/2.c']


def test_blanks(made):
    tree = made({'a.md': 'x \ny\n', 'b.c': 'x'})
    assert list(blank_problems(tree)) == ['a.md:1: spaces at the end of the line', 'b.c: does not end in a newline']
