"""The servers of the tests do what they say, as other clients see it: curl, openssl, dig's protocol, Python.
What stands on them can be believed then."""
import json
import os
import pathlib
import shutil
import signal
import smtplib
import socket
import ssl
import struct
import subprocess
import tempfile
import time

import pytest
import servers
from servers.base import NOBODY, can_be_nobody, can_have_own_mounts, has_ipv6
from servers.nginx import CERTIFICATES


def curl(*args):
    """What curl says: (exit status, stdout)."""
    done = subprocess.run(['curl', '-sS', '--noproxy', '', '--max-time', '60', *map(str, args)], capture_output=True)
    return done.returncode, done.stdout


def fetched(*args):
    status, body = curl(*args)
    assert status == 0
    return body.decode('latin-1')


def status_of(*args):
    return fetched('-o', '/dev/null', '-w', '%{http_code} %{http_version}', *args)


def connect(port, host='127.0.0.1'):
    return socket.create_connection((host, port), timeout=60)


# --- certificates ---------------------------------------------------------------------------------

@pytest.mark.parametrize('name, verdict', [
    ('good', 'OK'), ('client', 'OK'), ('expires_soon', 'OK'), ('short_chain', 'OK'), ('wrong_name', 'OK'),
    ('expired', 'certificate has expired'), ('not_yet_valid', 'certificate is not yet valid'),
    ('self_signed', 'self-signed certificate'), ('untrusted', 'unable to get local issuer certificate'),
    ('missing_intermediate', 'unable to get local issuer certificate')])
def test_certificates(pki, name, verdict):
    done = subprocess.run(['openssl', 'verify', '-CAfile', pki.root.cert, '-untrusted', pki[name].chain, pki[name].cert],
                          capture_output=True, text=True)
    assert verdict in done.stdout + done.stderr


@pytest.mark.parametrize('name, days', [('good', 90), ('expires_soon', 5), ('expired', -1)])
def test_when_certificates_end(pki, name, days):
    done = subprocess.run(['openssl', 'x509', '-noout', '-enddate', '-in', pki[name].cert], capture_output=True, text=True)
    left = ssl.cert_time_to_seconds(done.stdout.strip().partition('=')[2]) - time.time()
    assert days - 0.1 < left / 86400 <= days


# --- nginx ----------------------------------------------------------------------------------------

def test_nginx_serves_plain_http(nginx):
    assert fetched(nginx.url()) == 'it works\n'
    assert status_of(nginx.url()) == '200 1.1'


def test_nginx_serves_ipv6(nginx, ipv6):
    assert 'server=::1' in fetched(nginx.url('/who', host='[::1]'))


def test_nginx_serves_http2(nginx, pki):
    assert status_of('--cacert', pki.root.cert, nginx.url(name='good')) == '200 2'
    assert status_of('--cacert', pki.root.cert, nginx.url(name='http1')) == '200 1.1'
    assert status_of('--http2-prior-knowledge', nginx.url(name='h2c')) == '200 2'


@pytest.mark.parametrize('name', CERTIFICATES)
def test_nginx_sends_each_certificate(nginx, pki, name):
    done = subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{nginx.ports[name]}', '-CAfile', pki.root.cert,
                           '-verify_hostname', 'good.test', '-showcerts'], input='', capture_output=True, text=True)
    verdict = {'expired': 'certificate has expired', 'not_yet_valid': 'certificate is not yet valid',
               'self_signed': 'self-signed certificate', 'untrusted': 'unable to verify the first certificate',
               'missing_intermediate': 'unable to verify the first certificate', 'wrong_name': 'hostname mismatch'}
    assert verdict.get(name, 'Verify return code: 0 (ok)').lower() in done.stdout.lower()
    assert done.stdout.count('BEGIN CERTIFICATE') == pki[name].chain.read_text().count('BEGIN CERTIFICATE')


def test_nginx_wants_a_client_certificate(nginx, pki):
    def status(*args):
        return status_of('--cacert', pki.root.cert, *args, nginx.url(name='mtls'))
    assert status() == '400 2'
    assert status('--cert', pki['client'].chain, '--key', pki['client'].key) == '200 2'
    assert status('--cert', pki['stranger'].chain, '--key', pki['stranger'].key) == '400 2'


