"""libcurl is loaded by what needs it, and only then; without it the rest of the program works."""
import json
import re

import pytest

MISSING = "cannot load 'libcurl.so.4' (libcurl), which is needed for URLs and HTTP: "


def loads_libcurl(done):
    """As the dynamic linker tells it: LD_DEBUG=files."""
    assert 'calling init: ' in done.stderr, done
    return re.search(r'calling init: \S*/libcurl\.so\.4', done.stderr) is not None


@pytest.fixture
def without_libcurl(toolkit):
    """The environment of a machine whose libcurl cannot be loaded."""
    folder = toolkit.home / 'broken'
    folder.mkdir()
    (folder / 'libcurl.so.4').touch()
    return {'LD_LIBRARY_PATH': str(folder)}


def test_what_needs_none_loads_none(toolkit, fleet):
    debugging = {'LD_DEBUG': 'files'}
    for args in (['--version'], ['--help'], ['check', 'local:']):
        done = toolkit(*args, env=debugging)
        assert done.exit_code in (0, 1) and not loads_libcurl(done), done.command
    for transport in ('native', 'openssh'):
        done = fleet.on('web-01', 'true', '--transport', transport, env=debugging)
        assert done.exit_code == 0 and not loads_libcurl(done), transport


def test_a_request_loads_it(toolkit, nginx):
    done = toolkit('check', nginx.url('/text'), env={'LD_DEBUG': 'files'})
    assert done.exit_code == 0 and loads_libcurl(done)


def test_nothing_else_misses_it(toolkit, fleet, without_libcurl):
    assert toolkit('--version', env=without_libcurl).exit_code == 0
    assert fleet.on('web-01', 'true', env=without_libcurl).exit_code == 0


def test_a_check_that_misses_it(toolkit, nginx, without_libcurl):
    done = toolkit('check', nginx.url('/text'), env=without_libcurl)
    assert (done.exit_code, done.stdout) == (2, '')
    assert MISSING in done.stderr and done.stderr.count('\n') == 1


@pytest.mark.parametrize('kind,address', [
    ('webhook', 'https://hooks.example/s3cret'),
    ('slack', 'https://hooks.slack.com/services/T1/B1/s3cret'),
    ('discord', 'https://discord.com/api/webhooks/1/s3cret'),
    ('ntfy', 'https://ntfy.example/s3cret'),
    ('alertmanager', 'https://alertmanager.example'),
])
def test_a_receiver_that_misses_it(toolkit, without_libcurl, kind, address):
    path = toolkit.config(json.dumps({'alerts': {'receivers': [{'name': 'us', kind: address}]}}))
    done = toolkit('config', 'check', '--config', path, env=without_libcurl)
    assert done.exit_code == 2
    assert MISSING in done.stderr
    assert 's3cret' not in done.stdout + done.stderr
