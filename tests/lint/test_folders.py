"""The house: who may use whom.  ARCHITECTURE.md tells it to people, this file to machines; both must say
the same, and so must the build files."""
import re

import tree as trees

# In the order in which they stand on each other.
MAY_USE = {
    'base': '',
    'loop': 'base',
    'conf': 'base',
    'net': 'base loop',
    'scan': 'base conf',
    'store': 'base loop conf',
    'check': 'base loop conf net scan',
    'notify': 'base loop conf net',
    'alert': 'base loop conf scan store notify',
    'fleet': 'base loop conf net store',
    'cmd': 'base loop conf net scan store check notify alert fleet',
}

# Headers of libraries, and who may include them: each library has one place that knows it.
LIBRARIES = {
    'ares.h': 'net',
    'curl/': 'net',
    'jansson.h': 'scan check notify alert fleet',
    'libssh/': 'net',
    'openssl/': 'net notify alert fleet',
    'pcre2.h': 'scan',
    'sqlite3.h': 'store',
    'systemd/': 'base loop',
    'yaml.h': 'conf',
}

# A helper lives with the type that it serves, or gets a named file of its own.
NO_NAMES = {'util', 'utils', 'common', 'misc', 'types', 'globals', 'helpers'}


def include_problem(source, mark, included):
    if mark == '<':
        for library, folders in LIBRARIES.items():
            if included.startswith(library) and source.folder not in folders.split():
                return f'<{included}> is for {folders} only'
        return None
    folder, _, name = included.rpartition('/')
    if not folder:
        return f'"{included}" must name its folder'
    if folder == source.folder:
        return None
    if folder not in MAY_USE.get(source.folder, '').split():
        return f'src/{source.folder}/ may not use "{included}"'
    if name.endswith('_internal.h'):
        return f'"{included}" is for the files of src/{folder}/ only'
    return None


def include_problems(tree):
    for source in tree.sources():
        for line, mark, included in source.includes():
            problem = include_problem(source, mark, included)
            if problem:
                yield f'src/{source.name}:{line}: {problem}'


def kind_of(stem, family, names):
    """The kind that the file belongs to: check_http.c, check_http_expect.c and http_expect.c are http's."""
    for name in names:
        if stem == f'{family}_{name}' or stem.startswith((f'{family}_{name}_', f'{name}_')):
            return name
    return None


def kind_problems(tree):
    """Kinds never include each other."""
    for family, found in trees.kinds(tree).items():
        for source in tree.sources():
            own = kind_of(source.stem, family, found) if source.folder == family else None
            if own is None:
                continue
            for line, _, included in source.includes():
                if not included.startswith(f'{family}/'):
                    continue
                other = kind_of(included[len(family) + 1:-2], family, found)
                if other not in (None, own):
                    yield f'src/{source.name}:{line}: kind {own} includes kind {other}'


def name_problems(tree):
    for folder in tree.folders():
        if folder not in MAY_USE:
            yield f'src/{folder}/: not a folder of the house (see ARCHITECTURE.md)'
    for source in tree.sources():
        if source.stem in NO_NAMES:
            yield f'src/{source.name}: a file needs a name that says what is in it'
    for path in (tree.root / 'src').glob('*.[ch]'):
        yield f'src/{path.name}: sources live in a folder'
    for path in (tree.root / 'src').glob('*/*/**/*.[ch]'):
        yield f'{tree.short(path)}: folders have no folders in them'


def architecture_problems(tree):
    """The rows `| `src/base/` | what | may use |` of ARCHITECTURE.md, for the folders that exist."""
    rows = dict(re.findall(r'^\| `src/(\w+)/` \|[^|]*\| ([^|]*?) \|', tree.text('ARCHITECTURE.md'),
                           re.MULTILINE))
    for folder in tree.folders():
        if folder not in MAY_USE:
            continue
        wanted = {'base': 'libc', 'cmd': 'all'}.get(folder, MAY_USE[folder])
        if rows.get(folder) != wanted:
            yield f'ARCHITECTURE.md: src/{folder}/ may use "{wanted}", not "{rows.get(folder)}"'


def build_problems(tree):
    """Folders are built, and linked in reverse, in an order in which none needs a later one; the
    first line of each folder's meson.build says what it uses."""
    root = tree.text('meson.build')
    order = re.findall(r"^subdir\('src/(\w+)'\)", root, re.MULTILINE)
    if sorted(order) != tree.folders():
        yield f'meson.build: builds {sorted(order)}, the folders are {tree.folders()}'
    if order != [folder for folder in MAY_USE if folder in order]:
        yield f'meson.build: folders are not in the order of the house: {order}'
    match = re.search(r'^all_libs = \[([^\]]*)\]', root, re.MULTILINE)
    linked = re.findall(r'lib_(\w+)', match[1]) if match else []
    wanted = [folder for folder in reversed(order) if f'lib_{folder} ' in tree.text(f'src/{folder}/meson.build')]
    if linked != wanted:
        yield f'meson.build: all_libs is {linked}, must be {wanted}'
    for folder in tree.folders():
        uses = re.match(r'# Uses: ([\w ]*)\.', tree.text(f'src/{folder}/meson.build'))
        wanted = {'base': 'libc', 'cmd': 'all'}.get(folder, MAY_USE.get(folder))
        if uses is None or uses[1] != wanted:
            yield f'src/{folder}/meson.build: must begin with "# Uses: {wanted}."'


