"""Bad input gets one clear error and exit code 2, in bounded time and memory."""
import pathlib
import signal
import sys

import pytest

SECONDS_MAX = 60  # also on a machine that is busy, and with sanitizers
MEGABYTES_MAX = 64  # of the program as users have it
MEGABYTES_MAX_SANITIZED = 640

# Runs a program, and writes to a file how much memory it took at most.
MEASURE = '''
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
open(sys.argv[1], 'w').write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
'''


@pytest.fixture(scope='module')
def megabytes_max(binary):
    return MEGABYTES_MAX_SANITIZED if b'__asan_' in pathlib.Path(binary).read_bytes() else MEGABYTES_MAX


@pytest.fixture
def refused(toolkit, megabytes_max):
    """refused('check', ..., config=text) -> the one line that is said."""
    def run(*args, config=None, **options):
        if config is not None:
            toolkit.config(config)
        memory = toolkit.home / '.memory'
        done = toolkit(*args, in_front=[sys.executable, '-S', '-c', MEASURE, memory], timeout=SECONDS_MAX, **options)
        assert (done.exit_code, done.stdout) == (2, '')
        assert done.stderr.endswith('\n') and done.stderr.count('\n') == 1 and len(done.stderr) < 1000
        assert int(memory.read_text()) / 1024 < megabytes_max
        return done.stderr.rstrip('\n')
    return run


@pytest.fixture
def config_refused(refused):
    """The same of a configuration: for `config check`, and for `check`, which then begins nothing."""
    def run(text):
        by_config, by_check = refused('config', 'check', config=text), refused('check', 'local:')
        assert by_config == by_check
        assert by_config.startswith('sre-toolkit: sre-toolkit.yaml:')
        return by_config.removeprefix('sre-toolkit: sre-toolkit.yaml:')
    return run


# --- words that are unknown -----------------------------------------------------------------------

def test_an_unknown_flag(refused):
    assert refused('check', '--tiemout', '3') == ("sre-toolkit check: unknown option '--tiemout'; did you mean '--timeout'? "
                                                  '(see sre-toolkit check --help)')


def test_an_unknown_kind(config_refused):
    assert config_refused('checks: [{htpp: "http://a/"}]\n') == "1:11: unknown key 'htpp' in checks[0]; did you mean 'http'?"
    assert config_refused('checks: [{name: a}]\n') == "1:10: check 'a' has no kind; it needs one of the keys 'exec', 'host', 'http', 'tcp'"


def test_an_unknown_key(config_refused, refused):
    assert config_refused('checks: [{tcp: "a:1", tiemout: 3}]\n') == "1:23: unknown key 'tiemout' in checks[0]; did you mean 'timeout'?"
    assert config_refused('chekcs: []\n') == "1:1: unknown key 'chekcs'; did you mean 'checks'?"
    assert config_refused('checks: [{tcp: "a:1", method: GET}]\n') == "1:23: key 'method' is for kind 'http', but checks[0] is of kind 'tcp'"
    assert refused('check', 'tcp://a:1', '--set', 'tiemout=3', config='{}\n') == (
        "sre-toolkit check: --set: kind 'tcp': no setting 'tiemout'; did you mean 'timeout'?")
    assert refused('check', 'tcp://a:1', '--critical', 'totl_seconds=3') == (
        "sre-toolkit check: --critical: kind 'tcp' measures no 'totl_seconds'; did you mean 'total_seconds'?")


def test_an_unknown_scheme(refused, config_refused):
    assert refused('check', 'htpp://a/') == "sre-toolkit check: unknown scheme 'htpp:' in 'htpp://a/'; did you mean 'http:'?"
    assert config_refused('checks: [{http: "htpp://a/"}]\n') == (
        "1:10: checks[0]: unknown scheme 'htpp' in 'htpp://a/'; did you mean 'http'?")


# --- values that are none -------------------------------------------------------------------------

