"""A kind is complete: a row in its family's table, a page, a unit test and an end-to-end test."""
import re

import tree as trees


PAGES = {'check': 'docs/checks', 'notify': 'docs/receivers'}
# Families whose end-to-end tests are told apart by what they do, not by kind.
TOGETHER = {'notify'}


def pieces(family, name, source):
    """What must exist for one kind, besides its row."""
    yield f'{PAGES[family]}/{name}.md'
    yield f'tests/unit/{family}/test_{source.stem}.c'
    if family not in TOGETHER:
        yield f'tests/e2e/test_{family}_{name}.py'


def rows(tree, family):
    """The names in the array of <family>_kinds.c, in its order."""
    text = re.sub(r'/\*.*?\*/', '', tree.text(f'src/{family}/{family}_kinds.c'), flags=re.DOTALL)
    return re.findall(rf'&{family}_(\w+),', text)


def kind_problems(tree):
    for family, found in trees.kinds(tree).items():
        listed = rows(tree, family)
        table = f'src/{family}/{family}_kinds.c'
        if listed != sorted(listed):
            yield f'{table}: rows are not sorted: {listed}'
        for name in sorted(set(listed) - set(found)):
            yield f'{table}: {name} has no file that defines it'
        for name, source in sorted(found.items()):
            if name not in listed:
                yield f'{table}: {name} has no row'
            if source.stem != f'{family}_{name}':
                yield f'src/{source.name}: kind {name} lives in src/{family}/{family}_{name}.c'
            for piece in pieces(family, name, source):
                if not (tree.root / piece).exists():
                    yield f'kind {name}: {piece} is missing'


def test_this_tree(ours):
    trees.none(kind_problems(ours))


COMPLETE = {
    'src/check/check_http.c': 'const struct check_kind check_http = {\n};\n',
    'src/check/check_tcp.c': 'const struct check_kind check_tcp = {\n};\n',
    'src/check/check_kinds.c': 'kinds[] = {\n\t&check_http,\n\t&check_tcp,\n\tNULL,\n};\n',
    'docs/checks/http.md': '', 'docs/checks/tcp.md': '',
    'tests/unit/check/test_check_http.c': '', 'tests/unit/check/test_check_tcp.c': '',
    'tests/e2e/test_check_http.py': '', 'tests/e2e/test_check_tcp.py': '',
}


def test_complete_kinds(made):
    assert list(kind_problems(made(COMPLETE))) == []


def test_receivers_are_kinds_too(made):
    tree = made({'src/notify/notify_log.c': 'const struct notifier_kind notify_log = {\n};\n',
                 'src/notify/notify_kinds.c': 'kinds[] = {\n\t&notify_slack,\n\tNULL,\n};\n'})
    assert list(kind_problems(tree)) == [
        'src/notify/notify_kinds.c: slack has no file that defines it',
        'src/notify/notify_kinds.c: log has no row',
        'kind log: docs/receivers/log.md is missing',
        'kind log: tests/unit/notify/test_notify_log.c is missing']


def test_each_missing_piece_is_found(made):
    for missing in [name for name in COMPLETE if 'kinds.c' not in name and not name.startswith('src/')]:
        tree = made(COMPLETE)
        (tree.root / missing).unlink()
        assert [problem.split(': ')[1] for problem in kind_problems(tree)] == [f'{missing} is missing']


def test_rows(made):
    table = 'src/check/check_kinds.c'
    tree = made({**COMPLETE, table: 'kinds[] = {\n\t&check_tcp,\n\t&check_dns,\n};\n'})
    assert list(kind_problems(tree)) == [
        f"{table}: rows are not sorted: ['tcp', 'dns']",
        f'{table}: dns has no file that defines it',
        f'{table}: http has no row']


def test_a_kind_in_the_wrong_file(made):
    tree = made({**COMPLETE, 'src/check/check_tcp.c': '',
                 'src/check/check_tcp_client.c': 'const struct check_kind check_tcp = {\n};\n',
                 'tests/unit/check/test_check_tcp_client.c': ''})
    assert list(kind_problems(tree)) == [
        'src/check/check_tcp_client.c: kind tcp lives in src/check/check_tcp.c']