def listed_problems(tree):
    """Every source is built."""
    for source in tree.sources():
        if source.path.suffix == '.c':
            if f"'{source.path.name}'" not in tree.text(f'src/{source.folder}/meson.build'):
                yield f'src/{source.folder}/meson.build: {source.path.name} is not listed'


# --- on this tree ---------------------------------------------------------------------------------

def test_includes(ours):
    trees.none(include_problems(ours))


def test_kinds_do_not_include_each_other(ours):
    trees.none(kind_problems(ours))


def test_names(ours):
    trees.none(name_problems(ours))


def test_architecture_says_the_same(ours):
    trees.none(architecture_problems(ours))


def test_build_says_the_same(ours):
    trees.none(build_problems(ours))


def test_every_source_is_built(ours):
    trees.none(listed_problems(ours))


# --- that the rules find what they look for -------------------------------------------------------

def test_nothing_points_upwards(made):
    tree = made({'src/base/a.c': '#include "base/a.h"\n#include "loop/loop.h"\n',
                 'src/net/b.h': '#include "conf/option.h"\n',
                 'src/check/c.c': '#include "cmd/cmd_check.h"\n',
                 'src/loop/d.c': '#include "base/err.h"\n'})
    assert list(include_problems(tree)) == [
        'src/base/a.c:2: src/base/ may not use "loop/loop.h"',
        'src/check/c.c:1: src/check/ may not use "cmd/cmd_check.h"',
        'src/net/b.h:1: src/net/ may not use "conf/option.h"']


def test_includes_name_their_folder(made):
    tree = made({'src/base/a.c': '#include "a.h"\n'})
    assert list(include_problems(tree)) == ['src/base/a.c:1: "a.h" must name its folder']


def test_internal_headers_are_for_siblings(made):
    tree = made({'src/loop/timer.c': '#include "loop/loop_internal.h"\n',
                 'src/net/dial.c': '#include "loop/loop_internal.h"\n'})
    assert list(include_problems(tree)) == [
        'src/net/dial.c:1: "loop/loop_internal.h" is for the files of src/loop/ only']


def test_a_library_has_its_place(made):
    tree = made({'src/base/a.c': '#include <yaml.h>\n', 'src/conf/b.c': '#include <yaml.h>\n',
                 'src/check/c.c': '#include <curl/curl.h>\n'})
    assert list(include_problems(tree)) == ['src/base/a.c:1: <yaml.h> is for conf only',
                                            'src/check/c.c:1: <curl/curl.h> is for net only']


def test_kinds_are_apart(made):
    tree = made({
        'src/check/check_http.c': '#include "check/check_tcp.h"\n\nconst struct check_kind check_http = {\n',
        'src/check/check_http_expect.c': '#include "check/check_tcp_dialogue.h"\n',
        'src/check/http_body.c': '#include "check/tcp_dialogue.h"\n',
        'src/check/check_tcp.c': '#include "check/check_tcp_dialogue.h"\n#include "check/tcp_dialogue.h"\n'
                                 'const struct check_kind check_tcp = {\n',
        'src/check/check_kinds.c': '#include "check/check_http.h"\n#include "check/check_tcp.h"\n'})
    assert list(kind_problems(tree)) == [
        'src/check/check_http.c:1: kind http includes kind tcp',
        'src/check/check_http_expect.c:1: kind http includes kind tcp',
        'src/check/http_body.c:1: kind http includes kind tcp']


def test_nameless_files(made):
    tree = made({'src/base/util.c': '', 'src/attic/a.c': '', 'src/a.c': '', 'src/base/x/y.c': ''})
    assert list(name_problems(tree)) == [
        'src/attic/: not a folder of the house (see ARCHITECTURE.md)',
        'src/base/util.c: a file needs a name that says what is in it',
        'src/a.c: sources live in a folder',
        'src/base/x/y.c: folders have no folders in them']


def test_architecture_that_says_otherwise(made):
    tree = made({'src/base/a.c': '', 'src/net/a.c': '',
                 'ARCHITECTURE.md': '| `src/base/` | strings | libc |\n| `src/net/` | net | base |\n'})
    assert list(architecture_problems(tree)) == [
        'ARCHITECTURE.md: src/net/ may use "base loop", not "base"']


def test_build_out_of_order(made):
    tree = made({
        'meson.build': "subdir('src/loop')\nsubdir('src/base')\nall_libs = [lib_base, lib_loop]\n",
        'src/base/meson.build': "# Uses: libc.\nlib_base = static_library(\n",
        'src/loop/meson.build': "# Uses: base net.\nlib_loop = static_library(\n"})
    assert list(build_problems(tree)) == [
        "meson.build: folders are not in the order of the house: ['loop', 'base']",
        'src/loop/meson.build: must begin with "# Uses: base."']


def test_source_that_is_not_built(made):
    tree = made({'src/base/a.c': '', 'src/base/b.c': '', 'src/base/meson.build': "files('a.c')"})
    assert list(listed_problems(tree)) == ['src/base/meson.build: b.c is not listed']