@pytest.mark.parametrize('name, version', [('tls12', '1.2'), ('tls13', '1.3')])
def test_nginx_speaks_one_tls_version(nginx, pki, name, version):
    assert curl('--cacert', pki.root.cert, f'--tlsv{version}', '--tls-max', version, nginx.url(name=name))[0] == 0
    other = ['--tlsv1.3'] if version == '1.2' else ['--tlsv1.2', '--tls-max', '1.2']
    assert curl('--cacert', pki.root.cert, *other, nginx.url(name=name))[0] == 35


@pytest.mark.parametrize('status', [200, 201, 204, 299, 300, 301, 304, 307, 404, 418, 451, 500, 503, 599])
def test_nginx_answers_with_a_status(nginx, status):
    assert status_of(nginx.url(f'/status/{status}')) == f'{status} 1.1'


def test_nginx_hangs_up(nginx):
    assert curl(nginx.url('/status/444'))[0] == 52


def test_nginx_redirects(nginx):
    assert fetched('-L', nginx.url('/redirect/5')) == 'the end\n'
    assert fetched('-L', '--max-redirs', '30', '-o', '/dev/null', '-w', '%{num_redirects}', nginx.url('/redirect/30')) == '30'
    assert curl('-L', '--max-redirs', '10', nginx.url('/redirect/loop'))[0] == 47
    assert fetched('-L', nginx.url('/redirect/to?url=' + nginx.url('/text'))).startswith('service is healthy')
    assert curl('-L', nginx.url('/redirect/nowhere'))[0] in (1, 7)


def test_nginx_authenticates(nginx):
    assert status_of(nginx.url('/basic')) == '401 1.1'
    assert fetched('-u', f'{nginx.username}:{nginx.password}', nginx.url('/basic')) == 'welcome\n'
    assert status_of('-u', f'{nginx.username}:wrong', nginx.url('/basic')) == '401 1.1'
    assert status_of(nginx.url('/bearer')) == '401 1.1'
    assert fetched('-H', f'Authorization: Bearer {nginx.token}', nginx.url('/bearer')) == 'welcome\n'


def test_nginx_has_documents(nginx):
    assert json.loads(fetched(nginx.url('/json')))['checks']['db']['healthy'] is True
    with pytest.raises(ValueError):
        json.loads(fetched(nginx.url('/json/broken')))
    head = fetched('-D', '-', '-o', '/dev/null', nginx.url('/headers'))
    assert 'X-Version: 1.2.3\r\n' in head and head.count('X-Twice: ') == 2


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
def test_nginx_echoes_the_request(nginx, method):
    seen = json.loads(fetched('-X', method, '-H', 'X-Test: 1 2', '-d', 'a body', nginx.url('/echo?q=1')))
    assert seen['method'] == method
    assert seen['path'] == '/echo?q=1'
    assert ['X-Test', '1 2'] in seen['headers']
    assert seen['body'] == 'a body'


def test_nginx_is_slow_when_asked(nginx):
    began = time.monotonic()
    assert fetched(nginx.url('/slow/300')) == 'slow, but here\n'
    assert time.monotonic() - began >= 0.3
    assert curl('--max-time', '0.3', nginx.url('/never'))[0] == 28
    assert fetched(nginx.url('/drip/3/10')).count('\n') == 3


def test_nginx_has_bodies_of_any_size(nginx):
    assert len(fetched(nginx.url('/bytes/5000000'))) == 5000000
    assert len(fetched(nginx.url('/stream/1234567'))) == 1234567
    assert curl('--max-time', '0.5', '-o', '/dev/null', nginx.url('/endless'))[0] == 28
    assert curl(nginx.url('/binary'))[1] == bytes(range(256))
    assert curl(nginx.url('/cut'))[0] == 18


def test_nginx_compresses(nginx):
    assert fetched(nginx.url('/gzip')) == 'compressed, and well\n'
    assert fetched('--compressed', nginx.url('/gzip')) == 'compressed, and well\n'
    assert curl('-H', 'Accept-Encoding: gzip', nginx.url('/gzip'))[1][:2] == b'\x1f\x8b'


