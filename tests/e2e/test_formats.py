"""Every output format of ten checks in all states, read back by programs that others wrote."""
import csv
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree
from datetime import datetime

import pytest
from toolkit import ESCAPES, Toolkit

HERE = pathlib.Path(__file__).parent
MACHINE_FORMATS = ('json', 'jsonl', 'csv', 'junit', 'nagios', 'prometheus')
TRICKY = 'a plugin, with "quotes" & <tags> | pipes'
WIDE = 'größe 漢字 ✓'
STATES = {'echo': 'ok', 'banner': 'ok', 'refused': 'critical', 'black hole': 'critical', TRICKY: 'ok', 'warned': 'warning',
          'failed': 'critical', 'unsure': 'unknown', 'killed': 'unknown', WIDE: 'warning'}
CODES = {'echo': 'ok', 'banner': 'ok', 'refused': 'connection_refused', 'black hole': 'timeout', TRICKY: 'ok',
         'warned': 'plugin_warning', 'failed': 'plugin_critical', 'unsure': 'plugin_unknown', 'killed': 'exec_signaled',
         WIDE: 'threshold_exceeded'}
LONG = 'nothing works any more, and this is long enough to be wrapped at least twice where a line has eighty columns'


def plugin(script):
    return ['/bin/sh', '-c', script]


def ten_checks(echo):
    def port(name):
        return f'127.0.0.1:{echo.ports[name]}'
    return {'defaults': {'timeout': '60s'}, 'checks': [
        {'name': 'echo', 'tcp': port('echo'), 'tags': ['net', 'quick']},
        {'name': 'banner', 'tcp': port('banner'), 'expect': '^220'},
        {'name': 'refused', 'tcp': port('refused'), 'runbook': 'https://wiki.example.com/refused', 'labels': {'team': 'web'}},
        {'name': 'black hole', 'timeout': '2s', 'tcp': port('stuck')},
        {'name': TRICKY, 'exec': plugin(
            "echo 'DISK OK - <well> & fine | /=12GB;15;20;0;25 time=0.000052s'; echo 'second line, \"quoted\"'")},
        {'name': 'warned', 'exec': plugin("echo 'LOAD WARNING - 5.2 | load1=5.2;5;10'; exit 1")},
        {'name': 'failed', 'exec': plugin(f"echo 'LOAD CRITICAL - {LONG} | load1=15.2;5;10'; exit 2")},
        {'name': 'unsure', 'exec': plugin("echo 'cannot connect'; exit 3")},
        {'name': 'killed', 'exec': plugin('kill -9 $$')},
        {'name': WIDE, 'tcp': port('drip'), 'expect': '220 ', 'warning': {'dialogue_seconds': 0.03}},
    ]}


@pytest.fixture(scope='module')
def ten(binary, echo, tmp_path_factory):
    """ten(*flags, screen=...) -> Result, run once for each combination.  Those that most tests need run at once."""
    program = Toolkit(binary, tmp_path_factory.mktemp('formats'))
    program.config(json.dumps(ten_checks(echo)))
    running, results = {}, {}

    def start(flags, screen):
        running[flags, screen] = program.start('check', *flags, screen=screen)

    def run(*flags, screen=None):
        if (flags, screen) not in results:
            if (flags, screen) not in running:
                start(flags, screen)
            results[flags, screen] = running[flags, screen].ended()
        return results[flags, screen]

    for name in MACHINE_FORMATS:
        start(('--output', name), None)
    yield run
    program.end()


def needs(program):
    if shutil.which(program) is None:
        pytest.skip(f'needs {program}')


def pipe(text, *argv):
    needs(argv[0])
    return subprocess.run(argv, input=text, capture_output=True, text=True)


# --- JSON -----------------------------------------------------------------------------------------

