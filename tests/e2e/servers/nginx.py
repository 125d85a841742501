"""nginx, as it is in production: HTTP/1.1 and 2, TLS with every certificate of the Pki, mutual TLS."""
import os
import shutil
import signal
import subprocess

from .backend import Backend
from .base import START_SECONDS, ProcessServer, has_ipv6, wait_until
from .pki import Pki

# Each certificate is served on a port of its own; the rest are ways of serving `good`.
CERTIFICATES = ('good', 'expired', 'not_yet_valid', 'self_signed', 'untrusted', 'wrong_name',
                'missing_intermediate', 'expires_soon', 'short_chain')
VARIANTS = {
    'http': '',  # the only one without TLS, but for h2c
    'h2c': '',  # HTTP/2 in the clear, by prior knowledge
    'http1': '',  # TLS without HTTP/2
    'tls12': 'ssl_protocols TLSv1.2;',
    'tls13': 'ssl_protocols TLSv1.3;',
    'mtls': 'ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {root};',
}

USERNAME, PASSWORD, TOKEN = 'sre', 'open sesame', 'let-me-in'

JSON = '''{"status": "ok", "count": 3, "ratio": 0.5, "enabled": true, "nothing": null,
 "checks": {"db": {"healthy": true, "latency_ms": 12.5}, "queue": {"healthy": false, "length": 170}},
 "items": ["first", "second", {"name": "third"}], "a/b": 1, "m~n": 2, "": "empty key", "caf\\u00e9": "\\u2713"}
'''

CONFIG = '''
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
worker_processes 1;
{user}
events {{ worker_connections 4096; }}
http {{
    default_type text/plain;
    server_tokens off;
    log_format e2e '$server_port $server_protocol "$request_method $request_uri" $status '
                   'from=$remote_addr host=$http_host sni=$ssl_server_name tls=$ssl_protocol '
                   'client=$ssl_client_s_dn agent="$http_user_agent"';
    access_log {dir}/access.log e2e;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Accept-Encoding $http_accept_encoding;
    proxy_buffering off;
    proxy_read_timeout 1h;
{servers}
}}
'''

LOCATIONS = '''
location = / { return 200 "it works\\n"; }
location = /text { return 200 "service is healthy\\nqueue length: 17\\nversion 1.2.3\\n"; }
location = /who { return 200 "host=$http_host server=$server_addr port=$server_port remote=$remote_addr protocol=$server_protocol client=$ssl_client_s_dn\\n"; }
location = /headers { add_header X-Version 1.2.3; add_header X-Twice one; add_header X-Twice two;
                      add_header Content-Security-Policy "default-src 'self'"; return 200 "see the headers\\n"; }
location = /json { default_type application/json; alias %(dir)s/document.json; }
location = /json/broken { default_type application/json; return 200 "{\\"status\\": "; }
location = /basic { auth_basic "tests"; auth_basic_user_file %(dir)s/htpasswd; alias %(dir)s/welcome; }
location = /bearer { if ($http_authorization != "Bearer %(token)s") { return 401; } return 200 "welcome\\n"; }
location = /redirect/loop { return 302 /redirect/loop; }
location = /redirect/to { return 302 $arg_url; }
location = /redirect/nowhere { return 302 "ftp://127.0.0.1/"; }
location = /redirect/0 { return 200 "the end\\n"; }
location = /redirect/method/301 { return 301 /echo; }
location = /redirect/method/303 { return 303 /echo; }
location = /redirect/method/307 { return 307 /echo; }
%(redirects)s
%(statuses)s
location ~ ^/(echo|slow|drip|never|bytes|stream|endless|binary|gzip|cut)(/|$) {
    proxy_pass http://127.0.0.1:%(backend)d;
}
'''

REDIRECTS = range(1, 31)
# 444 is nginx's own: it closes the connection without an answer.
STATUSES = [status for status in range(200, 600) if status != 499]


def status_location(status):
    if status in (301, 302, 303, 307, 308):
        return f'location = /status/{status} {{ return {status} /; }}'
    text = '' if status in (204, 304, 444) else f' "status {status}\\n"'
    return f'location = /status/{status} {{ return {status}{text}; }}'