def test_nginx_reloads_and_logs(pki):
    with servers.Nginx(pki) as nginx:
        (nginx.dir / 'welcome').write_text('welcome\n')
        config = nginx.dir / 'locations'
        config.write_text(config.read_text().replace('it works', 'it changed'))
        assert fetched(nginx.url()) == 'it works\n'
        nginx.reload()
        servers.base.wait_until(lambda: fetched(nginx.url()) == 'it changed\n', 60, 'the new configuration')
        nginx.wait_for_access('"GET /" 200 from=127.0.0.1')
        left = nginx.dir, nginx.process.pid
    assert not left[0].exists()
    assert not os.path.exists(f'/proc/{left[1]}')


@pytest.mark.skipif(not can_be_nobody(), reason='needs root, and a / that others may enter')
def test_nginx_runs_for_anybody():
    """As a user without rights, who may not be able to read this folder: from a copy."""
    with tempfile.TemporaryDirectory() as copy:
        os.chmod(copy, 0o755)
        shutil.copytree(pathlib.Path(__file__).parent / 'servers', f'{copy}/tests/e2e/servers')
        process = subprocess.Popen([*NOBODY, 'env', 'HOME=/tmp',
                                    '/usr/bin/python3', '-B', '-m', 'tests.e2e.servers', 'nginx'],
                                   cwd=copy, text=True, stdout=subprocess.PIPE)
        try:
            url = next(line for line in process.stdout if line.startswith('http ')).split()[1]
            assert fetched(url) == 'it works\n'
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


# --- TCP ------------------------------------------------------------------------------------------

def lines_of(sock):
    with sock, sock.makefile('rb') as file:
        return file.read()


@pytest.mark.parametrize('host', ['127.0.0.1', '::1'])
def test_echo_modes(echo, host):
    if host == '::1' and not has_ipv6():
        pytest.skip('this machine has no ::1')
    with connect(echo.ports['echo'], host) as sock:
        sock.sendall(b'hello\nagain\n')
        assert sock.recv(100).startswith(b'hello\n')
    with connect(echo.ports['greeter'], host) as sock, sock.makefile('rwb') as file:
        assert file.readline() == b'WHO ARE YOU?\r\n'
        file.write(b'HELLO you\r\nEH?\r\nQUIT\r\n')
        file.flush()
        assert file.read() == b'WELCOME you\r\nWHAT?\r\nBYE\r\n'
    assert connect(echo.ports['banner'], host).recv(3) == b'220'
    assert lines_of(connect(echo.ports['drip'], host)) == b'220 ready when you are\r\n'
    assert lines_of(connect(echo.ports['close'], host)) == b''
    with pytest.raises(ConnectionResetError):
        sock = connect(echo.ports['reset'], host)
        while sock.recv(100):
            pass
    with pytest.raises(ConnectionRefusedError):
        connect(echo.ports['refused'], host)


def test_echo_never_ends(echo):
    with connect(echo.ports['garbage']) as sock:
        got = b''
        while len(got) < 1_000_000:
            got += sock.recv(65536)
    assert b'\n' not in got


@pytest.mark.parametrize('name', ['silent', 'stuck'])
def test_echo_that_says_nothing(echo, name):
    with socket.socket() as sock, pytest.raises(TimeoutError):
        sock.settimeout(0.5)
        sock.connect(('127.0.0.1', echo.ports[name]))
        assert name == 'silent'
        sock.recv(1)


def test_echo_answers_from_a_can(echo):
    with connect(echo.canned(b'HTTP/1.1 200 OK\r\n\r\n')) as sock:
        sock.sendall(b'GET / HTTP/1.1\r\n')
        assert lines_of(sock) == b'HTTP/1.1 200 OK\r\n\r\n'


def test_smtp(smtp, pki):
    with smtplib.SMTP('127.0.0.1', smtp.port, timeout=60) as client:
        client.ehlo('tests')
        assert client.has_extn('starttls')
        context = ssl.create_default_context(cafile=str(pki.root.cert))
        context.check_hostname = False
        client.starttls(context=context)
        client.sendmail('a@good.test', ['b@good.test'], 'Subject: hello\r\n\r\nwell\r\n')
    assert smtp.messages[-1][:2] == ('a@good.test', ['b@good.test'])
    with connect(smtp.port) as sock:
        assert sock.recv(100).startswith(b'220 mail.good.test ESMTP tests')