@pytest.mark.parametrize('url, message', [
    ('http://', "no host in 'http://'"),
    ('https:///path', "no host in 'https:///path'"),
    ('http://:80/', "no host in 'http://:80/'"),
    ('http://a:70000/', "port must be a number from 1 to 65535 in 'http://a:70000/'"),
    ('http://a:0/', "port must be a number from 1 to 65535 in 'http://a:0/'"),
    ('http://a:http/', "port must be a number from 1 to 65535 in 'http://a:http/'"),
    ('http://[::1/', "bad IPv6 address in 'http://[::1/'"),
    ('http://u:secret@a:70000/', "port must be a number from 1 to 65535 in 'http://u:***@a:70000/'"),
    ('tcp://a:70000', "port must be a number from 1 to 65535 in 'tcp://a:70000'"),
    ('tcp://:25', "no host in 'tcp://:25'"),
    ('tcp://a', "no port in 'tcp://a'"),
])
def test_urls(refused, config_refused, url, message):
    assert refused('check', url) == f'sre-toolkit check: {message}'
    kind, value = ('tcp', url.removeprefix('tcp://')) if url.startswith('tcp:') else ('http', url)
    assert config_refused(f'checks: [{{{kind}: "{value}"}}]\n') == f'1:10: checks[0]: {message}'


@pytest.mark.parametrize('value, message', [
    ('-5s', "duration '-5s': must not be negative; write it like 500ms, 30s, 5m or 1h30m"),
    ('10 parsecs', "duration '10 parsecs': unknown unit 'parsecs'; use ms, s, m, h, d or w"),
    ('999999999999999999999d', "duration '999999999999999999999d': longer than 100 years"),
    ('0', "duration '0': must be at least 1ms"),
    ('soon', "duration 'soon': not a duration; write it like 500ms, 30s, 5m or 1h30m"),
])
def test_durations(refused, config_refused, value, message):
    assert refused('check', 'local:', '--timeout', value) == f"sre-toolkit check: option '--timeout': {message} (see sre-toolkit check --help)"
    assert config_refused(f'checks: [{{tcp: "a:1", timeout: "{value}"}}]\n') == f'1:32: timeout: {message}'


@pytest.mark.parametrize('pattern, message', [
    ('a(b', 'missing closing parenthesis at column 4'),
    ('*', 'quantifier does not follow a repeatable item at column 1'),
    ('[a', 'missing terminating ] for character class at column 3'),
])
def test_regular_expressions(refused, config_refused, pattern, message):
    """With the place."""
    assert config_refused(f'checks: [{{tcp: "a:1", expect: "{pattern}"}}]\n') == f"1:31: expect: regular expression '{pattern}': {message}"
    assert refused('check', 'tcp://a:1', '--set', f'expect={pattern}', config='{}\n') == (
        f"sre-toolkit check: 'tcp://a:1': setting 'expect': regular expression '{pattern}': {message}")


@pytest.mark.parametrize('pointer, message', [
    ('status', "JSON Pointer 'status': must be empty or begin with '/' (RFC 6901); did you mean '/status'?"),
    ('/a~2', "JSON Pointer '/a~2': '~' at column 3 must be written '~0' (RFC 6901)"),
])
def test_json_pointers(refused, config_refused, pointer, message):
    assert config_refused(f'checks: [{{http: "http://a/", expect: {{json: {{{pointer}: x}}}}}}]\n') == f'1:46: json: {message}'
    said = refused('check', 'http://a/', '--set', f'expect.json.{pointer}=x', config='{}\n')
    assert said == f"sre-toolkit check: 'http://a/': setting 'json': {message}" or said.endswith(message)


# --- YAML -----------------------------------------------------------------------------------------

def laughs(levels, each):
    lines = ['x-0: &a0 [' + ', '.join(['"ha"'] * each) + ']']
    lines += [f'x-{i}: &a{i} [' + ', '.join([f'*a{i - 1}'] * each) + ']' for i in range(1, levels)]
    return '\n'.join(lines) + '\n'


