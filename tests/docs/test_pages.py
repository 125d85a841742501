"""Pages for people say what is so: links lead somewhere, commands exist, variables are read."""
import re
import subprocess

import markdown
import pytest
from markdown import ROOT

LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')


def anchors(text):
    """As GitHub makes them from headings."""
    found = set()
    for heading in re.findall(r'^#+ (.*)$', text, re.MULTILINE):
        words = re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        found.add(words)
    return found


def link_problems(path, text):
    for link in LINK.findall(text):
        if re.match(r'[a-z]+:', link):
            continue
        name, _, anchor = link.partition('#')
        target = (path.parent / name).resolve() if name else path
        if not target.exists():
            yield f'{path.name}: {link} leads nowhere'
        elif anchor and anchor not in anchors(target.read_text()):
            yield f'{path.name}: {link}: there is no such heading'


@pytest.mark.parametrize('path', markdown.pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links(path):
    assert list(link_problems(path, path.read_text())) == []


def test_links_that_lead_nowhere(tmp_path):
    (tmp_path / 'b.md').write_text('# One two\n')
    text = '[a](b.md) [b](b.md#one-two) [c](c.md) [d](b.md#three) [e](https://example.com/x)'
    assert list(link_problems(tmp_path / 'a.md', text)) == [
        'a.md: c.md leads nowhere', 'a.md: b.md#three: there is no such heading']


def test_verbs_of_the_door_exist():
    told = subprocess.run([ROOT / 'dev', 'help'], capture_output=True, text=True).stdout
    verbs = set(re.findall(r'^  (\w+)', told, re.MULTILINE)) | {'help'}
    for path in markdown.pages():
        named = set(re.findall(r'\./dev (\w+)', path.read_text()))
        assert named <= verbs, path


def test_files_that_are_named_exist():
    """`src/...`, `tests/...` and `docs/...` in backquotes.  A name in capitals stands for any, and the kind
    `ping` is HACKING.md's example of one to be written."""
    for path in markdown.pages():
        for name in re.findall(r'`((?:src|tests|docs|examples|changes)/[\w./-]+)`', path.read_text()):
            if not re.search(r'[A-Z]{3,}|\bping\b|_ping\b', name):
                assert (ROOT / name).exists(), f'{path.name}: {name}'


def given_to_programs():
    """The variables that a receiver `exec` sets, and does not read."""
    source = (ROOT / 'src/notify/notify_exec.c').read_text()
    return {f'SRE_{name}' for name in re.findall(r'\bset(?:_number)?\(env, arena, "([A-Z_]+)"', source)}


def test_variables_of_programs_are_told():
    rows = re.findall(r'^\| (`SRE_\w+`(?:, `SRE_\w+`)*) \|', (ROOT / 'docs/receivers/exec.md').read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r'`(\w+)`', row)} == given_to_programs()


# Read below us, or by the tests.
NOT_OURS = {'LOCALDOMAIN', 'RES_OPTIONS', 'SRE_TOOLKIT_BIN', 'SRE_BOXES_CACHE', 'SRE_BOXES_DIR'}


def test_environment_page_is_complete():
    """docs/ENVIRONMENT.md has each variable that the program reads, and no other."""
    read = set()
    for path in (ROOT / 'src').glob('*/*.c'):
        read |= set(re.findall(r'getenv\("(\w+)"\)|"(?=SRE_)([A-Z_]+)"', path.read_text()))
    read = {name for pair in read for name in pair if name}
    rows = re.findall(r'^\| (`\w+`(?:, `\w+`)*) \|', (ROOT / 'docs/ENVIRONMENT.md').read_text(), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r'`(\w+)`', row)}
    assert told - NOT_OURS == read