# --- names ----------------------------------------------------------------------------------------

def ask(dns, name, qtype=1, over='udp', seconds=60):
    """(rcode, truncated?, addresses)"""
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'
    query = struct.pack('!HHHHHH', 4711, 0x0100, 1, 0, 0, 0) + labels + struct.pack('!HH', qtype, 1)
    if over == 'udp':
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(seconds)
            sock.sendto(query, (dns.host, dns.port))
            answer = sock.recv(4096)
    else:
        with connect(dns.port, dns.host) as sock:
            sock.sendall(struct.pack('!H', len(query)) + query)
            answer = sock.recv(4096)[2:]
    ident, flags, _, count = struct.unpack_from('!HHHH', answer)
    assert ident == 4711
    size = 4 if qtype == 1 else 16
    family = socket.AF_INET if qtype == 1 else socket.AF_INET6
    return flags & 15, bool(flags & 0x200), sorted(
        socket.inet_ntop(family, answer[len(query) + i * (12 + size) + 12:][:size]) for i in range(count))


def test_dns():
    table = {'two.test': ['127.0.0.1', '127.0.0.2', '::1'], 'v6.test': ['::1'], 'gone.test': 'nxdomain',
             'broken.test': 'servfail', 'closed.test': 'refused', 'silent.test': 'silent', 'big.test': 'truncated',
             'late.test': ['127.0.0.1']}
    with servers.DnsServer(table, port=0) as dns:
        assert ask(dns, 'two.test') == (0, False, ['127.0.0.1', '127.0.0.2'])
        assert ask(dns, 'two.test', 28) == (0, False, ['::1'])
        assert ask(dns, 'v6.test') == (0, False, [])
        assert ask(dns, 'gone.test')[0] == 3
        assert ask(dns, 'unheard.test')[0] == 3
        assert ask(dns, 'broken.test')[0] == 2
        assert ask(dns, 'closed.test')[0] == 5
        assert ask(dns, 'big.test') == (0, True, [])
        assert ask(dns, 'big.test', over='tcp') == (0, False, ['127.0.0.1'])
        with pytest.raises(TimeoutError):
            ask(dns, 'silent.test', seconds=0.5)
        dns.delays['late.test'] = 0.2
        began = time.monotonic()
        ask(dns, 'late.test')
        assert time.monotonic() - began >= 0.2
        assert 'udp two.test AAAA' in dns.log()


@pytest.mark.skipif(not can_have_own_mounts(), reason='needs root, and no chroot')
def test_dns_for_the_whole_machine(dns):
    """With a resolv.conf of its own, in front of any program."""
    dns.table['host.test'] = ['127.0.0.9']
    done = subprocess.run([*servers.dns.in_front(dns), 'getent', 'ahostsv4', 'host.test'], capture_output=True, text=True)
    assert done.stdout.startswith('127.0.0.9 '), done.stderr


# --- proxies --------------------------------------------------------------------------------------

@pytest.mark.parametrize('scheme', ['http', 'socks5h'])
def test_proxy(nginx, pki, forward_proxy, scheme):
    proxy = f'{scheme}://127.0.0.1:{forward_proxy.port}'
    assert fetched('-x', proxy, nginx.url('/text')).startswith('service is healthy')
    assert fetched('-x', proxy, '--cacert', pki.root.cert, nginx.url(name='good')) == 'it works\n'
    assert f'127.0.0.1:{nginx.ports["good"]}' in forward_proxy.log()
    forward_proxy.names['named.test'] = '127.0.0.1'
    assert 'host=named.test' in fetched('-x', proxy, nginx.url('/who', host='named.test'))


