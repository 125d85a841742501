"""A real SMTP server (aiosmtpd), for dialogues."""
import ssl

try:
    from aiosmtpd.controller import Controller
except ImportError:
    Controller = None

from .base import Server
from .pki import Pki


class Mailbox:
    """aiosmtpd's handler: keeps what arrives."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return '250 kept'


class SmtpServer(Server):
    """port: on 127.0.0.1.  Offers STARTTLS with the certificate `good`.  messages: (from, to, content)."""
    needs = 'python3-aiosmtpd and openssl'

    def __init__(self, pki=None):
        super().__init__()
        self.pki = pki
        self._own_pki = None
        self._controller = None
        self._mailbox = Mailbox()
        self.port = None

    @classmethod
    def exists(cls):
        return Controller is not None and Pki.exists()

    @property
    def messages(self):
        return self._mailbox.messages

    def facts(self):
        return {'address': f'tcp://127.0.0.1:{self.port}'}

    def log(self):
        return ''.join(f'mail from {sender} to {", ".join(to)}\n' for sender, to, _ in self.messages)

    def _start(self):
        if self.pki is None:
            self.pki = self._own_pki = Pki().start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pki['good'].chain, self.pki['good'].key)
        self.port, = self._keep_ports(1)
        self._controller = Controller(self._mailbox, hostname='127.0.0.1', port=self.port, tls_context=context,
                                      server_hostname='mail.good.test', ident='ESMTP tests')
        self._controller.start()

    def _stop(self):
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None
        if self._own_pki is not None:
            self._own_pki.stop()
            self.pki = self._own_pki = None
