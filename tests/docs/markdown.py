"""The Markdown files of the repository, and the examples in them."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r'^```(\w*)([^\n]*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Block:
    """```language words...
    text```"""
    path: pathlib.Path
    line: int
    language: str
    words: tuple
    text: str

    def __str__(self):
        return f'{self.path.name}:{self.line}'

    def word(self, name):
        """The value of `name=value` among the words; '' for `name` alone; None if it is not there."""
        for word in self.words:
            key, _, value = word.partition('=')
            if key == name:
                return value
        return None


def pages():
    """Every page for people, generated ones aside."""
    found = [*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md'), *ROOT.glob('changes/*.md'), *ROOT.glob('examples/**/*.md')]
    return sorted(found)


def blocks_of(path, text):
    return [Block(path, text.count('\n', 0, match.start()) + 1, match[1], tuple(match[2].split()), match[3])
            for match in BLOCK.finditer(text)]


def blocks(*languages):
    return [block for path in pages() for block in blocks_of(path, path.read_text()) if block.language in languages]


def commands_of(block):
    """[(command, what it prints)] of a console block: a command begins with "$ " and goes on after "\\"."""
    found = []
    is_going_on = False
    for line in block.text.split('\n')[:-1]:
        if is_going_on:
            found[-1][0] += '\n' + line
        elif line.startswith('$ '):
            found.append([line[2:], ''])
        elif found:
            found[-1][1] += line + '\n'
        else:
            raise ValueError(f'{block}: output without a command')
        is_going_on = line.endswith('\\') and not found[-1][1]
    return [tuple(pair) for pair in found]


def shape(text):
    """What of an output stays the same from run to run: numbers, times and the width of columns do not."""
    text = re.sub(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?Z?', '#', text)
    text = re.sub(r'\d+([.,]\d+)*', '#', text)
    text = re.sub(r'# ?(ns|us|µs|ms|s|min|h|d|B|kB|KiB|MiB|GiB|TiB)\b', '#', text)
    text = re.sub(r'[─━-]{2,}', '─', text)
    return [' '.join(line.split()) for line in text.rstrip('\n').split('\n')]


def matches(expected, actual):
    """Whether an output has the shape that a page shows.  "…" stands for any text in a line; alone in a line,
    for any lines."""
    lines = [r'(?:.*\n)*?' if line == '…' else re.escape(line).replace('…', '.*') + r'\n' for line in shape(expected)]
    return re.fullmatch(''.join(lines), '\n'.join(shape(actual)) + '\n') is not None