ENVELOPE = '''
    (keys_unsorted == ["schema", "command", "started", "duration_seconds", "summary", "results"])
and .schema == 1 and .command == "check" and (.duration_seconds | type) == "number"
and (.started | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$"))
and (.summary | keys_unsorted) == ["total", "ok", "warning", "critical", "unknown"]
and .summary.total == (.results | length)
and (.summary | .ok + .warning + .critical + .unknown == .total)
and (.summary as $sum | all("ok", "warning", "critical", "unknown";
     . as $state | $sum[$state] == ([$results[] | select(.state == $state)] | length)))
'''
RESULT = '''
    ([.name, .target, .kind, .state, .code, .message, .timestamp] | all(type == "string" and length > 0))
and (.healthy | type) == "boolean" and (.duration_seconds | type) == "number" and (.attempts | type) == "number"
and (.timestamp | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$"))
and (.values | type) == "object" and (.values | all(type | IN("number", "string", "boolean")))
and (.state | IN("ok", "warning", "critical", "unknown"))
and .healthy == (.state | IN("ok", "warning"))
and (.state != "ok" or .code == "ok") and (.message | contains("\\n") | not)
'''
FIELDS = ['name', 'target', 'kind', 'state', 'healthy', 'code', 'message', 'duration_seconds', 'attempts', 'timestamp', 'values']
MORE_FIELDS = {'detail', 'evidence', 'tags', 'labels', 'runbook'}


def test_json_by_jq(ten):
    done = ten('--output', 'json')
    assert (done.exit_code, done.stderr) == (1, '')
    judged = pipe(done.stdout, 'jq', '-e', f'.results as $results | ({ENVELOPE}) and all(.results[]; {RESULT})')
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, 'true\n', '')


def test_json_is_what_happened(ten):
    document = ten('--output', 'json').json
    assert document['summary'] == {'total': 10, 'ok': 3, 'warning': 2, 'critical': 3, 'unknown': 2}
    results = {result['name']: result for result in document['results']}
    assert list(results) == list(STATES)  # in the order of the configuration
    assert {name: result['state'] for name, result in results.items()} == STATES
    assert {name: result['code'] for name, result in results.items()} == CODES
    for result in results.values():
        fields = [field for field in result if field not in MORE_FIELDS]
        assert fields == FIELDS
    assert results['echo']['tags'] == ['net', 'quick']
    assert results['refused']['labels'] == {'team': 'web'}
    assert results['refused']['runbook'] == 'https://wiki.example.com/refused'
    assert results[TRICKY]['detail'] == 'second line, "quoted"'
    assert results[TRICKY]['values'] == {'/': 12 * 1024 ** 3, 'time': 0.000052}
    assert all('evidence' in result for result in results.values() if result['state'] != 'ok')
    assert all('evidence' not in result for result in results.values() if result['state'] == 'ok')
    assert max(result['duration_seconds'] for result in results.values()) <= document['duration_seconds']
    assert (datetime.fromisoformat(document['started']) - datetime.now().astimezone()).total_seconds() < 600


def test_jsonl_by_jq(ten):
    done = ten('--output', 'jsonl')
    assert (done.exit_code, done.stderr) == (1, '')
    judged = pipe(done.stdout, 'jq', '-e', '-s', f'length == 10 and all(.[]; {RESULT})')
    assert (judged.returncode, judged.stderr) == (0, '')
    assert {result['name']: result['state'] for result in done.jsonl} == STATES
    assert done.jsonl[-1]['name'] == 'black hole'  # as each result comes


def test_jsonl_comes_before_the_slow_one_ends(toolkit, echo):
    quick, slow = (f'tcp://127.0.0.1:{echo.ports[name]}' for name in ('echo', 'silent'))
    running = toolkit.start('check', slow, quick, '--output', 'jsonl', '--set', 'timeout=60s', '--set', 'send=hello\\n',
                            '--set', 'expect=hello')
    running.wait_for('}\n')
    assert running.process.poll() is None
    assert [json.loads(line)['target'] for line in running.stdout.splitlines()] == [quick]


# --- CSV ------------------------------------------------------------------------------------------

def test_csv(ten):
    done = ten('--output', 'csv')
    assert (done.exit_code, done.stderr) == (1, '')
    reader = csv.DictReader(io.StringIO(done.stdout, newline=''), strict=True)
    rows = list(reader)
    assert reader.fieldnames == FIELDS[:-1]
    assert {row['name']: row['state'] for row in rows} == STATES
    assert {row['name']: row['code'] for row in rows} == CODES
    by_json = {result['name']: result for result in ten('--output', 'json').json['results']}
    for row in rows:
        result = by_json[row['name']]
        assert (row['target'], row['kind']) == (result['target'], result['kind'])
        assert row['healthy'] == ('true' if result['healthy'] else 'false')
        assert float(row['duration_seconds']) >= 0 and row['attempts'] == '1'
        assert datetime.fromisoformat(row['timestamp'])
    assert next(row for row in rows if row['name'] == 'failed')['message'] == f'LOAD CRITICAL - {LONG}'


