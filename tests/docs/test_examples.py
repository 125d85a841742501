"""Every example that a page shows is run, and does what the page says.

    ```console          each "$ command" succeeds and prints what follows it (see markdown.shape)
    ```console exit=1   the last command ends with that status; exit=1,0: each with its own
    ```console any      depends on the machine: it must end with status 0 or 1; its output is not compared
    ```yaml             a whole configuration, without a mistake
    ```yaml fragment    a part of one; it must be YAML
    ```yaml file=NAME   the console examples of the page find it in a file of that name; other languages too

A ${file:/any/where/slack-webhook} holds what the variable SLACK_WEBHOOK would.

Addresses of pages stand for servers of the tests: see PLACES.
"""
import os
import pathlib
import re
import subprocess

import markdown
import pytest
import yaml
from markdown import ROOT

TIMEOUT_SECONDS = 60

# What the variables of a page hold, where their values must have a shape.
SHAPES = {
    'SLACK_WEBHOOK': 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
    'PAGERDUTY_KEY': '0123456789abcdef0123456789abcdef',
    'WEBHOOK_SECRET': 'whsec_' + 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3',
}


@pytest.fixture
def places(request):
    """A function: text -> {address in a page: address in this test}, for those that the text names."""
    def find(text):
        servers = {'localhost:8080': ('nginx', lambda server: server.ports['http']),
                   'localhost:8443': ('nginx', lambda server: server.ports['good']),
                   'localhost:8444': ('nginx', lambda server: server.ports['expired']),
                   'localhost:8445': ('nginx', lambda server: server.ports['expires_soon']),
                   'localhost:2525': ('smtp', lambda server: server.port),
                   'localhost:7000': ('echo', lambda server: server.ports['greeter']),
                   'localhost:7001': ('echo', lambda server: server.ports['refused']),
                   'localhost:7002': ('echo', lambda server: server.ports['silent'])}
        found = {place: f'localhost:{port(request.getfixturevalue(name))}'
                 for place, (name, port) in servers.items() if place in text}
        if ':/etc/app' in text:  # of servers, which are this machine
            folder = request.getfixturevalue('toolkit').home / 'of-servers'
            folder.mkdir()
            found['/etc/app'] = str(folder)
        return found
    return find