@pytest.mark.parametrize('text, message', [
    ('checks: [a\n', "2:1: expected ',' or ']' here (the list begins on line 1)"),
    ('checks:\n  - tcp: "a:1\n', "2:10: the quoted text that begins here does not end"),
    ('a: b: c\n', "1:5: a ':' is not allowed here; is the line indented too far, or a text with ': ' in it not quoted?"),
    ('checks:\n\t- a\n', '2:1: tabs cannot indent YAML; use spaces'),
    ('checks: []\n---\nchecks: []\n', "2:1: a second document begins here ('---'); a file holds one"),
    ('checks: *nobody\n', "1:9: alias '*nobody' has no anchor '&nobody' before it"),
    ('checks: !!python/object x\n', "1:9: tag 'tag:yaml.org,2002:python/object' has no meaning here; remove it"),
    ('- a\n', "1:1: expected a mapping ('key: value') here, not a list"),
    ('just text\n', "1:1: expected a mapping ('key: value') here, not a text"),
    ('\0\1\2', '1:1: control character U+0000 is not allowed; is this a text file?'),
], ids=range(10))
def test_broken_yaml(config_refused, text, message):
    assert config_refused(text).startswith(message)


def test_bytes_that_are_no_text(toolkit, refused):
    (toolkit.home / 'sre-toolkit.yaml').write_bytes(b'checks: "\xff\xfe"\n')
    assert refused('config', 'check').startswith('sre-toolkit: sre-toolkit.yaml:1:10: ')


@pytest.mark.parametrize('text', ['[' * 10_000, '{a: ' * 10_000, 'a: ' + '[' * 10_000 + ']' * 10_000 + '\n', '- ' * 10_000,
                                  ''.join(f'{" " * i}a:\n' for i in range(2_000))], ids=['lists', 'maps', 'closed', 'dashes', 'indented'])
def test_nested_10_000_deep(config_refused, text):
    assert config_refused(text).endswith(': nested more than 64 deep')


def test_a_billion_laughs(config_refused):
    assert config_refused(laughs(levels=10, each=9)).endswith(': too many values (more than 1000000, aliases expanded)')
    deep = 'x-0: &a0 [ha]\n' + ''.join(f'x-{i}: &a{i} [*a{i - 1}]\n' for i in range(1, 200))
    assert 'nested more than 64 deep where alias' in config_refused(deep)
    merges = 'x-0: &a0 {k0: 1, k1: 2}\n' + ''.join(f'x-{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], m{i}: [*a{i - 1}, *a{i - 1}]}}\n' for i in range(1, 40))
    assert 'too many values' in config_refused(merges)


