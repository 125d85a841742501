"""Every source has a unit test, every reader of outside bytes a corpus, and every test is run."""
import re

import pytest
import tree as trees


def untested(tree):
    """The lines `folder/file.c  reason` of untested.txt."""
    lines = [line for line in tree.text('tests/lint/untested.txt').split('\n') if line and line[0] != '#']
    return [tuple(line.split(None, 1)) for line in lines]


def its_test(source):
    return f'tests/unit/{source.folder}/test_{source.stem}.c'


def unit_problems(tree):
    exempt = {entry[0] for entry in untested(tree)}
    for source in tree.sources():
        if not source.is_header and source.name not in exempt and not tree.text(its_test(source)):
            yield f'src/{source.name}: has no {its_test(source)}'


def untested_problems(tree):
    entries = untested(tree)
    names = [entry[0] for entry in entries]
    if names != sorted(set(names)):
        yield 'tests/lint/untested.txt: is not sorted'
    sources = {source.name: source for source in tree.sources()}
    for entry in entries:
        if len(entry) < 2:
            yield f'tests/lint/untested.txt: {entry[0]} needs a reason'
        if entry[0] not in sources:
            yield f'tests/lint/untested.txt: {entry[0]} is gone; remove the line'
        elif tree.text(its_test(sources[entry[0]])):
            yield f'tests/lint/untested.txt: {entry[0]} has a test; remove the line'


def registered_units(tree):
    """{'base/strbuf', ...} from the dictionary `unit_tests` of tests/unit/meson.build."""
    match = re.search(r'^unit_tests = \{(.*?)^\}', tree.text('tests/unit/meson.build'), re.DOTALL | re.MULTILINE)
    found = set()
    for folder, names in re.findall(r"'(\w+)': \[([^\]]*)\]", match[1] if match else ''):
        found |= {f'{folder}/{name}' for name in re.findall(r"'(\w+)'", names)}
    return found


def mirrors_source(tree, name):
    """'base/a' has src/base/a.c; 'base/a_many' is a second test of it, of what happens with many."""
    folder, words = name.split('/')[0], name.split('/')[1].split('_')
    stems = ('_'.join(words[:count]) for count in range(len(words), 0, -1))
    return any(tree.text(f'src/{folder}/{stem}.{end}') for stem in stems for end in 'ch')


def registration_problems(tree):
    """Each test_<file>.c or test_<file>_<aspect>.c mirrors a source and is registered."""
    registered = registered_units(tree)
    for path in sorted((tree.root / 'tests/unit').glob('*/test_*.c')):
        name = f'{path.parent.name}/{path.stem[len("test_"):]}'
        if not mirrors_source(tree, name):
            yield f'{tree.short(path)}: mirrors no source'
        if name not in registered:
            yield f'{tree.short(path)}: is not in tests/unit/meson.build'


def skip_problems(tree):
    for path in sorted((tree.root / 'tests/unit').glob('*/test_*.c')):
        if re.search(r'\bskip\(\)', path.read_text()):
            yield f'{tree.short(path)}: a test that is skipped says why: skip_because("...")'


def fuzz_problems(tree):
    """Each fuzz_<name>.c is listed, and has a corpus; each corpus and dictionary has a target."""
    match = re.search(r'^fuzz_targets = \[([^\]]*)\]', tree.text('tests/fuzz/meson.build'), re.MULTILINE)
    listed = re.findall(r"'(\w+)'", match[1] if match else '')
    if listed != sorted(listed):
        yield 'tests/fuzz/meson.build: fuzz_targets is not sorted'
    folder = tree.root / 'tests/fuzz'
    for path in sorted(folder.glob('fuzz_*.c')):
        name = path.stem[len('fuzz_'):]
        if name not in listed:
            yield f'{tree.short(path)}: is not in tests/fuzz/meson.build'
        if not any((folder / 'corpus' / name).glob('*')):
            yield f'{tree.short(path)}: has no corpus in tests/fuzz/corpus/{name}/'
    for path in [*sorted(folder.glob('corpus/*')), *sorted(folder.glob('*.dict'))]:
        if not (folder / f'fuzz_{path.stem}.c').exists():
            yield f'{tree.short(path)}: there is no fuzz_{path.stem}.c'


@pytest.mark.parametrize('problems', [
    unit_problems, untested_problems, registration_problems, skip_problems, fuzz_problems])
def test_this_tree(problems, ours):
    trees.none(problems(ours))


def test_sources_without_a_test(made):
    tree = made({'src/base/a.c': '', 'src/base/b.c': '', 'src/base/c.c': '', 'src/base/d.h': '',
                 'tests/unit/base/test_a.c': 'int main(void);',
                 'tests/lint/untested.txt': '# why\nbase/c.c  it is a table\n'})
    assert list(unit_problems(tree)) == ['src/base/b.c: has no tests/unit/base/test_b.c']
    assert list(untested_problems(tree)) == []


def test_exemptions_that_are_over(made):
    tree = made({'src/base/a.c': '', 'src/base/c.c': '', 'tests/unit/base/test_a.c': 'int main(void);',
                 'tests/lint/untested.txt': 'base/c.c\nbase/a.c  a table\nbase/b.c  a table\n'})
    assert list(untested_problems(tree)) == [
        'tests/lint/untested.txt: is not sorted',
        'tests/lint/untested.txt: base/c.c needs a reason',
        'tests/lint/untested.txt: base/a.c has a test; remove the line',
        'tests/lint/untested.txt: base/b.c is gone; remove the line']


def test_tests_that_nobody_runs(made):
    tree = made({'src/base/a.c': 'int a;', 'src/base/b.c': 'int b;',
                 'tests/unit/base/test_a.c': '', 'tests/unit/base/test_a_many.c': '',
                 'tests/unit/base/test_b.c': '', 'tests/unit/base/test_c.c': '',
                 'tests/unit/meson.build': "unit_tests = {\n    'base': ['a', 'a_many', 'c'],\n}\n"})
    assert list(registration_problems(tree)) == [
        'tests/unit/base/test_b.c: is not in tests/unit/meson.build',
        'tests/unit/base/test_c.c: mirrors no source']


def test_skips_without_a_reason(made):
    tree = made({'tests/unit/base/test_a.c': 'skip();', 'tests/unit/base/test_b.c': 'skip_because("needs root");'})
    assert list(skip_problems(tree)) == [
        'tests/unit/base/test_a.c: a test that is skipped says why: skip_because("...")']


def test_fuzz_targets_left_out(made):
    tree = made({'tests/fuzz/fuzz_url.c': '', 'tests/fuzz/fuzz_yaml.c': '', 'tests/fuzz/corpus/url/1': '',
                 'tests/fuzz/corpus/old/1': '', 'tests/fuzz/ini.dict': '',
                 'tests/fuzz/meson.build': "fuzz_targets = [\n    'url',\n]\n"})
    assert list(fuzz_problems(tree)) == [
        'tests/fuzz/fuzz_yaml.c: is not in tests/fuzz/meson.build',
        'tests/fuzz/fuzz_yaml.c: has no corpus in tests/fuzz/corpus/yaml/',
        'tests/fuzz/corpus/old: there is no fuzz_old.c',
        'tests/fuzz/ini.dict: there is no fuzz_ini.c']