# --- JUnit ----------------------------------------------------------------------------------------

def test_junit_by_xmllint(ten):
    done = ten('--output', 'junit')
    assert (done.exit_code, done.stderr) == (1, '')
    judged = pipe(done.stdout, 'xmllint', '--noout', '--schema', str(HERE / 'junit.xsd'), '-')
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, '', '- validates\n')


def test_the_junit_schema_refuses(ten):
    """So that the test above means something."""
    good = ten('--output', 'junit').stdout
    for old, new in (('<failure message=', '<fault message='), (' tests="10"', ' tests="ten"'), (' classname=', ' class='),
                     ('timestamp="', 'timestamp="on '), ('name="warned"', 'name="failed"')):
        assert old in good
        judged = pipe(good.replace(old, new).replace('</failure>', '</fault>' if 'fault' in new else '</failure>'),
                      'xmllint', '--noout', '--schema', str(HERE / 'junit.xsd'), '-')
        assert judged.returncode == 3, new


def test_junit_is_what_happened(ten):
    suites = ElementTree.fromstring(ten('--output', 'junit').stdout)
    suite, = suites
    assert {name: suite.get(name) for name in ('name', 'tests', 'failures', 'errors', 'skipped')} == {
        'name': 'sre-toolkit check', 'tests': '10', 'failures': '3', 'errors': '2', 'skipped': '0'}
    trouble = {case.get('name'): next((child.tag for child in case if child.tag != 'system-out'), None) for case in suite}
    tags = {'ok': None, 'warning': None, 'critical': 'failure', 'unknown': 'error'}
    assert trouble == {name: tags[state] for name, state in STATES.items()}
    assert {case.get('classname') for case in suite} == {'sre-toolkit.tcp', 'sre-toolkit.exec'}
    refused = suite.find("testcase[@name='refused']/failure")
    assert refused.get('type') == 'connection_refused'
    assert refused.text.splitlines()[0] == refused.get('message')
    assert any(line.startswith('command: nc ') for line in refused.text.splitlines())
    assert suite.find("testcase[@name='warned']/system-out").text == 'LOAD WARNING - 5.2'


def test_junit_with_fail_on_warning(toolkit):
    toolkit.config(json.dumps({'checks': [{'name': 'warned', 'exec': plugin('echo hm; exit 1')}]}))
    done = toolkit('check', '--output', 'junit', '--fail-on', 'warning')
    assert done.exit_code == 1
    suite = ElementTree.fromstring(done.stdout)[0]
    assert (suite.get('failures'), suite[0][0].tag, suite[0][0].get('type')) == ('1', 'failure', 'plugin_warning')


# --- Prometheus -----------------------------------------------------------------------------------

def test_prometheus_by_promtool(ten):
    done = ten('--output', 'prometheus')
    assert (done.exit_code, done.stderr) == (1, '')
    judged = pipe(done.stdout, 'promtool', 'check', 'metrics')
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, '', '')


def test_prometheus_of_this_machine(toolkit):
    """The most values, with instances."""
    done = toolkit('check', 'local:', '--output', 'prometheus')
    judged = pipe(done.stdout, 'promtool', 'check', 'metrics')
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, '', '')
    assert re.search(r'value="disk_used_percent",instance_name="/', done.stdout), done


def samples(text):
    """(metric, {label: value}) -> number"""
    found = {}
    for line in text.splitlines():
        if not line.startswith('#'):
            name, labels, value = re.fullmatch(r'(\w+)\{(.*)\} (\S+)', line).groups()
            pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
            key = name, frozenset((label, re.sub(r'\\(.)', lambda m: {'n': '\n'}.get(m[1], m[1]), text)) for label, text in pairs)
            assert key not in found
            found[key] = float(value)
    return found