@pytest.fixture
def workshop(toolkit, pki):
    """A folder as a reader has it: `sre-toolkit` in PATH, examples/ and ca.pem beside him."""
    programs = toolkit.home / 'bin'
    programs.mkdir()
    for name in ('sre-toolkit', 'fleet-run'):
        (programs / name).symlink_to(toolkit.binary)
    (toolkit.home / 'examples').symlink_to(ROOT / 'examples')
    (toolkit.home / 'ca.pem').write_bytes(pki.root.cert.read_bytes())
    env = toolkit.environment({'PATH': f'{programs}:{os.environ["PATH"]}', 'TZ': 'UTC', 'USER': 'anna',
                               'XDG_STATE_HOME': str(toolkit.home / 'state')})

    def run(command, given=()):
        return subprocess.run(['bash', '-c', command], cwd=toolkit.home, env={**env, **dict(given)}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
    return run


def replaced(text, pairs):
    for old, new in pairs:
        text = text.replace(old, new)
    return text


@pytest.fixture
def variables(request):
    """A function: text -> the environment that its ${NAMES} need; services are servers of the tests."""
    def find(text):
        given = {name: SHAPES.get(name, 'given') for name in re.findall(r'\$\{([A-Z_]+)\}', text)}
        if 'SLACK_WEBHOOK' in given:
            given['SLACK_WEBHOOK'] = request.getfixturevalue('slack').webhook
        return given
    return find


@pytest.fixture
def ssh_servers(request, toolkit):
    """A function: text -> the environment in which its commands find servers, if it logs in to any: web-01 and
    web-02, whose host keys are known, web-03, whose is not, and db-01, which had another one."""
    def find(text):
        if not re.search(r'sre-toolkit (fleet|copy|check (--\S+ \S+ )*web-) ?|fleet-run ', text):
            return {}
        sshd = request.getfixturevalue('sshd')
        known, ssh_config = toolkit.home / 'known_hosts', toolkit.home / 'ssh_config'
        lines = sshd.known_hosts.read_text().splitlines()
        other = ' '.join(sshd.key.with_suffix('.pub').read_text().split()[:2])
        known.write_text('\n'.join([*lines[:2], f'{lines[3].split()[0]} {other}', '']))
        ssh_config.write_text(sshd.ssh_config.read_text().replace(str(sshd.known_hosts), str(known)))
        (toolkit.home / 'servers.txt').write_text('web-01\nweb-02\n')
        # A store of the test's own: root's default is the system's.
        config = toolkit.config(f'servers: {{groups: {{web: "web-[01-02]"}}}}\nssh: {{config: {ssh_config}}}\n'
                                f'store: {toolkit.home}/state.db\n', name='servers.yaml')
        return {'SRE_TOOLKIT_CONFIG': str(config)}
    return find


@pytest.fixture
def with_secrets(toolkit, variables):
    """A function: text -> the same, with its secret files among the files of the test."""
    def keep(match):
        name = pathlib.Path(match[1]).name
        variable = name.upper().replace('-', '_')
        secret = toolkit.home / f'secret-{name}'
        secret.write_text(variables('${%s}' % variable)[variable] + '\n')
        secret.chmod(0o600)
        return '${file:%s}' % secret

    def find(text):
        return re.sub(r'\$\{file:([^}]*)\}', keep, text)
    return find


@pytest.mark.parametrize('block', markdown.blocks('console'), ids=str)
def test_console(block, workshop, places, variables, with_secrets, ssh_servers, toolkit):
    files = {other.word('file'): other.text for other in markdown.blocks('yaml', 'jsonl', 'sh')
             if other.path == block.path and other.word('file')}
    here = places(block.text + ''.join(files.values()))
    for name, text in files.items():
        # A store of the test's own: root's default is the system's.
        own_store = f'store: {toolkit.home}/state.db\n' if text.startswith('alerts:') else ''
        (toolkit.home / name).write_text(with_secrets(replaced(text, here.items())) + own_store)
    given = {**ssh_servers(block.text), **variables(''.join(files.values()))}
    commands = markdown.commands_of(block)
    for number, (command, expected) in enumerate(commands, 1):
        done = workshop(replaced(command, here.items()), given)
        printed = replaced(done.stdout + done.stderr, [(new, old) for old, new in here.items()])
        if block.word('any') is not None:
            assert done.returncode in (0, 1), printed
            continue
        exits = (block.word('exit') or '0').split(',')
        wanted = int(exits[number - 1 if len(exits) > 1 else 0]) if len(exits) > 1 or number == len(commands) else 0
        assert done.returncode == wanted, f'$ {command}\n{printed}'
        assert markdown.matches(expected, printed), f'$ {command}\nshown:\n{expected}\nprinted:\n{printed}'


@pytest.mark.parametrize('block', markdown.blocks('yaml', 'yml'), ids=str)
def test_yaml(block, with_secrets, toolkit):
    yaml.safe_load(block.text)
    if block.word('fragment') is not None:
        return
    given = {name: SHAPES.get(name, 'given') for name in re.findall(r'\$\{([A-Z_]+)\}', block.text)}
    result = toolkit('config', 'check', '--config', toolkit.config(with_secrets(block.text)), env=given)
    assert result.exit_code == 0, result


@pytest.mark.parametrize('block', markdown.blocks('sh', 'bash', 'shell', ''), ids=str)
def test_what_is_not_run_shows_no_example(block):
    """An example of the program belongs into a console block, where it is run."""
    assert not re.search(r'^(\$ )?(sre-toolkit|\./dev run check)\b', block.text, re.MULTILINE)