@pytest.mark.parametrize('name', ['zeros', 'comments', 'checks'])
def test_100_megabytes(toolkit, refused, name):
    path, size = toolkit.home / 'big.yaml', 100 << 20
    with path.open('wb') as file:
        if name == 'zeros':
            file.truncate(size)
        else:
            line = b'# a comment\n' if name == 'comments' else b'  - {tcp: "a:1"}\n'
            file.write(b'checks:\n')
            for _ in range(size // len(line) // 1024):
                file.write(line * 1024)
    assert refused('config', 'check', '--config', path) == f"sre-toolkit: cannot read '{path}': larger than 4194304 bytes"
    assert refused('config', 'check', '--config', '/dev/zero') == "sre-toolkit: cannot read '/dev/zero': larger than 4194304 bytes"


@pytest.mark.parametrize('key, maximum, where', [
    ('servers: {{files: [{}]}}', 32 << 20, '1:18: '),
    ('checks: [{{http: "http://a/", body_file: {}}}]', 1 << 20, '1:10: checks[0]: body_file: '),
    ('checks: [{{http: "http://a/", bearer_token: "${{file:{}}}"}}]', 64 << 10, '1:44: bearer_token: ${{file:{}}}: '),
    ('include: {}', 4 << 20, '1:10: include: '),
])
def test_files_that_are_named(toolkit, config_refused, key, maximum, where):
    """Large, missing, a directory for a file."""
    (toolkit.home / 'dir').mkdir()
    with (toolkit.home / 'big').open('wb') as file:
        file.write(b'x' * 1000 + b'\n')
        file.truncate(100 << 20)
    for name, why in (('big', f'larger than {maximum} bytes'), ('nope', 'No such file or directory'), ('dir', 'it is a directory')):
        assert config_refused(key.format(name) + '\n') == f"{where.format(name)}cannot read '{name}': {why}"


def test_duplicate_keys(config_refused):
    assert config_refused('checks: []\nchecks: []\n') == "2:1: key 'checks' is given twice; the first is on line 1"
    assert config_refused('checks:\n  - tcp: "a:1"\n    tcp: "b:1"\n') == "3:5: key 'tcp' is given twice; the first is on line 2"


def test_100_000_errors(toolkit, megabytes_max):
    """Not all are told."""
    toolkit.config(''.join(f'wrong-{i}: 1\n' for i in range(100_000)))
    done = toolkit('config', 'check', timeout=SECONDS_MAX)
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr.count('\n') <= 101 and done.stderr.endswith(' more errors\n')


# --- what is not there ----------------------------------------------------------------------------

def test_an_empty_selection(refused):
    config = 'checks: [{name: a, tcp: "a:1"}]\n'
    said = 'sre-toolkit check: the selection matches none of the 1 configured checks'
    assert refused('check', '--name', 'b*', config=config) == said
    assert refused('check', '--tag', 't', config=config) == said
    assert refused('check', config='{}\n').startswith('sre-toolkit check: nothing to check: give a target')


def test_a_missing_file(refused):
    assert refused('check', '--config', 'nope.yaml') == "sre-toolkit: configuration 'nope.yaml': No such file or directory"


def test_a_directory_for_a_file(toolkit, refused):
    assert refused('check', '--config', '.') == "sre-toolkit: cannot read '.': it is a directory"
    assert refused('check', 'local:', '--output-file', '.') == "sre-toolkit check: --output-file: cannot write '.': it is a directory"


# --- too much -------------------------------------------------------------------------------------

@pytest.mark.parametrize('args', [
    ['check', 'x' * 100_000],
    ['check', f'--{"y" * 100_000}'],
    ['check', f'tcp://{"a" * 100_000}:80'],
    ['check', f'http://{"a" * 100_000}/'],
    ['check', 'tcp://web-[1-999999999]:80'],
    ['check', 'tcp://web-[1-99999]-[1-99999]-[1-99999]:80'],
    ['check', 'tcp://web-[1-:80'],
    ['check', 'local:', '--set', 'z' * 100_000],
    ['z' * 100_000],
    [f'--{"z" * 100_000}', 'check'],
    ['config', 'z' * 100_000],
    ['check', '\x1b[31mred\x07\xff'],
], ids=range(12))
def test_long_and_strange_words(refused, args):
    assert '\x1b' not in refused(*args)


def test_node_sets_and_groups(config_refused):
    assert config_refused('servers: {groups: {web: "web-[01-"}}\n') == "1:25: group 'web': column 5: '[' is never closed: expected ']'"
    assert config_refused('servers: {groups: {web: "web-[1-999999999]"}}\n') == (
        "1:25: group 'web': column 5: it stands for more than 1000000 names")
    assert config_refused('servers: {groups: {web: "@nope"}}\n') == "1:25: group 'web': column 1: unknown group 'nope'"
    assert 'contains itself: ' in config_refused('servers: {groups: {web: "@db", db: "@web"}}\n')


# --- Ctrl-C ---------------------------------------------------------------------------------------

def test_ctrl_c(toolkit, echo):
    """What was started is stopped, what was measured is printed.  More of it in test_command_line.py."""
    echo.forget()
    hanging, well = (f'tcp://127.0.0.1:{echo.ports[name]}' for name in ('silent', 'banner'))
    running = toolkit.start('check', well, hanging, '--set', 'expect=2', '--timeout', '1h', '--output', 'jsonl')
    running.wait_for('}\n')
    echo.wait_for_log('silent')
    done = running.signal(signal.SIGINT).ended()
    assert (done.exit_code, done.stderr) == (130, '')
    assert [(line['target'], line['code']) for line in done.jsonl] == [(well, 'ok'), (hanging, 'cancelled')]