def test_prometheus_is_what_happened(ten):
    found = samples(ten('--output', 'prometheus').stdout)
    for name, state in STATES.items():
        one = {dict(labels).get('state') for (metric, labels), value in found.items()
               if metric == 'sre_toolkit_check_state' and ('name', name) in labels and value == 1}
        assert one == {state}
        healthy, = [value for (metric, labels), value in found.items()
                    if metric == 'sre_toolkit_check_healthy' and ('name', name) in labels]
        assert healthy == (state in ('ok', 'warning'))
    assert found['sre_toolkit_check_value', frozenset({('name', 'warned'), ('kind', 'exec'), ('value', 'load1')})] == 5.2


# --- Nagios ---------------------------------------------------------------------------------------

# https://nagios-plugins.org/doc/guidelines.html: 'label'=value[UOM];[warn];[crit];[min];[max]
NUMBER = r'-?[0-9]+(?:\.[0-9]+)?'
RANGE = rf'@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?'
PERFDATA = re.compile(rf"'((?:[^'=|]|'')+)'=({NUMBER})(s|us|ms|%|B|KB|MB|GB|TB|c)?"
                      rf'(?:;({RANGE})(?:;({RANGE})(?:;({NUMBER})?(?:;({NUMBER})?)?)?)?)?')


def perfdata(text):
    """label -> (number, unit, warning, critical, min, max); fails where it is none."""
    items, at = {}, 0
    text = text.strip()
    while at < len(text):
        match = PERFDATA.match(text, at)
        assert match and (match.end() == len(text) or text[match.end()] == ' '), text[at:]
        label, *rest = match.groups()
        items[label.replace("''", "'")] = tuple(rest)
        at = match.end() + 1
    return items


def test_nagios_of_ten(ten):
    done = ten('--output', 'nagios')
    assert (done.exit_code, done.stderr) == (2, '')
    first, *rest = done.stdout.splitlines()
    status, data = first.split(' |')
    assert status == 'CRITICAL: 7 of 10 checks not ok: refused, black hole, failed, unsure, killed, ...'
    words = {'ok': 'OK', 'warning': 'WARNING', 'critical': 'CRITICAL', 'unknown': 'UNKNOWN'}
    assert [line.split(': ')[:2] for line in rest] == [[words[state], name.replace('|', '/')] for name, state in STATES.items()]
    assert '|' not in '\n'.join(rest)
    items = perfdata(data)
    assert items['warned load1'] == ('5.2', None, '5', '10', None, None)
    tricky = TRICKY.replace('|', '_')
    assert items[f'{tricky} /'] == ('12884901888', 'B', '16106127360', '21474836480', '0', '26843545600')
    assert items[f'{tricky} time'][:2] == ('0.000052', 's')
    assert items[f'{WIDE} dialogue_seconds'][1:3] == ('s', '~:0.03')


@pytest.mark.parametrize('script, exit_code, line', [
    ("echo 'fine | t=1s'", 0, "OK: fine | 't'=1s;;;;"),
    ("echo 'hm | t=1s;0.5;2;0;10'; exit 1", 1, "WARNING: hm | 't'=1s;0.5;2;0;10"),
    ("echo 'down'; exit 2", 2, 'CRITICAL: down'),
    ("echo 'who knows'; exit 3", 3, 'UNKNOWN: who knows'),
])
def test_nagios_of_one(toolkit, script, exit_code, line):
    toolkit.config(json.dumps({'checks': [{'name': 'one', 'exec': plugin(script)}]}))
    done = toolkit('check', '--output', 'nagios')
    assert (done.exit_code, done.stdout, done.stderr) == (exit_code, f'{line}\n', '')


@pytest.mark.parametrize('codes, exit_code', [((0, 1), 1), ((1, 3), 3), ((3, 2), 2), ((0, 0), 0), ((1, 2, 3), 2)])
def test_nagios_tells_the_worst(toolkit, codes, exit_code):
    checks = [{'name': f'n{i}', 'exec': plugin(f'echo text; exit {code}')} for i, code in enumerate(codes)]
    toolkit.config(json.dumps({'checks': checks}))
    assert toolkit('check', '--output', 'nagios').exit_code == exit_code


# --- text -----------------------------------------------------------------------------------------

MARKS = {'ok': '✓', 'warning': '!', 'critical': '✗', 'unknown': '?'}
COLORS = {'ok': '32', 'warning': '33', 'critical': '31', 'unknown': '33'}


