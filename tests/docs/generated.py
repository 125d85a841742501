"""What gendocs writes about a program, and its rows."""
import functools
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('SRE_TOOLKIT_BIN', ROOT / 'build/dev/sre-toolkit')).resolve().parent

# The program itself, and a made-up one whose texts are full of what shells, roff and Markdown obey.
GENERATORS = {'program': BUILD / 'docs/gendocs', 'fixture': BUILD / 'tests/unit/gendocs_fixture'}


def squeezed(text):
    return ' '.join(text.split())


class Generated:
    def __init__(self, generator, folder):
        subprocess.run([generator, folder], check=True)
        self.folder = pathlib.Path(folder)
        data = json.loads(self.text('rows.json'))
        self.program = data['program']
        self.config_example = data['config_example']
        self.commands = {command['name']: command for command in data['commands']}
        self.rows = data['rows']

    def path(self, name):
        return self.folder / name

    def text(self, name):
        return self.path(name).read_text()

    def flags(self, command, advertised=True):
        """The command's rows; those that --help and completions show, or all."""
        return [row for row in self.rows if row['command'] == command and
                not (advertised and {'hidden', 'deprecated'} & set(row['flags']))]

    def verbs(self, command):
        return [verb for verb in self.commands[command]['verbs'] if verb['name']]

    def common_flags(self, command):
        """Those of the last set, which go with every verb."""
        rows = self.flags(command)
        return [row for row in rows if row['heading'] == rows[-1]['heading']]

    def verb_flags(self, command, verb):
        """Of a verb, or (None) of what is done without one."""
        names = next((each['flags'] for each in self.commands[command]['verbs'] if each['name'] == verb), None)
        common = self.common_flags(command)
        rows = [row for row in self.flags(command) if names is None or row['name'] in names or row in common]
        return [self.row_with(command, verb, row) for row in rows]

    def row_with(self, command, verb, row):
        """The row as the verb has it."""
        for each in self.commands[command]['verbs']:
            for own in each['own']:
                if (each['name'], own['name']) == (verb, row['name']):
                    with_verb = {**row, **{key: own[key] for key in ('choices', 'help') if own[key] is not None}}
                    return {**with_verb, 'default': None if own['is_nothing_by_default'] else row['default']}
        return row

    def examples(self, command):
        found = list(self.commands[command]['examples'])
        for verb in self.commands[command]['verbs']:
            found += verb['examples']
        return found

    def keys(self):
        return [row for row in self.rows if row['place'] == 'key']

    def pages(self):
        return sorted([*self.folder.glob('*.1'), *self.folder.glob('*.5')])

    def script(self, shell):
        name = {'bash': f'{self.program}.bash', 'zsh': f'_{self.program}', 'fish': f'{self.program}.fish'}
        return self.path(name[shell])

    @functools.cache
    def shown(self, page):
        """A man page as its reader sees it, on one line and in lower case."""
        done = subprocess.run(['mandoc', '-Tutf8', '-O', 'width=200', self.path(page)],
                              capture_output=True, text=True, check=True)
        return squeezed(re.sub('.\b', '', done.stdout)).lower()

    @functools.cache
    def help(self, *words):
        """--help on one line; of the program, a command, a verb."""
        return squeezed(self.text('-'.join([self.program, *words]) + '.help'))

    @functools.cache
    def reference(self):
        """The lines of the reference page, without what escapes Markdown."""
        return [re.sub(r'\\([!-/:-@\[-`{-~])', r'\1', line) for line in self.text('reference.md').split('\n')]


def facts(row):
    """What else than its help must be said of a row, wherever it stands."""
    if row['default'] and not row['is_switch']:
        yield f'default {row["default"]}'
    if row['is_on_by_default']:
        yield 'on by default'
    if row['range']:
        yield row['range']
    if 'required' in row['flags']:
        yield 'required'
    if 'deprecated' in row['flags']:
        yield 'deprecated'
    if row['since'] not in (None, '0.1'):
        yield f'since {row["since"]}'
