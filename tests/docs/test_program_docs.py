"""What the program says of itself, and what is installed with it, is what was generated."""
import json
import os
import subprocess

import generated
import jsonschema
import pytest
import yaml

PROGRAM = generated.BUILD / 'sre-toolkit'


@pytest.fixture(scope='module')
def docs(tmp_path_factory):
    return generated.Generated(generated.GENERATORS['program'], tmp_path_factory.mktemp('program'))


def said(*args, env=None):
    done = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, **(env or {})})
    assert (done.returncode, done.stderr) == (0, '')
    return done.stdout


def test_help(docs):
    assert said('--help') == docs.text('sre-toolkit.help')
    for command in docs.commands:
        assert said(command, '--help') == docs.text(f'sre-toolkit-{command}.help')
        assert said(command, '-h') == docs.text(f'sre-toolkit-{command}.help')
        assert said('help', command) == docs.text(f'sre-toolkit-{command}.help')
        for verb in docs.verbs(command):
            text = docs.text(f'sre-toolkit-{command}-{verb["name"]}.help')
            assert said(command, verb['name'], '--help') == text
            assert said(command, '-h', verb['name']) == text
            assert said('help', command, verb['name']) == text


@pytest.mark.parametrize('words', [('fleet', 'lst', '--help'), ('help', 'fleet', 'lst'), ('fleet', '--help', 'lst', '--hosts', 'a')])
def test_help_of_a_mistyped_verb(words):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == "sre-toolkit fleet: unknown verb 'lst'; did you mean 'last'?\n"


def test_help_of_a_command_that_is_no_verb(docs):
    assert said('fleet', 'uptime', '--help') == docs.text('sre-toolkit-fleet.help')


def test_schema(docs):
    assert said('config', 'schema') == docs.text('sre-toolkit.schema.json')


def test_example_of_the_man_page_is_right(docs, tmp_path):
    path = tmp_path / 'config.yaml'
    path.write_text(docs.config_example)
    said('config', 'check', '--config', str(path), env={'SHOP_TOKEN': 'secret'})


@pytest.mark.parametrize('path', sorted((generated.ROOT / 'examples').glob('*.yaml')), ids=lambda path: path.name)
def test_examples_fit_the_schema(path, docs):
    schema = json.loads(docs.text('sre-toolkit.schema.json'))
    jsonschema.validate(yaml.safe_load(path.read_text()), schema, cls=jsonschema.Draft7Validator)


def test_everything_is_installed_where_it_is_looked_for(docs, tmp_path):
    subprocess.run(['meson', 'install', '-C', generated.BUILD, '--no-rebuild', '--quiet', '--destdir', tmp_path],
                   check=True, capture_output=True)
    installed = {str(path.relative_to(tmp_path)).split('/share/')[-1]
                 for path in tmp_path.rglob('share/**/*') if path.is_file()}
    expected = {f'man/man{page.suffix[1:]}/{page.name}' for page in docs.pages()}
    expected |= {'bash-completion/completions/sre-toolkit.bash', 'zsh/site-functions/_sre-toolkit',
                 'fish/vendor_completions.d/sre-toolkit.fish', 'sre-toolkit/sre-toolkit.schema.json'}
    assert expected <= installed, 'is a command missing from doc_commands in docs/meson.build?'