def columns(line):
    """How many columns of a terminal a line takes."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in 'WF' else 1 for char in line)


def rows(text):
    """The first lines of the table's rows, by mark and state."""
    return [line for line in text.splitlines() if line[:1] in MARKS.values()]


@pytest.mark.parametrize('flags', [(), ('-v',), ('-vv',)])
@pytest.mark.parametrize('width', [70, 80, 132])
def test_the_table_fits_the_screen(ten, width, flags):
    done = ten(*flags, screen=(width, 24))
    assert done.exit_code == 1
    too_wide = [line for line in done.plain.splitlines() if columns(line) > width]
    assert too_wide == []
    assert [line[0] for line in rows(done.plain)] == [MARKS[state] for state in STATES.values()]


def test_the_table_at_80_columns(ten):
    plain = ten(screen=(80, 24)).plain
    table = rows(plain)
    assert len({line.index(state) for line, state in zip(table[:4], list(STATES.values())[:4])}) == 1  # aligned
    assert re.match(r'✗  refused +critical  connection refused', table[2])
    words = ' '.join(plain.split())
    assert ' '.join(f'LOAD CRITICAL - {LONG}'.split()) in words  # wrapped, not cut
    last = plain.splitlines()[-1]
    assert re.fullmatch(r'5 of 10 healthy in [\d.]+ m?s: 3 ok, 2 warning, 3 critical, 2 unknown', last)


def test_colours_on_a_terminal(ten):
    text = ten(screen=(80, 24)).stdout
    for name, state in STATES.items():
        mark = re.search(rf'\x1b\[{COLORS[state]}m{re.escape(MARKS[state])}\x1b\[0m', text)
        assert mark, name
    assert '\x1b[1mrefused\x1b[0m' in text


def test_colours_add_nothing_but_colours(ten):
    def shape(text):
        return re.sub(r'[0-9.]+ *(us|ms|s)\b', 'N', ' '.join(text.split()))
    assert shape(ten('--color', 'never', screen=(80, 24)).stdout) == shape(ten(screen=(80, 24)).plain)


def test_when_there_are_colours(toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["refused"]}'
    plain = f'✗  {target}  critical  connection refused by 127.0.0.1:{echo.ports["refused"]}\n'
    screen = (120, 24)

    def colored(*flags, **options):
        done = toolkit('check', target, *flags, **options)
        assert done.plain == plain
        return bool(ESCAPES.search(done.stdout))
    assert not colored()
    assert colored(screen=screen)
    assert not colored(screen=screen, env={'NO_COLOR': '1'})
    assert not colored(screen=screen, env={'TERM': 'dumb'})
    assert not colored('--color', 'never', screen=screen)
    assert colored('--color', 'always')
    assert colored('--color', 'always', env={'NO_COLOR': '1'})


def test_a_pipe_gets_all_of_it(ten):
    done = ten()
    assert (done.exit_code, done.stderr) == (1, '')
    assert not ESCAPES.search(done.stdout)
    lines = done.stdout.splitlines()
    assert len(lines) == 11  # a line each, however long, and the summary
    assert any(line.startswith(f'✓  {TRICKY}  ok  ') for line in lines)
    assert lines[6].endswith(f'LOAD CRITICAL - {LONG}')


def test_verbose(ten):
    once, twice = ten('-v').stdout, ten('-vv').stdout
    for text in (once, twice):
        assert '\n    command: nc -v -w 10 127.0.0.1 ' in text
        assert '\n    runbook: https://wiki.example.com/refused\n' in text
        assert "\n    command: /bin/sh -c 'echo '\\''cannot connect'\\''; exit 3'\n" in text
    assert 'load1 = 15.2' not in once and 'second line' not in once
    assert '\n    load1 = 15.2\n' in twice and '\n    / = 12.0 GiB\n' in twice and '\n    second line, "quoted"\n' in twice


def test_one_check_needs_no_summary(toolkit, echo):
    assert len(toolkit('check', f'tcp://127.0.0.1:{echo.ports["echo"]}').stdout.splitlines()) == 1
    both = toolkit('check', *(f'tcp://{host}:{echo.ports["echo"]}' for host in ('127.0.0.1', 'localhost')))
    assert re.fullmatch(r'2 of 2 healthy in [0-9.]+ (us|ms)', both.stdout.splitlines()[-1])


