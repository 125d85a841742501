"""What the other tests of this folder rely on."""
import pathlib

import markdown
import pytest

PAGE = '''# A page
```console exit=1 slow
$ sre-toolkit check \\
    one two
✗ one   refused
$ true
```
```yaml
a: 1
```
'''


def test_blocks():
    console, yaml = markdown.blocks_of(pathlib.Path('x/page.md'), PAGE)
    assert (console.language, console.words, str(console)) == ('console', ('exit=1', 'slow'), 'page.md:2')
    assert (console.word('exit'), console.word('slow'), console.word('other')) == ('1', '', None)
    assert (yaml.language, yaml.text) == ('yaml', 'a: 1\n')


def test_commands():
    console, _ = markdown.blocks_of(pathlib.Path('page.md'), PAGE)
    assert markdown.commands_of(console) == [('sre-toolkit check \\\n    one two', '✗ one   refused\n'), ('true', '')]


@pytest.mark.parametrize('expected, actual, is_match', [
    ('✓ web   200 in 12 ms\n', '✓ web 200 in 1.5 s\n', True),
    ('✓ web   200 in 12 ms\n', '✗ web 200 in 1.5 s\n', False),
    ('2025-07-01T08:00:00.123Z x\n', '2026-01-01 09:00:00 x\n', True),
    ('a\n…\nz\n', 'a\nb\nc\nz\n', True),
    ('a\n…\nz\n', 'a\nz\n', True),
    ('a\n…\nz\n', 'a\nb\n', False),
    ('a … c\n', 'a b c\n', True),
    ('a … c\n', 'a b d\n', False),
    ('────  ──\n', '──────  ───\n', True),
    ('a\n', 'a\nb\n', False),
    ('', 'a\n', False),
    ('', '', True),
])
def test_shapes(expected, actual, is_match):
    assert markdown.matches(expected, actual) == is_match