def test_proxy_that_says_no(nginx, forward_proxy):
    forward_proxy.needs_password = True
    assert status_of('-x', forward_proxy.url, nginx.url()) == '407 1.1'
    login = f'{forward_proxy.username}:{forward_proxy.password}'
    assert status_of('-x', forward_proxy.url, '-U', login, nginx.url()) == '200 1.1'
    forward_proxy.refuses = True
    assert curl('-x', forward_proxy.url, '-p', nginx.url())[0] == 56


# --- filesystems ----------------------------------------------------------------------------------

def test_filesystems(filesystem):
    full = os.statvfs(filesystem.full())
    assert full.f_bavail == 0 and full.f_blocks > 0
    none = os.statvfs(filesystem.without_inodes())
    assert none.f_favail == 0 and none.f_files > 0 and none.f_bavail > 0
    with pytest.raises(OSError, match='Read-only'):
        (filesystem.read_only() / 'other').touch()
    with pytest.raises(OSError, match='Read-only'):
        (filesystem.gone_read_only() / 'other').touch()
    (filesystem.healthy() / 'file').touch()


def test_filesystem_that_is_dead(filesystem):
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    path = filesystem.dead()
    child = subprocess.Popen(['stat', '-f', path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.5)
    child.kill()
    assert child.wait(60) == -signal.SIGKILL


def test_filesystem_that_lets_nobody_go(filesystem):
    if not filesystem.can_be_dead():
        pytest.skip('needs /dev/fuse')
    path = filesystem.stuck()
    child = subprocess.Popen(['stat', '-f', path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2):
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
        child.kill()
    filesystem.stop()
    assert child.wait(60) == -signal.SIGKILL


# --- the runner of the program --------------------------------------------------------------------

@pytest.fixture
def shell(tmp_path):
    """The runner, with a program that is known to behave."""
    from toolkit import Toolkit
    program = Toolkit('/bin/sh', tmp_path)
    yield program
    program.end()


def test_runner(shell):
    result = shell('-c', 'cat; echo "$HOME $X"; echo talk >&2; exit 3', stdin='in\n', env={'X': '1'})
    assert (result.exit_code, result.stdout, result.stderr) == (3, f'in\n{shell.home} 1\n', 'talk\n')
    assert shell('-c', "echo '{\"a\": 1}'").json == {'a': 1}


def test_runner_ends_what_hangs(shell):
    from toolkit import Failed
    began = time.monotonic()
    with pytest.raises(Failed, match='still ran after 0.3 s'):
        shell('-c', 'sleep 60', timeout=0.3)
    silent = shell.start('-c', 'exec >&- 2>&-; exec sleep 60')
    while silent._read(30):
        pass
    with pytest.raises(Failed, match='closed its output'):
        silent.ended(0.3)
    assert time.monotonic() - began < 50


def test_runner_sees_findings(shell):
    from toolkit import Failed
    with pytest.raises(Failed, match='sanitizer'):
        shell('-c', 'echo "x.c:3: runtime error: shift" >&2')
    with pytest.raises(Failed, match='sanitizer'):
        shell('-c', 'exit 99')
    with pytest.raises(Failed, match='crashed'):
        shell('-c', 'kill -SEGV $$')


def test_runner_with_a_terminal(shell):
    result = shell('-c', 'stty size; test -t 1 && echo terminal; test -t 2 || echo no terminal >&2', screen=(80, 24))
    assert (result.stdout, result.stderr) == ('24 80\nterminal\n', 'no terminal\n')


def test_runner_knows_the_memory(shell):
    running = shell.start('-c', 'echo ready; exec sleep 60').wait_for('ready')
    servers.base.wait_until(lambda: running.peak_kib > 100, 60, 'the program that the shell becomes')
    assert running.peak_kib < 20_000
    hungry = 'import time; x = b"x" * 100_000_000; del x; print("ready", flush=True); time.sleep(60)'
    assert shell.start('-c', f"exec /usr/bin/python3 -c '{hungry}'").wait_for('ready').peak_kib > 100_000


def test_runner_with_signals(shell):
    running = shell.start('-c', 'trap "echo bye; exit 130" INT; echo ready; while :; do sleep 0.05; done')
    running.wait_for('ready')
    result = running.signal(signal.SIGINT).ended()
    assert (result.exit_code, result.stdout) == (130, 'ready\nbye\n')