# --- where it goes --------------------------------------------------------------------------------

def test_output_file_has_what_stdout_has(toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["refused"]}'
    path = toolkit.home / 'out'
    on_stdout = toolkit('check', target, '-v')
    in_file = toolkit('check', target, '-v', '--output-file', path)
    assert (in_file.exit_code, in_file.stdout, in_file.stderr) == (1, '', '')
    assert path.read_text() == on_stdout.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~current_umask()
    assert [entry.name for entry in toolkit.home.iterdir()] == ['out']  # nothing beside it


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize('output', MACHINE_FORMATS)
def test_output_file_of_every_format(toolkit, echo, output):
    path = toolkit.home / 'out'
    done = toolkit('check', f'tcp://127.0.0.1:{echo.ports["echo"]}', '--output', output, '--output-file', path)
    assert (done.exit_code, done.stdout, done.stderr) == (0, '', '')
    text = path.read_text()
    assert text.endswith('\n') and 'connected to' in text or output == 'prometheus' and text.startswith('# HELP')


def test_output_file_is_replaced_at_once(toolkit, echo):
    path = toolkit.home / 'out'
    path.write_text('old\n')
    path.chmod(0o640)
    echo.forget()
    with path.open() as reader:
        running = toolkit.start('check', f'tcp://127.0.0.1:{echo.ports["silent"]}', '--set', 'expect=x', '--timeout', '4',
                                '--output', 'jsonl', '--output-file', path)
        echo.wait_for_log('silent')
        assert path.read_text() == 'old\n'
        assert running.ended().exit_code == 1
        assert reader.read() == 'old\n'  # who reads the old one is not disturbed
    assert json.loads(path.read_text())['code'] == 'timeout'
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_output_file_in_a_pipe_or_device(toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["refused"]}'
    assert toolkit('check', target, '--output-file', '/dev/stdout').stdout.startswith('✗  tcp://')
    assert toolkit('check', target, '--output-file', '/dev/null').stdout == ''
    assert stat.S_ISCHR(os.stat('/dev/null').st_mode)


def test_output_file_has_colours_only_when_asked(toolkit, echo):
    target, path = f'tcp://127.0.0.1:{echo.ports["refused"]}', toolkit.home / 'out'
    toolkit('check', target, '--output-file', path, screen=(80, 24))
    assert not ESCAPES.search(path.read_text())
    assert len(path.read_text().splitlines()) == 1  # and is not cut to the screen's width
    toolkit('check', target, '--output-file', path, '--color', 'always')
    assert ESCAPES.search(path.read_text())


@pytest.mark.parametrize('output', ['text', *MACHINE_FORMATS])
def test_a_reader_who_has_seen_enough(binary, toolkit, echo, output):
    """As in `sre-toolkit check ... | head -1`: no complaint, and the exit code is that of the checks."""
    targets = ' '.join(f'tcp://127.0.0.{n}:{echo.ports["refused"]}' for n in range(1, 20))
    done = subprocess.run(['bash', '-c', f'{binary} check {targets} --output {output} | head -c 1 | wc -c; echo ${{PIPESTATUS[0]}}'],
                          capture_output=True, text=True, env=toolkit.environment({}), timeout=120)
    assert (done.stdout, done.stderr) == (f'1\n{2 if output == "nagios" else 1}\n', '')


@pytest.mark.parametrize('args', ['--help', 'check --help', 'config schema', '--version'])
def test_a_reader_who_has_gone(binary, toolkit, args):
    done = subprocess.run(['bash', '-c', f'{binary} {args} | true; echo ${{PIPESTATUS[0]}}'], capture_output=True, text=True,
                          env=toolkit.environment({}), timeout=120)
    assert (done.stdout, done.stderr) == ('0\n', '')


def test_a_full_disk(binary, toolkit, echo):
    target = f'tcp://127.0.0.1:{echo.ports["echo"]}'
    for args in (f'check {target}', f'check {target} --output jsonl', '--help', 'config schema'):
        done = subprocess.run(['bash', '-c', f'{binary} {args} >/dev/full'], capture_output=True, text=True,
                              env=toolkit.environment({}), timeout=120)
        assert done.returncode == 1, args
        assert done.stderr.endswith('writing to standard output: No space left on device\n'), args
        assert done.stderr.count('\n') == 1