class Nginx(ProcessServer):
    """ports: name -> port, for 'http', 'h2c', 'http1', 'tls12', 'tls13', 'mtls', and one for each certificate of
    CERTIFICATES.  url(path, name) makes URLs.  What a path does stands in LOCATIONS and in backend.py."""
    needs = 'nginx and openssl'
    username, password, token = USERNAME, PASSWORD, TOKEN

    def __init__(self, pki=None):
        super().__init__()
        self.pki = pki
        self._own_pki = None
        self.backend = Backend()
        self.ports = {}

    @classmethod
    def exists(cls):
        return cls.program() is not None and Pki.exists()

    @staticmethod
    def program():
        return shutil.which('nginx', path=os.environ.get('PATH', '') + ':/usr/sbin')

    def url(self, path='/', name='http', host='127.0.0.1'):
        scheme = 'http' if name in ('http', 'h2c') else 'https'
        return f'{scheme}://{host}:{self.ports[name]}{path}'

    def facts(self):
        return {'root certificate': self.pki.root.cert, 'client certificate': self.pki['client'].chain,
                'client key': self.pki['client'].key, 'user': f'{USERNAME}:{PASSWORD}', 'token': TOKEN,
                **{name: self.url(name=name) for name in self.ports}}

    def _server(self, name):
        """A server block; all have the same locations."""
        port = self.ports[name]
        flags = {'http': '', 'h2c': ' http2', 'http1': ' ssl'}.get(name, ' ssl http2')
        listens = [f'listen 127.0.0.1:{port}{flags};'] + ([f'listen [::1]:{port}{flags};'] if has_ipv6() else [])
        certificate = self.pki[name if name in CERTIFICATES else 'good']
        tls = f'ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};' if 'ssl' in flags else ''
        more = VARIANTS.get(name, '').format(root=self.pki.root.cert)
        return f'    server {{ {" ".join(listens)} {tls} {more} include {self.dir}/locations; }}'

    def _write(self):
        names = [*VARIANTS, *CERTIFICATES]
        self.ports = dict(zip(names, self._keep_ports(len(names))))
        (self.dir / 'document.json').write_text(JSON)
        (self.dir / 'welcome').write_text('welcome\n')
        made = subprocess.run(['openssl', 'passwd', '-apr1', PASSWORD], capture_output=True, text=True, check=True)
        (self.dir / 'htpasswd').write_text(f'{USERNAME}:{made.stdout}')
        (self.dir / 'locations').write_text(LOCATIONS % {
            'dir': self.dir, 'token': TOKEN, 'backend': self.backend.port,
            'redirects': '\n'.join(f'location = /redirect/{n} {{ return 302 /redirect/{n - 1}; }}' for n in REDIRECTS),
            'statuses': '\n'.join(map(status_location, STATUSES))})
        (self.dir / 'nginx.conf').write_text(CONFIG.format(
            dir=self.dir, user='user root;' if os.geteuid() == 0 else '',
            servers='\n'.join(self._server(name) for name in names)))

    def _start(self):
        if self.pki is None:
            self.pki = self._own_pki = Pki().start()
        self.backend.start()
        self._write()
        self._spawn([self.program(), '-p', str(self.dir), '-e', str(self.dir / 'error.log'),
                     '-c', str(self.dir / 'nginx.conf')])
        wait_until(lambda: (self.dir / 'nginx.pid').exists() or self.process.poll() is not None, START_SECONDS, 'nginx')
        if self.process.poll() is not None:
            raise RuntimeError(f'nginx did not start: {self.output()}{self.log()}')
        wait_until(lambda: 'start worker process ' in self.log(), START_SECONDS, "nginx's worker")

    def _stop(self):
        super()._stop()
        self.backend.stop()
        if self._own_pki is not None:
            self._own_pki.stop()
            self.pki = self._own_pki = None

    def reload(self):
        """Reads nginx.conf and the certificates again; returns when the new worker serves."""
        before = self.log().count('start worker process ')
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log().count('start worker process ') > before, START_SECONDS, 'the reload of nginx')

    def log(self):
        path = self.dir / 'error.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def access_log(self):
        """A request is written down after its answer was given: see wait_for_access()."""
        path = self.dir / 'access.log'
        return path.read_text(errors='replace') if path.exists() else ''

    def wait_for_access(self, text):
        wait_until(lambda: text in self.access_log(), START_SECONDS, f'{text!r} in the access log of nginx')
