"""The shell and Python around the program: they parse, and the door says what it has."""
import ast
import os
import re
import subprocess

import pytest
import tree as trees


def is_shell(path):
    with path.open('rb') as file:
        return re.match(rb'#!.*\b(ba)?sh\b', file.readline(80)) is not None


def shell_problems(tree):
    for path in tree.files('', '.sh'):
        if is_shell(path):
            shell = 'bash' if b'bash' in path.read_bytes().split(b'\n', 1)[0] else 'sh'
            done = subprocess.run([shell, '-n', str(path)], capture_output=True, text=True)
            if done.returncode != 0:
                yield done.stderr.strip()
            if not os.access(path, os.X_OK):
                yield f'{tree.short(path)}: is not executable'


def python_problems(tree):
    for path in tree.files('.py'):
        try:
            ast.parse(path.read_text(), tree.short(path))
        except SyntaxError as err:
            yield str(err)


def door_problems(tree):
    """Each verb of ./dev is a function, can be asked for, and stands in its help."""
    text = tree.text('dev')
    defined = set(re.findall(r'^verb_(\w+)\(\)', text, re.MULTILINE)) - {'help'}
    match = re.search(r'^([\w |]+)\) "verb_\$verb"', text, re.MULTILINE)
    asked = set(re.findall(r'\w+', match[1] if match else '')) - {'help'}
    told = set(re.findall(r'^\t\t  (\w+)  ?[ \[]', text, re.MULTILINE))
    for verb in sorted(defined | asked | told):
        for where, verbs in (('function', defined), ('case', asked), ('help text', told)):
            if verb not in verbs:
                yield f'dev: {verb} has no {where}'


def version_problems(tree):
    """The Debian package has the version of the program."""
    program = re.search(r"^ +version: '([^']*)'", tree.text('meson.build'), re.MULTILINE)
    package = re.match(r'sre-toolkit \(([^)]*)\)', tree.text('debian/changelog'))
    if program is None or package is None or program[1] != package[1]:
        yield f'debian/changelog: version {package and package[1]}, but meson.build has {program and program[1]}'


@pytest.mark.parametrize('problems', [shell_problems, python_problems, door_problems, version_problems])
def test_this_tree(problems, ours):
    trees.none(problems(ours))


def test_broken_scripts(made):
    tree = made({'a': '#!/bin/sh\nif true; then\n', 'b.py': 'def f(:\n', 'c.sh': '#!/bin/sh\ntrue\n'})
    for name in ('a', 'c.sh'):
        (tree.root / name).chmod(0o755)
    assert len(list(shell_problems(tree))) == 1
    assert len(list(python_problems(tree))) == 1
    (tree.root / 'c.sh').chmod(0o644)
    assert 'c.sh: is not executable' in list(shell_problems(tree))


def test_door_that_hides_a_verb(made):
    tree = made({'dev': 'verb_run() {\n}\nverb_fly() {\n}\n\t\t  run [ARGS]  run it\nrun | walk) "verb_$verb"\n'})
    assert list(door_problems(tree)) == ['dev: fly has no case', 'dev: fly has no help text',
                                         'dev: walk has no function', 'dev: walk has no help text']


def test_versions_that_differ(made):
    tree = made({'meson.build': "project('x', 'c',\n        version: '0.2.0',\n",
                 'debian/changelog': 'sre-toolkit (0.1.0) unstable; urgency=medium\n'})
    assert list(version_problems(tree)) == ['debian/changelog: version 0.1.0, but meson.build has 0.2.0']
