"""`config check|show|schema`: where the configuration is found, what it says, and what is wrong with it."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest
import yaml
from servers.base import can_have_own_mounts

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / 'examples').glob('*.yaml'))
# Of the shape that their receivers ask for.
EXAMPLE_SECRETS = {'SLACK_WEBHOOK': 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX',
                   'PAGERDUTY_KEY': '0123456789abcdef0123456789abcdef'}


@pytest.fixture
def check(toolkit):
    """check(text, **options) -> Result of `config check` of it."""
    def run(text, *flags, **options):
        toolkit.config(text)
        return toolkit('config', 'check', *flags, **options)
    return run


@pytest.fixture
def values(toolkit):
    """values(text) -> path -> (value, origin), by `config show` of it; both formats agree."""
    def run(text, **options):
        if text is not None:
            toolkit.config(text)
        as_json = toolkit('config', 'show', '--output', 'json', **options)
        assert (as_json.exit_code, as_json.stderr) == (0, ''), as_json
        document = as_json.json
        assert list(document) == ['schema', 'command', 'file', 'values']
        assert (document['schema'], document['command']) == (1, 'config show')
        found = {value['path']: (value['value'], value['origin']) for value in document['values']}
        assert len(found) == len(document['values'])
        lines = toolkit('config', 'show', **options).stdout.splitlines()
        assert lines[0] == f'# {document["file"] or "no configuration file; all defaults"}'
        shown = [line.rsplit('  # ', 1) for line in lines[1:]]
        assert [(left.rstrip(), origin) for left, origin in shown] == [
            (f'{path}: {value}'.rstrip(), origin) for path, (value, origin) in found.items()]
        return found
    return run


# --- check ----------------------------------------------------------------------------------------

def test_a_good_configuration(check):
    done = check('checks: [{tcp: "a:1"}]\n')
    assert (done.exit_code, done.stdout, done.stderr) == (0, 'sre-toolkit.yaml: configuration OK, 1 check\n', '')
    assert check('checks: [{tcp: "a:1"}, {host: "local:"}]\n').stdout == 'sre-toolkit.yaml: configuration OK, 2 checks\n'
    assert check('# nothing yet\n').stdout == 'sre-toolkit.yaml: configuration OK, 0 checks\n'


WRONG = '''\
checks:
  - {name: a, tcp: "x:80", timeout: -5s}
  - {name: b, tcp: "x:80", timeout: 10 parsecs}
  - {name: a, tcp: "x"}
  - {htp: "http://x"}
  - {name: c, tcp: "x:1", expect: "a(b"}
  - {name: d, http: "http:///x"}
  - {name: e, http: "http://x:70000"}
  - {name: f, http: "http://x", expect: {json: {status: ok}}}
  - {name: g, http: "http://x", expect: {jsn: {status: ok}}}
  - {name: h, tcp: "x:1", warning: {total_second: 1}}
  - {name: i, tcp: "x:1", http: "http://x"}
  - {name: j, tcp: [x]}
  - name: k
    tcp: "x:1"
    exepct: "y"
default: {}
defaults: {timeot: 3}
'''
ERRORS = '''\
2:37: timeout: duration '-5s': must not be negative; write it like 500ms, 30s, 5m or 1h30m
3:37: timeout: duration '10 parsecs': unknown unit 'parsecs'; use ms, s, m, h, d or w
4:5: check 'a': no port in 'tcp://x'
5:6: unknown key 'htp' in checks[3]; did you mean 'http'?
6:35: expect: regular expression 'a(b': missing closing parenthesis at column 4
7:5: check 'd': no host in 'http:///x'
8:5: check 'e': port must be a number from 1 to 65535 in 'http://x:70000'
9:49: json: JSON Pointer 'status': must be empty or begin with '/' (RFC 6901); did you mean '/status'?
10:42: unknown key 'jsn' in 'expect'; did you mean 'json'?
12:27: check 'i' has two kinds, 'tcp' and 'http'; keep one
13:20: tcp: expected one value (string), not a list
16:5: unknown key 'exepct' in check 'k'; did you mean 'expect'?
17:1: unknown key 'default'; did you mean 'defaults'?
18:12: unknown key 'timeot' in 'defaults'; did you mean 'timeout'?
4:5: a check called 'a' is already at sre-toolkit.yaml:2:5; give one of them another name
11:5: check 'h': warning: kind 'tcp' measures no 'total_second'; did you mean 'total_seconds'?
'''


def test_all_errors_at_once(check, toolkit):
    done = check(WRONG)
    wanted = {f'sre-toolkit: sre-toolkit.yaml:{line}' for line in ERRORS.splitlines()}
    assert (done.exit_code, done.stdout) == (2, '')
    assert set(done.stderr.splitlines()) == wanted
    assert len(done.stderr.splitlines()) == len(wanted)
    for args in (['check'], ['config', 'show'], ['check', 'local:']):  # nothing starts
        again = toolkit(*args)
        assert (again.exit_code, again.stdout, again.stderr) == (2, '', done.stderr)


def test_errors_in_the_log(check):
    done = check('checks: [{tcp: "a"}]\n', '--log-format', 'json')
    line = json.loads(done.stderr)
    assert (done.exit_code, line['level'], line['message']) == (2, 'error', "sre-toolkit.yaml:1:10: checks[0]: no port in 'tcp://a'")


def test_more_errors_than_anyone_reads(check):
    done = check(''.join(f'wrong-{i}: 1\n' for i in range(1000)))
    lines = done.stderr.splitlines()
    assert done.exit_code == 2
    assert 10 < len(lines) <= 101
    assert lines[0] == "sre-toolkit: sre-toolkit.yaml:1:1: unknown key 'wrong-0'"
    assert lines[-1] == f'sre-toolkit: and {1000 - len(lines) + 1} more errors'


@pytest.mark.parametrize('depends_on, errors', [
    ('[a]', []),
    ('[zz]', ["1:33: check 'b' depends on 'zz', and there is no such check"]),
])
def test_dependencies(check, depends_on, errors):
    done = check(f'checks: [{{name: a, tcp: "x:1"}}, {{name: b, tcp: "x:2", depends_on: {depends_on}}}]\n')
    assert done.stderr == ''.join(f'sre-toolkit: sre-toolkit.yaml:{error}\n' for error in errors)
    assert done.exit_code == (2 if errors else 0)


def test_keys_of_ones_own(check):
    """x-... is for anchors and notes."""
    done = check('x-common: &common {timeout: 3s, tags: [a]}\nchecks:\n  - {<<: *common, name: a, tcp: "x:1"}\n')
    assert (done.exit_code, done.stderr) == (0, '')


# --- show -----------------------------------------------------------------------------------------

def test_show(values):
    found = values('defaults: {timeout: 3s}\nchecks:\n  - {name: a, tcp: "x:1", tags: [t, u], labels: {team: web}}\n')
    assert found == {
        'ssh.transport': ('auto', 'default'),
        'defaults.interval': ('30s', 'default'), 'defaults.timeout': ('3s', 'sre-toolkit.yaml:1:21'),
        'defaults.attempts': ('1', 'default'), 'defaults.recover': ('1', 'default'),
        'checks[0].name': ('a', 'sre-toolkit.yaml:3:12'), 'checks[0].tcp': ('x:1', 'sre-toolkit.yaml:3:20'),
        'checks[0].tags[0]': ('t', 'sre-toolkit.yaml:3:34'), 'checks[0].tags[1]': ('u', 'sre-toolkit.yaml:3:37'),
        'checks[0].labels.team': ('web', 'sre-toolkit.yaml:3:56'), 'checks[0].ip_family': ('any', 'default'),
        'alerts.suppression_minutes': ('15', 'default'), 'alerts.keep': ('90d', 'default'),
        'alerts.give_up.critical': ('1d', 'default'), 'alerts.give_up.warning': ('6h', 'default'),
        'alerts.give_up.info': ('1h', 'default')}


def test_show_without_a_configuration(values):
    assert {origin for _, origin in values(None).values()} == {'default'}


def test_secrets_are_masked(toolkit, values):
    (toolkit.home / 'token').write_text('t0k3n-in-a-file\n')
    found = values('''\
checks:
  - {name: a, http: "http://sre:p4ss-in-url@x/", proxy: "http://me:p4ss-of-proxy@y:3128", password: p4ss-written, username: u}
  - {name: b, http: "http://x/", bearer_token: "${file:token}"}
  - {name: c, http: "http://x/", password: "${P4SS}", username: "${WHO:-nobody}"}
''', env={'P4SS': 'p4ss-in-env'})
    text = json.dumps(found)
    for secret in ('p4ss-', 't0k3n'):
        assert secret not in text
    assert found['checks[0].http'][0] == 'http://sre:***@x/'
    assert found['checks[0].proxy'][0] == 'http://me:***@y:3128'
    assert found['checks[0].password'] == ('***', 'sre-toolkit.yaml:2:101')
    assert found['checks[1].bearer_token'][0] == '***'
    assert found['checks[2].password'][0] == '***'
    assert found['checks[2].username'][0] == '${WHO:-nobody}'


@pytest.mark.parametrize('output', ['text', 'json', 'csv', 'junit', 'prometheus', 'nagios'])
def test_secrets_are_not_in_results(toolkit, echo, output):
    (toolkit.home / 'token').write_text('t0k3n\n')
    url = f'http://sre:p4ss-in-url@127.0.0.1:{echo.ports["refused"]}/'
    toolkit.config(f'''\
checks:
  - {{http: "{url}"}}
  - {{name: b, http: "{url.replace('sre:p4ss-in-url@', '')}", bearer_token: "${{file:token}}"}}
''')
    done = toolkit('check', '-vv', '--output', output, '--report', toolkit.home / 'report')
    text = done.stdout + done.stderr + (toolkit.home / 'report').read_text()
    assert done.exit_code == (2 if output == 'nagios' else 1)
    assert 'connection refused' in text
    assert 'p4ss' not in text and 't0k3n' not in text


# --- ${...} ---------------------------------------------------------------------------------------

def checked_names(toolkit, **options):
    return [result['name'] for result in toolkit('check', '--output', 'json', **options).json['results']]


def test_environment(toolkit, echo):
    toolkit.config('checks: [{name: "${NAME}-${REST:-none}", tcp: "127.0.0.1:${PORT}"}]\n')
    port = {'PORT': echo.ports['echo']}
    assert checked_names(toolkit, env={'NAME': 'a', **port}) == ['a-none']
    assert checked_names(toolkit, env={'NAME': 'a', 'REST': 'b c', **port}) == ['a-b c']
    assert checked_names(toolkit, env={'NAME': '', 'REST': '', **port}) == ['-none']
    assert checked_names(toolkit, env={'NAME': '${HOME}', **port}) == ['${HOME}-none']  # once is enough


def test_file(toolkit, echo):
    folder = toolkit.home / 'secrets'
    folder.mkdir()
    (folder / 'name').write_text('from a file\r\n\n')
    (folder / 'absolute').write_text('absolute')
    path = folder / 'sre.yaml'
    path.write_text(f'checks:\n  - {{name: "${{file:name}}", tcp: "127.0.0.1:{echo.ports["echo"]}"}}\n'
                    f'  - {{name: "${{file:{folder}/absolute}} $${{NAME}}", tcp: "127.0.0.1:{echo.ports["banner"]}"}}\n')
    done = toolkit('check', '--config', path, '--output', 'json')
    assert [result['name'] for result in done.json['results']] == ['from a file', 'absolute ${NAME}']


@pytest.mark.parametrize('text, error', [
    ('${NOPE}', 'the environment variable NOPE is not set; set it, or write ${NOPE:-default}'),
    ('${file:nope}', "${file:nope}: cannot read 'nope': No such file or directory"),
    ('${file:.}', "${file:.}: cannot read '.': it is a directory"),
    ('${file:}', '${file:} names no file'),
    ('${a b}', "'${a b}' is not ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for a '${' that is meant as it stands"),
    ('${A', "'${' without '}' after it; write $${ for a '${' that is meant as it stands"),
])
def test_references_to_nothing(check, text, error):
    done = check(f'checks: [{{tcp: "{text}:1"}}]\n')
    assert (done.exit_code, done.stderr) == (2, f'sre-toolkit: sre-toolkit.yaml:1:16: tcp: {error}\n')


def test_values_from_outside_are_checked_too(check):
    done = check('checks: [{tcp: "a:1", timeout: "${T}"}]\n', env={'T': '-5s'})
    assert done.stderr == ("sre-toolkit: sre-toolkit.yaml:1:32: timeout: duration '-5s': must not be negative; "
                           'write it like 500ms, 30s, 5m or 1h30m\n')


# --- includes -------------------------------------------------------------------------------------

def test_includes(toolkit, values):
    (toolkit.home / 'more').mkdir()
    (toolkit.home / 'more/a.yaml').write_text('checks:\n  - {name: a, tcp: "x:1"}\n')
    (toolkit.home / 'more/b.yaml').write_text('include: ../other.yaml\nchecks: [{name: b, tcp: "x:2"}]\n')
    (toolkit.home / 'other.yaml').write_text('defaults: {timeout: 7s}\n')
    found = values('include: ["more/*.yaml"]\nchecks:\n  - {name: main, tcp: "x:9"}\n')
    assert found['defaults.timeout'] == ('7s', 'more/../other.yaml:1:21')
    names = {value: origin for path, (value, origin) in found.items() if path.endswith('.name')}
    assert names == {'main': 'sre-toolkit.yaml:3:12', 'a': 'more/a.yaml:2:12', 'b': 'more/b.yaml:2:17'}


def test_errors_in_included_files(toolkit, check):
    (toolkit.home / 'a.yaml').write_text('checks:\n  - {name: a, tcp: "x"}\n')
    (toolkit.home / 'b.yaml').write_text('chekcs: []\n')
    done = check('include: [a.yaml, b.yaml]\ndefault: {}\n')
    assert done.exit_code == 2
    assert set(done.stderr.splitlines()) == {
        "sre-toolkit: a.yaml:2:5: check 'a': no port in 'tcp://x'",
        "sre-toolkit: b.yaml:1:1: unknown key 'chekcs'; did you mean 'checks'?",
        "sre-toolkit: sre-toolkit.yaml:2:1: unknown key 'default'; did you mean 'defaults'?"}


@pytest.mark.parametrize('include, error', [
    ('[nope.yaml]', "1:11: include: cannot read 'nope.yaml': No such file or directory"),
    ('[.]', "1:11: include: cannot read '.': it is a directory"),
    ('sre-toolkit.yaml', '1:10: include: files include each other: sre-toolkit.yaml -> sre-toolkit.yaml'),
])
def test_includes_of_nothing(check, include, error):
    done = check(f'include: {include}\n')
    assert (done.exit_code, done.stderr) == (2, f'sre-toolkit: sre-toolkit.yaml:{error}\n')


def test_the_same_value_twice(toolkit, check):
    (toolkit.home / 'other.yaml').write_text('defaults: {timeout: 7s}\n')
    done = check('include: other.yaml\ndefaults: {timeout: 8s}\n')
    assert done.exit_code == 2
    assert 'other.yaml:1:' in done.stderr and 'sre-toolkit.yaml:2:' in done.stderr and done.stderr.count('\n') == 1


def test_what_is_right_for_programs(toolkit, check):
    done = check('checks: [{name: a, tcp: "a:1"}]\n', '--output', 'json')
    assert (done.exit_code, done.stderr) == (0, ''), done
    assert (done.json['checks'], done.json['receivers']) == (1, 0)
    assert done.json['file'].endswith('sre-toolkit.yaml')


# --- where it is found ----------------------------------------------------------------------------

def which(toolkit, *flags, **options):
    """The file that `config check` found."""
    done = toolkit('config', 'check', *flags, **options)
    assert (done.exit_code, done.stderr) == (0, ''), done
    return done.stdout.partition(': configuration OK')[0]


def test_search_order(toolkit):
    home = toolkit.home
    for path in ('given.yaml', 'named.yaml', 'sre-toolkit.yaml', 'xdg/sre-toolkit/config.yaml', '.config/sre-toolkit/config.yaml'):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text('checks: []\n')
    env = {'SRE_TOOLKIT_CONFIG': home / 'named.yaml', 'XDG_CONFIG_HOME': home / 'xdg'}
    assert which(toolkit, '--config', 'given.yaml', env=env) == 'given.yaml'
    assert which(toolkit, env=env) == str(home / 'named.yaml')
    env['SRE_TOOLKIT_CONFIG'] = None
    assert which(toolkit, env=env) == 'sre-toolkit.yaml'
    (home / 'sre-toolkit.yaml').unlink()
    assert which(toolkit, env=env) == str(home / 'xdg/sre-toolkit/config.yaml')
    env['XDG_CONFIG_HOME'] = None
    assert which(toolkit, env=env) == str(home / '.config/sre-toolkit/config.yaml')


def test_the_machines_configuration(toolkit):
    """In a mount namespace with an /etc of its own."""
    words = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs etc /etc && mkdir /etc/sre-toolkit && '
             'echo "checks: []" >/etc/sre-toolkit/config.yaml && exec "$@"', 'sh']
    if not can_have_own_mounts():
        pytest.skip('needs root, and no chroot')
    assert which(toolkit, in_front=words) == '/etc/sre-toolkit/config.yaml'
    toolkit.config('checks: []\n')
    assert which(toolkit, in_front=words) == 'sre-toolkit.yaml'


def test_no_configuration(toolkit):
    done = toolkit('config', 'check')
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr == ('sre-toolkit config: there is no configuration (looked at --config, $SRE_TOOLKIT_CONFIG, '
                           './sre-toolkit.yaml, ~/.config/sre-toolkit/config.yaml, /etc/sre-toolkit/config.yaml)\n')


@pytest.mark.parametrize('flags, env, error', [
    (['--config', 'nope.yaml'], {}, "configuration 'nope.yaml': No such file or directory"),
    (['--config', '.'], {}, "cannot read '.': it is a directory"),
    ([], {'SRE_TOOLKIT_CONFIG': '/nope.yaml'}, "SRE_TOOLKIT_CONFIG: configuration '/nope.yaml': No such file or directory"),
])
def test_a_named_configuration_must_be_there(toolkit, flags, env, error):
    toolkit.config('checks: []\n')
    done = toolkit('config', 'check', *flags, env=env)
    assert (done.exit_code, done.stdout, done.stderr) == (2, '', f'sre-toolkit: {error}\n')


def test_a_configuration_from_a_pipe(toolkit):
    """One that somebody opens to write later, and one that is there."""
    fifo = toolkit.home / 'fifo'
    os.mkfifo(fifo)
    running = toolkit.start('config', 'check', '--config', fifo)
    fifo.write_text('checks: [{tcp: "a:1"}]\n')  # once it is read
    assert running.ended(10).stdout == f'{fifo}: configuration OK, 1 check\n'
    assert toolkit('config', 'check', '--config', '/dev/stdin', stdin='checks: [{tcp: "a:1"}]\n').stdout == (
        '/dev/stdin: configuration OK, 1 check\n')


def foreign_group():
    """A group that is not private to us, which we may give files to."""
    groups = [gid for gid in os.getgroups() if gid != os.getegid()]
    return 1 if os.geteuid() == 0 else groups[0] if groups else None


def test_a_local_file_that_others_can_write(toolkit):
    """A configuration can name commands."""
    path = toolkit.config('checks: []\n')
    path.chmod(0o666)
    done = toolkit('check', 'local:')
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr == ("sre-toolkit: './sre-toolkit.yaml' is not used: it can be written by everybody; run chmod o-w on it, or "
                           'name the file with --config\n')
    assert which(toolkit, '--config', path) == str(path)
    path.chmod(0o600)
    toolkit.home.chmod(0o777)
    done = toolkit('config', 'check')
    assert done.exit_code == 2
    assert done.stderr == ("sre-toolkit: './sre-toolkit.yaml' is not used: the folder that it is in can be written by everybody; "
                           'run chmod o-w on it, or name the file with --config\n')


def test_a_local_file_that_its_group_can_write(toolkit):
    group = foreign_group()
    if group is None:
        pytest.skip('needs another group')
    path = toolkit.config('checks: []\n')
    os.chown(path, -1, group)
    path.chmod(0o660)
    done = toolkit('config', 'check')
    assert done.exit_code == 2
    assert done.stderr == ("sre-toolkit: './sre-toolkit.yaml' is not used: it can be written by its group; run chmod g-w on it, or "
                           'name the file with --config\n')
    path.chmod(0o640)
    assert which(toolkit) == 'sre-toolkit.yaml'


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root, to give a file away')
def test_a_local_file_of_somebody_else(toolkit):
    path = toolkit.config('checks: []\n')
    os.chown(path, 65534, -1)
    done = toolkit('config', 'check')
    assert done.exit_code == 2
    assert done.stderr == ("sre-toolkit: './sre-toolkit.yaml' is not used: it belongs to another user; name it with --config if you "
                           'trust it\n')


# --- schema ---------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def validator(binary):
    """An independent one: python3-jsonschema."""
    jsonschema = pytest.importorskip('jsonschema')
    schema = json.loads(subprocess.run([binary, 'config', 'schema'], capture_output=True, text=True, check=True).stdout)
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema)


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda path: path.name)
def test_examples(toolkit, validator, path):
    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))] == []
    copy = shutil.copy(path, toolkit.home / 'example.yaml')  # found nowhere else
    done = toolkit('config', 'check', '--config', copy, env=EXAMPLE_SECRETS)
    assert (done.exit_code, done.stderr) == (0, '')
    assert done.stdout.startswith(f'{copy}: configuration OK, ')


def test_there_are_examples():
    assert EXAMPLES != []


@pytest.mark.parametrize('text', [
    '{}', 'checks: []', 'checks:', 'x-mine: {anything: [1, two]}', 'include: a.yaml', 'include: [a.yaml, b/*.yaml]',
    'checks: [{tcp: "a:1", timeout: 3, attempts: "3", tags: one}]', 'checks: [{tcp: "a:1", timeout: "${T}", attempts: "${N:-3}"}]',
    'checks: [{http: "http://a/", expect: {status: [200, 301-308], json: {/a: ok}}, tls: {verify: no}}]',
    'checks: [{exec: [a, b], env: {A: b}}]', 'checks: [{exec: "a b"}]',
    'checks: [{host: "local:", warning: {cpu_percent: 80, "disk_used_percent[/]": "< 5"}}]',
    'servers: {groups: {web: "web-[01-20]", db: [db-01, db-02]}}',
])
def test_the_schema_takes(toolkit, validator, text):
    """What the program takes too, where it can be read at all."""
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []
    (toolkit.home / 'a.yaml').write_text('{}\n')
    toolkit.config(f'{text}\n')
    done = toolkit('config', 'check', env={'T': '3s'})
    assert (done.exit_code, done.stderr) == (0, '')


@pytest.mark.parametrize('text', [
    'chekcs: []', 'checks: {}', '- a', 'checks: [3]', 'checks: [{name: x}]', 'checks: [{tcp: "a:1", nope: 1}]',
    'checks: [{tcp: "a:1", http: "http://a"}]', 'checks: [{tcp: [a]}]', 'checks: [{tcp: "a:1", timeout: -5s}]',
    'checks: [{tcp: "a:1", attempts: 0}]', 'checks: [{tcp: "a:1", attempts: x}]', 'checks: [{tcp: "a:1", tags: {a: b}}]',
    'checks: [{tcp: "a:1", ip_family: ipv5}]', 'checks: [{tcp: "a:1", dialogue: [{snd: a}]}]', 'checks: [{tcp: "a:1", warning: 5}]',
    'checks: [{http: "http://a", expect: {jsn: {}}}]', 'checks: [{http: "http://a", tls: {verify: maybe}}]',
    'defaults: 3', 'defaults: {timeot: 1}', 'servers: {groups: [a]}',
])
def test_the_schema_refuses(toolkit, validator, text):
    """What the program refuses too."""
    assert list(validator.iter_errors(yaml.safe_load(text))) != []
    toolkit.config(f'{text}\n')
    done = toolkit('config', 'check')
    assert (done.exit_code, done.stdout) == (2, '') and done.stderr.startswith('sre-toolkit: sre-toolkit.yaml:1:')


def test_the_schema_explains(validator):
    text = json.dumps(validator.schema)
    assert 'deadline of one attempt' in text  # what editors show
