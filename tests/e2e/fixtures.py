"""What the end-to-end tests stand on: the program (SRE_TOOLKIT_BIN) and real servers.

A server is started when the first test asks for it, and serves all tests of the session; a test that wants to
change one starts its own.  Where a server cannot run, the tests that need it are skipped with the reason.
"""
import os
import pathlib
import signal
import tempfile

import pytest
import servers
from alerts import Alerts
from fleet import Fleet
from toolkit import Toolkit

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_configure():
    # Nobody's proxy, configuration or colours but the tests' own.
    for name in list(os.environ):
        if name.lower().endswith('_proxy') or name.startswith('SRE_') and name != 'SRE_TOOLKIT_BIN':
            del os.environ[name]
    # A shell's background job ignores SIGINT, nohup SIGHUP, and what they start would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def started(cls, *args):
    """For a fixture: the server, started and, at its end, stopped; or the test is skipped."""
    if not cls.exists():
        pytest.skip(f'needs {cls.needs}')
    with cls(*args) as server:
        yield server


@pytest.fixture(scope='session')
def binary():
    path = pathlib.Path(os.environ.get('SRE_TOOLKIT_BIN', ROOT / 'build/dev/sre-toolkit')).absolute()
    if not path.exists():
        pytest.fail(f'{path} does not exist: ./dev build, or set SRE_TOOLKIT_BIN')
    return path


@pytest.fixture
def toolkit(binary, tmp_path):
    """The program: toolkit('check', 'local:').exit_code"""
    home = tmp_path / 'home'
    home.mkdir()
    program = Toolkit(binary, home)
    yield program
    program.end()


@pytest.fixture
def alerts(toolkit):
    """The command `alert`, with a store of its own: see alerts.py.  In memory where there is such a folder: what
    is not synced to a busy disk is quicker there."""
    memory = pathlib.Path('/dev/shm')
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Alerts(toolkit, pathlib.Path(folder) / 'state.db')


@pytest.fixture(scope='session')
def sshd():
    yield from started(servers.Sshd)


@pytest.fixture
def fleet(toolkit, sshd):
    """The command `fleet` on four servers that are one sshd, with a store of its own: see fleet.py."""
    return Fleet(toolkit, sshd)


@pytest.fixture(scope='session')
def pki():
    yield from started(servers.Pki)


@pytest.fixture(scope='session')
def nginx(pki):
    yield from started(servers.Nginx, pki)


@pytest.fixture(scope='session')
def echo():
    yield from started(servers.EchoServer)


@pytest.fixture(scope='session')
def smtp(pki):
    yield from started(servers.SmtpServer, pki)


@pytest.fixture
def dns():
    """Knows no name until a test puts some into its table."""
    yield from started(servers.DnsServer)


@pytest.fixture
def forward_proxy():
    yield from started(servers.ForwardProxy)


@pytest.fixture
def filesystem():
    yield from started(servers.Filesystem)


@pytest.fixture
def receiver():
    """Takes anything, and goes wrong as it is told."""
    yield from started(servers.Receiver)


@pytest.fixture
def slack():
    yield from started(servers.Slack)


@pytest.fixture
def pagerduty():
    yield from started(servers.PagerDuty)


@pytest.fixture
def discord():
    yield from started(servers.Discord)


@pytest.fixture
def teams():
    yield from started(servers.Teams)


@pytest.fixture
def ntfy():
    yield from started(servers.Ntfy)


@pytest.fixture
def opsgenie():
    yield from started(servers.Opsgenie)


@pytest.fixture
def webhook():
    yield from started(servers.Webhook)


@pytest.fixture
def exim(pki):
    """Wants nothing but mail; others are made with servers.Exim(pki, ...)."""
    yield from started(servers.Exim, pki)


@pytest.fixture
def smtp_sink(pki):
    yield from started(servers.SmtpSink, pki['good'])


@pytest.fixture
def alertmanager():
    yield from started(servers.Alertmanager)


@pytest.fixture
def alertmanager_api():
    yield from started(servers.AlertmanagerApi)


@pytest.fixture(scope='session')
def boxes():
    """None is up until a test says so; those that are up stay."""
    yield from started(servers.Boxes)


@pytest.fixture(scope='session')
def ipv6():
    """For tests that need ::1."""
    if not servers.base.has_ipv6():
        pytest.skip('this machine has no ::1')
