"""Each option row stands in every text that is generated from the rows, and each text is what its reader
needs: man pages without a warning, completions that complete in real shells, a schema that accepts what
it should."""
import re
import shutil
import subprocess

import generated
import jsonschema
import pytest
import shells
import yaml


@pytest.fixture(scope='module', params=generated.GENERATORS)
def docs(request, tmp_path_factory):
    return generated.Generated(generated.GENERATORS[request.param], tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope='module')
def fixture(tmp_path_factory):
    return generated.Generated(generated.GENERATORS['fixture'], tmp_path_factory.mktemp('fixture'))


def needs(tool):
    if not shutil.which(tool):
        pytest.skip(f'{tool} is not installed')


def missing(expected, text):
    return [piece for piece in expected if piece not in text]


# --- help -----------------------------------------------------------------------------------------

def help_entry(text, row):
    """From the flag's name to where the next flag begins; None if it is not there."""
    name = f'--[no-]{row["path"][2:]}' if row['is_on_by_default'] else row['path']
    letter = re.escape(f'-{row["letter"]}, ') if row['letter'] else ''
    told = re.escape(generated.squeezed(row['help']))
    match = re.search(f'{letter}{re.escape(name)}(\\[=\\S+| \\S+)? {told}.*?(?= --\\w| -\\w, |$)', text)
    return match and match[0]


def assert_explained(text, rows):
    for row in rows:
        entry = help_entry(text, row)
        assert entry, row['path']
        assert missing([*generated.facts(row), *(row['choices'] or [])], entry) == []


def test_help_has_each_flag(docs):
    for command in docs.commands:
        assert_explained(docs.help(command), docs.verb_flags(command, None))


def test_help_of_verbs_has_their_flags_and_no_others(docs):
    for command in docs.commands:
        common = docs.common_flags(command)
        for verb in docs.verbs(command):
            text = docs.help(command, verb['name'])
            own = [row for row in docs.verb_flags(command, verb['name']) if row not in common]
            assert_explained(text, own)
            assert missing([row['path'] for row in common], text) == []
            for row in docs.flags(command):
                assert row['name'] in {each['name'] for each in [*own, *common]} or not help_entry(text, row), f'{command} {verb["name"]} {row["path"]}'
            assert verb['summary'] in text and missing([e['command'] for e in verb['examples']], text) == []


def test_help_has_each_verb(docs):
    for command in docs.commands:
        for verb in docs.verbs(command):
            assert f'{verb["name"]} {verb["summary"]}' in docs.help(command)
            assert f'"{docs.program} {command} VERB --help"' in docs.help(command)


def test_help_hides_what_is_hidden(docs):
    for command in docs.commands:
        for row in docs.flags(command, advertised=False):
            if row not in docs.flags(command):
                assert not re.search(f'{row["path"]}\\b(?!-)', docs.help(command))


def test_program_help_has_each_command(docs):
    for command in docs.commands.values():
        assert f'{command["name"]} {command["summary"]}' in docs.help()


def test_help_fits_80_columns(docs):
    for path in docs.folder.glob('*.help'):
        for line in path.read_text().split('\n'):
            assert len(line) <= 80 or ' ' not in line.strip() or line in examples(docs), line
            assert line == line.rstrip() and '\t' not in line


def examples(docs):
    return {f'  {example["command"]}' for command in docs.commands for example in docs.examples(command)}


# --- man pages ------------------------------------------------------------------------------------

def test_man_pages_are_all_there(docs):
    names = {f'{docs.program}.1', f'{docs.program}.yaml.5', *(f'{docs.program}-{name}.1' for name in docs.commands)}
    assert {path.name for path in docs.pages()} == names


@pytest.mark.parametrize('argv', [['groff', '-ww', '-man', '-Tutf8', '-z'], ['mandoc', '-Tlint'],
                                  ['man', '--warnings', '-l']], ids=lambda argv: argv[0])
