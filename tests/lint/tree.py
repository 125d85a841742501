"""A source tree as the rules look at it: this repository, or a small one that a test made up."""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {'.git', 'build', '__pycache__', '.pytest_cache', '.cache'}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Source:
    """A file of src/<folder>/."""
    path: pathlib.Path
    folder: str
    text: str

    @property
    def name(self):  # as other files include it: "base/err.h"
        return f'{self.folder}/{self.path.name}'

    @property
    def stem(self):
        return self.path.stem

    @property
    def is_header(self):
        return self.path.suffix == '.h'

    @property
    def lines(self):
        return self.text.count('\n')

    def includes(self):
        """(line, '<' or '"', what) of each #include."""
        for match in INCLUDE.finditer(self.text):
            yield self.text.count('\n', 0, match.start()) + 1, match[1], match[2]


class Tree:
    def __init__(self, root=ROOT):
        self.root = pathlib.Path(root)

    def files(self, *suffixes):
        """Everything that is ours below the root, sorted; only those suffixes, if any are named."""
        todo = [self.root]
        found = []
        while todo:
            for path in todo.pop().iterdir():
                if path.name in NOT_OURS:
                    continue
                if path.is_dir() and not path.is_symlink():
                    todo.append(path)
                elif path.is_file() and (not suffixes or path.suffix in suffixes):
                    found.append(path)
        return sorted(found)

    def sources(self):
        for path in sorted((self.root / 'src').glob('*/*.[ch]')):
            yield Source(path, path.parent.name, path.read_text())

    def folders(self):
        return sorted(path.name for path in (self.root / 'src').iterdir() if path.is_dir())

    def text(self, name):
        """The text of a file, '' where there is none."""
        path = self.root / name
        return path.read_text() if path.exists() else ''

    def short(self, path):
        return str(path.relative_to(self.root))


# The word in a kind's struct, where it is not that of its family: const struct notifier_kind notify_log.
FAMILIES = {'notifier': 'notify'}


def kinds(tree):
    """name -> Source of every kind of every family: {'check': {'http': Source}}.  A kind is a file that
    defines `const struct <family>_kind <family>_<name>`."""
    found = {}
    pattern = re.compile(r'^const struct (\w+)_kind (\w+)\s*=', re.MULTILINE)
    for source in tree.sources():
        for word, instance in pattern.findall(source.text):
            family = FAMILIES.get(word, word)
            if instance.startswith(family + '_') and source.folder == family:
                found.setdefault(family, {})[instance[len(family) + 1:]] = source
    return found


def made_of(root, files):
    """A tree for a test: {'src/base/x.c': text}."""
    for name, text in files.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(root)


def none(problems):
    """Fails with all of them, a line each."""
    problems = list(problems)
    assert not problems, '\n' + '\n'.join(problems)
