"""Exim, as it is in production: STARTTLS, TLS from the first byte, logins, and a Maildir that mail ends in."""
import email
import email.policy
import os
import pwd
import re
import shutil

from .base import START_SECONDS, ProcessServer, wait_until
from .pki import Pki

USER = 'Debian-exim'
USERNAME, PASSWORD = 'sre', 'open sesame'

CONFIG = '''
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
log_selector = +tls_cipher +tls_sni +received_recipients +smtp_protocol_error
pid_file_path = {dir}/spool/exim.pid
primary_hostname = mail.good.test
deliver_drop_privilege
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
local_interfaces = 127.0.0.1
daemon_smtp_ports = {ports[smtp]} : {ports[smtps]}
tls_on_connect_ports = {ports[smtps]}
tls_advertise_hosts = {tls_hosts}
tls_certificate = {dir}/chain.pem
tls_privatekey = {dir}/key.pem
auth_advertise_hosts = {auth_hosts}
message_size_limit = {size_max}
acl_smtp_mail = accept
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny local_parts = nobody
       message = no such user here
  defer local_parts = later
       message = come again later
  {acl_rcpt}
  accept
begin routers
everybody:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = {dir}/mail
  maildir_format
  create_directory
  batch_max = 100
  envelope_to_add
  return_path_add
  user = {user}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and {{{{eq{{$auth2}}{{{username}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and {{{{eq{{$auth1}}{{{username}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
'''


class Exim(ProcessServer):
    """ports: 'smtp' and 'smtps', on 127.0.0.1.  Takes mail for anybody, but for nobody@ (refused) and later@ (not
    now).  certificate: the name of the Pki's that it shows.

    starttls: offers it.  needs_tls: takes mail only through TLS.  needs_login: only after username and password;
    logins are offered through TLS alone."""
    needs = 'root, exim4-daemon-light and openssl'
    username, password = USERNAME, PASSWORD

    def __init__(self, pki=None, starttls=True, needs_tls=False, needs_login=False, certificate='good', size_max='50M'):
        super().__init__()
        self.pki = pki
        self._own_pki = None
        self.starttls = starttls
        self.needs_tls = needs_tls
        self.needs_login = needs_login
        self.certificate = certificate
        self.size_max = size_max
        self.ports = {}

    @classmethod
    def exists(cls):
        return os.geteuid() == 0 and cls.program() is not None and Pki.exists()

    @staticmethod
    def program():
        return shutil.which('exim4', path=os.environ.get('PATH', '') + ':/usr/sbin')

    def facts(self):
        return {**{name: f'{name}://127.0.0.1:{port}' for name, port in self.ports.items()},
                'root certificate': self.pki.root.cert, 'login': f'{USERNAME}:{PASSWORD}'}

    def _write(self):
        """All of it belongs to Exim's user, but for the configuration, which must not."""
        owner = pwd.getpwnam(USER)
        for name in ('spool', 'log', 'mail'):
            (self.dir / name).mkdir(exist_ok=True)
        shutil.copyfile(self.pki[self.certificate].chain, self.dir / 'chain.pem')
        shutil.copyfile(self.pki[self.certificate].key, self.dir / 'key.pem')
        (self.dir / 'key.pem').chmod(0o600)
        for path in (self.dir, *self.dir.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.ports = dict(zip(('smtp', 'smtps'), self._keep_ports(2)))
        needs = 'require message = TLS first\n          encrypted = *\n  ' * self.needs_tls \
            + 'require message = who are you\n          authenticated = *' * self.needs_login
        (self.dir / 'exim.conf').write_text(CONFIG.format(
            dir=self.dir, ports=self.ports, user=USER, username=USERNAME, password=PASSWORD, size_max=self.size_max,
            tls_hosts='*' if self.starttls else '', auth_hosts='${if def:tls_in_cipher {*}{}}',
            acl_rcpt=needs))

    def _start(self):
        if self.pki is None:
            self.pki = self._own_pki = Pki().start()
        self._write()
        self._spawn([self.program(), '-C', str(self.dir / 'exim.conf'), '-bdf'])
        wait_until(lambda: 'listening for SMTP' in self.log() or self.process.poll() is not None, START_SECONDS, 'Exim')
        if self.process.poll() is not None:
            raise RuntimeError(f'Exim did not start: {self.output()}{self.log()}')

    def _stop(self):
        super()._stop()
        if self._own_pki is not None:
            self._own_pki.stop()
            self.pki = self._own_pki = None

    def log(self):
        """Its main log: who came, how (P=esmtpsa: through TLS and with a login), what became of it."""
        path = self.dir / 'log/mainlog'
        return path.read_text(errors='replace') if path.exists() else ''

    @property
    def messages(self):
        """What has been delivered, in the order in which it came (which is not always that of its delivery), as
        email.message.EmailMessage.  Beside the headers of the sender, Return-path and Envelope-to tell the
        envelope."""
        folder = self.dir / 'mail/new'
        found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                 for path in (folder.iterdir() if folder.exists() else ())]
        came = re.findall(r'^\S+ \S+ (\S+) <= ', self.log(), re.MULTILINE)
        return sorted(found, key=lambda message: came.index(re.search(r'\bid ([\w-]+)', message['Received'])[1]))

    def wait_for(self, count, seconds=START_SECONDS):
        """Until so many messages are delivered; returns them."""
        wait_until(lambda: len(self.messages) >= count, seconds, f'{count} messages (log: {self.log()[-2000:]})')
        return self.messages