def test_man_pages_without_a_warning(docs, argv):
    needs(argv[0])
    for path in docs.pages():
        done = subprocess.run([*argv, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8', 'MANPAGER': 'true', 'PAGER': 'true'})
        if argv[0] == 'man':  # the page itself is no complaint
            done.stdout = '\n'.join(line for line in done.stdout.split('\n') if 'warning' in line and '<standard' in line)
        assert (done.returncode, done.stdout) == (0, ''), path


def test_man_page_has_each_flag(docs):
    needs('mandoc')
    for command in docs.commands:
        text = docs.shown(f'{docs.program}-{command}.1')
        for row in docs.flags(command, advertised=False):
            names = ([f'-{row["letter"]}'] if row['letter'] else []) + [row['path']]
            names += [f'--no-{row["path"][2:]}'] if row['is_on_by_default'] else []
            start = re.escape(', '.join(names).lower()) + r'(\[=\S+| \S+)? ' + re.escape(generated.squeezed(row['help']).lower())
            match = re.search(f'{start}.*?(?= --| -. |$)', text)
            assert match, f'{command} {row["path"]}'
            expected = [*generated.facts(row), *(row['choices'] or [])]
            assert missing([fact.lower() for fact in expected], match[0]) == []


def verb_choices(verb, row):
    return next(('=' + '|'.join(own['choices']) for own in verb['own'] if own['name'] == row['name'] and own['choices']), '')


def test_man_page_and_reference_have_each_verb(docs):
    needs('mandoc')
    for command in docs.commands:
        text = docs.shown(f'{docs.program}-{command}.1')
        lines = docs.reference()
        for verb in docs.verbs(command):
            usage = ' '.join(filter(None, [verb['name'], verb['arguments']]))
            assert generated.squeezed(f'{usage} {verb["summary"]}').lower() in text
            at = lines.index(f'### {docs.program} {command} {verb["name"]}')
            assert lines[at + 2].lower().startswith(verb['summary'].lower())
            flags = [row['path'] + verb_choices(verb, row) for row in docs.flags(command) if row['name'] in verb['flags']]
            assert not flags or f'options: {", ".join(flags)}.' in text
            assert not flags or 'Options: ' + ', '.join(f'`{flag}`' for flag in flags) + '.' in lines[at:]


def test_flags_say_with_which_verbs_they_go(docs):
    needs('mandoc')
    for command in docs.commands:
        if not docs.verbs(command):
            continue
        text = docs.shown(f'{docs.program}-{command}.1')
        without = {row['name'] for row in docs.verb_flags(command, None)}
        for row in docs.flags(command):
            names = [verb['name'] for verb in docs.verbs(command) if row['name'] in verb['flags']]
            wanted = f'with {", ".join(names)}'
            if row['name'] not in without:
                assert any(row['path'] in line and row['help'] in line and wanted in line for line in docs.reference())
                assert wanted in text


def test_man_page_has_each_key(docs):
    needs('mandoc')
    text = docs.shown(f'{docs.program}.yaml.5')
    for row in docs.keys():
        help_text = re.escape(generated.squeezed(row['help']).lower())
        match = re.search(rf'\b{row["name"]}: [\w /-]+ {help_text}.*?(?= [a-z0-9_]+: |$)', text)
        assert match, row['path']
        expected = [*generated.facts(row), *(row['choices'] or [])]
        assert missing([fact.lower() for fact in expected], match[0]) == []


def test_man_pages_keep_what_can_be_pasted(docs):
    needs('groff')
    for name in docs.commands:
        shown = subprocess.run(['groff', '-man', '-Tutf8', '-P-cbou', '-rLL=300n', docs.path(f'{docs.program}-{name}.1')],
                               capture_output=True, text=True, check=True).stdout
        for example in docs.examples(name):
            assert example['command'] in shown


# --- reference ------------------------------------------------------------------------------------

def test_reference_has_each_row(docs):
    for row in docs.rows:
        start = f'{row["path"]}' if row['place'] == 'flag' else f'| `{row["name"]}` |'
        lines = [line for line in docs.reference() if start in line and row['help'] in line]
        assert lines, row['path']
        expected = [*generated.facts(row), *(row['choices'] or [])]
        assert any(missing(expected, line) == [] for line in lines), row['path']


def test_reference_tables_have_all_their_cells(docs):
    width = 0
    for line in docs.text('reference.md').split('\n'):
        cells = len(re.findall(r'(?<!\\)\|', line))
        if not line.startswith('|'):
            width = 0
        elif width == 0:
            width = cells
        if line.startswith('|'):
            assert cells == width, line


def test_committed_reference_is_current(tmp_path):
    docs = generated.Generated(generated.GENERATORS['program'], tmp_path)
    assert (generated.ROOT / 'docs/reference.md').read_text() == docs.text('reference.md'), \
        'docs/reference.md is out of date: ninja -C build/dev refresh-docs'


# --- completions ----------------------------------------------------------------------------------

FILES = {'a.yaml', 'b.log', 'folder'}


@pytest.fixture(scope='module', params=shells.SHELLS)
def shell(request, docs, tmp_path_factory):
    needs(request.param)
    folder = tmp_path_factory.mktemp('files')
    (folder / 'a.yaml').touch()
    (folder / 'b.log').touch()
    (folder / 'folder').mkdir()
    shell = shells.SHELLS[request.param](docs.script(request.param), docs.program, folder)
    yield shell
    shell.close()


def test_commands_are_completed(docs, shell):
    assert shell.complete(f'{docs.program} ') == set(docs.commands)
    assert shell.complete(f'{docs.program} --') == {'--help', '--version'}


def test_flags_are_completed(docs, shell):
    for command in docs.commands:
        expected = set()
        for row in docs.flags(command):
            expected.add(row['path'])
            if row['is_on_by_default']:
                expected.add(f'--no-{row["path"][2:]}')
        assert shell.complete(f'{docs.program} {command} --') == expected


def test_flags_of_verbs_are_completed(docs, shell):
    for command in docs.commands:
        for verb in docs.verbs(command):
            expected = {row['path'] for row in docs.verb_flags(command, verb['name'])}
            assert shell.complete(f'{docs.program} {command} {verb["name"]} --') == expected


def test_values_are_completed(docs, shell):
    """Once for each kind of value that a command has."""
    for command in docs.commands:
        seen = set()
        for row in docs.flags(command):
            kind = (row['type'] if row['shape'] in ('one', 'list') else row['shape'], tuple(row['choices'] or ()))
            if row['is_switch'] or kind in seen:
                continue
            seen.add(kind)
            expected = set(row['choices'] or ()) or (FILES if kind[0] == 'path' else set())
            assert shell.complete(f'{docs.program} {command} {row["path"]} ') == expected
            assert shell.complete(f'{docs.program} {command} {row["path"]}=') == expected
            if row['letter']:
                assert shell.complete(f'{docs.program} {command} -{row["letter"]} ') == expected


def test_values_of_verbs_are_completed(docs, shell):
    """Of flags of which a verb takes fewer values."""
    for command in docs.commands:
        for verb in docs.verbs(command):
            for row in docs.verb_flags(command, verb['name']):
                if row in docs.flags(command) or not row['choices']:
                    continue
                ways = [f'{row["path"]} ', f'{row["path"]}=', *([f'-{row["letter"]} '] if row['letter'] else [])]
                for way in ways:
                    assert shell.complete(f'{docs.program} {command} {verb["name"]} {way}') == set(row['choices'])


def test_arguments_are_completed(docs, shell):
    for name, command in docs.commands.items():
        words = command['argument_words']
        assert shell.complete(f'{docs.program} {name} ') == (FILES if words is None else set(words))
        for verb in docs.verbs(name):  # once is enough
            assert shell.complete(f'{docs.program} {name} {verb["name"]} ') == set()


@pytest.mark.parametrize('line, expected', [
    ('c', 'check config'),
    ('check --output j', 'json jsonl junit'),
    ('check --output=j', 'json jsonl junit'),
    ('check -o j', 'json jsonl junit'),
    ('check --output json ', 'local: http:// https:// all'),
    ('check --tag x --out', '--output'),
    ('check --tag=x -w --out', '--output'),
    ('check --config a', 'a.yaml'),
    ('check --config=a', 'a.yaml'),
    ('check h', 'http:// https://'),
    ('check local: h', 'http:// https://'),
    ('check --watch=', ''),
    ('check --timeout 1', ''),
    ('check --nonsense', ''),
    ('check -- --', ''),
    ('config check --conf', '--config'),
    ('config s', 'show schema'),
    ('config show --format ', 'table tree'),
    ('config show --format=t', 'table tree'),
    ('config schema --format ', 'tree'),
    ('config schema --format=t', 'tree'),
    ('config --format t', 'table tree'),
    ('config show --into a', 'a.yaml'),
    ('config show key --in', '--into'),
    ('config --deep s', 'show schema'),
    ('logs b', 'b.log'),
])
@pytest.mark.parametrize('name', shells.SHELLS)
def test_cases(name, line, expected, case_shells):
    needs(name)
    assert case_shells(name).complete(f'demo-tool {line}') == set(expected.split())


@pytest.fixture(scope='module')
def case_shells(fixture, tmp_path_factory):
    """The shells with the completion of the made-up program, each started once."""
    folder = tmp_path_factory.mktemp('files')
    (folder / 'a.yaml').touch()
    (folder / 'b.log').touch()
    started = {}

    def start(name):
        if name not in started:
            started[name] = shells.SHELLS[name](fixture.script(name), fixture.program, folder)
        return started[name]

    yield start
    for shell in started.values():
        shell.close()


@pytest.mark.parametrize('line, after', [
    ('check --out', 'check --output '),
    ('check http:', 'check http://'),  # more is to come: no space
    ('check --fail-on=c', 'check --fail-on=critical '),
    ('check lo', 'check local:'),
])
def test_bash_puts_it_into_the_line(line, after, case_shells):
    assert case_shells('bash').line_after(f'demo-tool {line}') == f'demo-tool {after}'


def test_bash_knows_the_function(docs):
    script = docs.script('bash')
    done = subprocess.run(['bash', '--norc', '-uec', f'source {script}; complete -p {docs.program}'],
                          capture_output=True, text=True, check=True)
    name = re.sub(r'\W', '_', docs.program)
    assert done.stdout == f'complete -o bashdefault -o default -F _{name} {docs.program}\n'


# --- schema ---------------------------------------------------------------------------------------

def schema_of(docs):
    return yaml.safe_load(docs.text(f'{docs.program}.schema.json'))


def items(schema):
    """The schemas that an item of a list of mappings can follow: the kinds, or what all are, in a list and alone."""
    ways = schema.get('anyOf', [schema])
    for way in ways:
        item = way.get('items', way)
        yield from item.get('anyOf', [item])


def properties(schema, row):
    """The schemas that stand for a row: one, or one in each kind that a list's item can be."""
    found = [schema]
    kinds = list(row['kinds'])
    for part in row['path'].split('.'):
        name = part.removesuffix('[]')
        found = [each['properties'][name] for each in found if name in each['properties']]
        if part.endswith('[]'):
            found = [item for each in found for item in items(each)]
            if any('title' in item for item in found):
                wanted = kinds.pop(0) if kinds else None
                found = [kind for kind in found if wanted in (None, kind['title'])]
    return found


def test_schema_is_one(docs):
    jsonschema.Draft7Validator.check_schema(schema_of(docs))


def test_schema_has_each_key(docs):
    schema = schema_of(docs)
    for row in docs.keys():
        found = properties(schema, row)
        assert found, row['path']
        for each in found:
            assert each['description'].startswith(row['help']), row['path']
            assert missing(generated.facts(row), each['description']) == []
            assert ('default' in each) == (row['default'] is not None and row['shape'] in ('one', 'list'))


def test_schema_has_no_other_keys(docs):
    def names(schema):
        for name, each in schema.get('properties', {}).items():
            yield name
            yield from names(each)
            for item in items(each):
                if item is not each:
                    yield from names(item)
    assert set(names(schema_of(docs))) == {row['name'] for row in docs.keys()} | {'include'}


def test_schema_accepts_the_example(docs):
    if docs.config_example is None:
        pytest.skip('the program shows no example')
    jsonschema.validate(yaml.safe_load(docs.config_example), schema_of(docs), cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize('text, is_valid', [
    ('{}', True),
    ('ssh: {workers: 20}', True),
    ('ssh: {workers: "20"}', True),
    ('ssh: {workers: "${WORKERS:-20}"}', True),
    ('ssh: {workers: many}', False),
    ('ssh: {workers: 0}', False),
    ('ssh: {workers: 1001}', False),
    ('ssh: {worker: 20}', False),
    ('ssh: 5', False),
    ('ssh: {jump: {port: 22}}', False),
    ('ssh: {jump: {host: bastion}}', True),
    ('interval: 30s', True),
    ('interval: 30', True),
    ('interval: ${INTERVAL}', True),
    ('interval: [30s]', False),
    ('groups: {web: [a, b], db: c}', True),
    ('groups: {web: {a: b}}', False),
    ('groups: [web]', False),
    ('only_flag: true', False),
    ('ssh:', True),
    ('ssh: {jump:}', True),
    ('checks:', True),
    ('groups:', True),
    ('interval:', False),
    ('include: a.yaml', True),
    ('include: [a.yaml, "conf.d/*.yaml"]', True),
    ('include: {a: b}', False),
    ('x-anchors: {anything: [1, {}]}', True),
    ('ssh: {x-anchors: 1}', False),
    ('checks: [{tcp: x, dialogue: [{send: a}, {await: b}]}]', True),
    ('checks: [{tcp: x, dialogue: [{send: a, await: b}]}]', False),
    ('checks: [{http: x, dialogue: [{send: a}]}]', False),
    ('checks: [null]', False),
    ('checks: []', True),
    ('checks: {http: x}', False),
    ('checks: [{http: x, method: HEAD}]', True),
    ('checks: [{http: x, method: PUT}]', False),
    ('checks: [{http: x, method: "${METHOD}"}]', True),
    ('checks: [{name: x}]', False),
    ('checks: [{http: x, exec: y}]', False),
    ('checks: [{exec: [a, b], method: GET}]', False),
    ('checks: [{exec: a, name: b, labels: {c: 1}}]', True),
    ('checks: [{http: x, expect: {status: 200}}]', True),
    ('checks: [{http: x, expect: {status: [200, "${STATUS}"]}}]', True),
    ('checks: [{http: x, expect: {status: [20]}}]', False),
    ('alerts: {routes: [{receiver: a}, {receiver: b, match: {c: d}}]}', True),
    ('alerts: {routes: {receiver: a}}', True),
    ('alerts: {routes:}', True),
    ('alerts: {routes: []}', True),
    ('alerts: {routes: [{match: {c: d}}]}', False),
    ('alerts: {routes: {match: {c: d}}}', False),
    ('alerts: {routes: [{receiver: a, nonsense: 1}]}', False),
    ('alerts: {routes: [null]}', False),
    ('alerts: {routes: a}', False),
    ('alerts: {receivers: [{send: a}, {await: b}]}', True),
    ('alerts: {receivers: [{sned: a}]}', False),
    ('nonsense: 1', False),
])
def test_schema_cases(text, is_valid, fixture):
    validator = jsonschema.Draft7Validator(schema_of(fixture))
    assert validator.is_valid(yaml.safe_load(text)) == is_valid
