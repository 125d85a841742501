"""An SMTP server that takes mail and, when a test asks for it, fails at any step of the dialogue: as servers do
that are busy, careful, broken or evil.

    sink.will('RCPT', '450 4.2.0 greylisted, come again')
    sink.will('RCPT', '550 5.1.1 no such user', only='gone@good.test', times=None)
    sink.will('body', sink.DROP)
    sink.will('connect', sink.SILENCE)
"""
import asyncio
import base64
import email
import email.policy
import ssl

from .base import START_SECONDS, ThreadServer, wait_until

STEPS = ('connect', 'EHLO', 'STARTTLS', 'tls', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'body', 'end', 'QUIT')
USERNAME, PASSWORD = 'sre', 'open sesame'
LINE_MAX = 1 << 20


class Gone(Exception):
    """This connection is at its end."""


class Session:
    """One connection.  name: of who greeted; user: who logged in; tls: whether it is through TLS."""

    def __init__(self, sink, reader, writer):
        self.sink = sink
        self.reader = reader
        self.writer = writer
        self.tls = sink.implicit_tls
        self.name = self.user = self.sender = None
        self.recipients = []

    async def say(self, text):
        self.sink._say(f'> {text}')
        self.writer.write(f'{text}\r\n'.encode())
        await self.writer.drain()

    async def step(self, name, text, about=''):
        """Says what a test wants to be said at this step, else `text`.  True: it was the latter."""
        planned = self.sink.planned(name, about)
        if planned is None:
            if text is not None:
                await self.say(text)
            return True
        if planned == self.sink.DROP:
            raise Gone
        if planned == self.sink.SILENCE:
            await asyncio.Event().wait()
        await self.say(planned)
        return planned[:1] in '23'

    async def line(self):
        data = await self.reader.readuntil(b'\n')
        text = data.decode('utf-8', 'replace').rstrip('\r\n')
        self.sink._say(f'< {text}')
        return text

    async def run(self):
        await self.step('connect', '220 sink.good.test ESMTP')
        while True:
            line = await self.line()
            verb, _, rest = line.partition(' ')
            handler = getattr(self, f'on_{verb.lower()}', None)
            if handler is None:
                await self.say('500 5.5.1 what?')
            else:
                await handler(rest)

    async def on_ehlo(self, rest):
        self.name = rest
        offers = ['PIPELINING', '8BITMIME', 'SMTPUTF8', f'SIZE {self.sink.size_max}']
        if self.sink.certificate and self.sink.starttls and not self.tls:
            offers.append('STARTTLS')
        if self.sink.logins and (self.tls or self.sink.logins_in_clear):
            offers.append(f'AUTH {self.sink.logins}')
        await self.step('EHLO', '\r\n'.join(['250-sink.good.test', *(f'250-{offer}' for offer in offers[:-1]), f'250 {offers[-1]}']))

    async def on_helo(self, rest):
        self.name = rest
        await self.say('250 sink.good.test')

    async def on_starttls(self, _):
        if not self.sink.certificate:
            await self.say('502 5.5.1 no TLS here')
            return
        if await self.step('STARTTLS', '220 2.0.0 go ahead'):
            if not await self.step('tls', None):
                raise Gone
            await self.writer.start_tls(self.sink.context())
            self.tls = True
            self.name = self.user = None

    async def on_auth(self, rest):
        method, _, first = rest.partition(' ')
        if method.upper() == 'PLAIN':
            first = first or await self.ask('')
            words = base64.b64decode(first).decode().split('\0')[1:]
        else:
            words = [base64.b64decode(first or await self.ask('Username:')).decode(),
                     base64.b64decode(await self.ask('Password:')).decode()]
        right = words == [USERNAME, PASSWORD]
        if await self.step('AUTH', '235 2.7.0 welcome' if right else '535 5.7.8 wrong') and right:
            self.user = words[0]

    async def ask(self, text):
        await self.say(f'334 {base64.b64encode(text.encode()).decode()}')
        return await self.line()

    async def on_mail(self, rest):
        if self.sink.needs_login and not self.user:
            await self.say('530 5.7.0 who are you?')
            return
        if await self.step('MAIL', '250 2.1.0 well', rest):
            self.sender, self.recipients = rest, []

    async def on_rcpt(self, rest):
        address = rest.partition('<')[2].partition('>')[0]
        if await self.step('RCPT', '250 2.1.5 well', address):
            self.recipients.append(address)

    async def on_data(self, _):
        if not self.recipients:
            await self.say('503 5.5.1 for whom?')
            return
        if not await self.step('DATA', '354 go on'):
            return
        lines = []
        while (line := await self.reader.readuntil(b'\n')) != b'.\r\n':
            await self.step('body', None)
            lines.append(line[1:] if line.startswith(b'.') else line)
        planned = self.sink.planned_next('end')
        if planned is None or planned[:1] == '2' or planned == self.sink.TAKEN_THEN_DROP:
            self.keep(lines)  # before the answer: whoever has that may look for the message
        if planned == self.sink.TAKEN_THEN_DROP:
            self.sink.planned('end', '')
            raise Gone
        await self.step('end', '250 2.0.0 kept')
        self.sender, self.recipients = None, []

    def keep(self, lines):
        message = email.message_from_bytes(b''.join(lines), policy=email.policy.default)
        message.sender = self.sender.partition('<')[2].partition('>')[0]
        message.recipients = list(self.recipients)
        message.raw = b''.join(lines)
        message.tls, message.user = self.tls, self.user
        self.sink.messages.append(message)

    async def on_rset(self, _):
        self.sender, self.recipients = None, []
        await self.say('250 2.0.0 forgotten')

    async def on_noop(self, _):
        await self.say('250 2.0.0 well')

    async def on_quit(self, _):
        await self.step('QUIT', '221 2.0.0 bye')
        raise Gone


class SmtpSink(ThreadServer):
    """port: on 127.0.0.1.  messages: as email.message.EmailMessage, with sender, recipients, raw (bytes), tls and
    user besides.  log(): the dialogues.

    certificate: one of the Pki's; without, there is no TLS.  implicit_tls: from the first byte, and no STARTTLS.
    starttls: offered.  logins: the methods that are offered, through TLS or with logins_in_clear everywhere."""
    DROP, SILENCE, TAKEN_THEN_DROP = 'drop', 'silence', 'taken, then drop'
    username, password = USERNAME, PASSWORD

    def __init__(self, certificate=None, implicit_tls=False):
        super().__init__()
        self.certificate = certificate
        self.implicit_tls = implicit_tls
        self.starttls = True
        self.logins = 'PLAIN LOGIN'
        self.logins_in_clear = False
        self.needs_login = False
        self.size_max = 10_000_000
        self.messages = []
        self.port = None
        self._plans = []  # [step, reply, only, times left]

    def facts(self):
        return {'address': f'smtp{"s" if self.implicit_tls else ""}://127.0.0.1:{self.port}', 'login': f'{USERNAME}:{PASSWORD}'}

    def will(self, step, reply, times=1, only=''):
        """At this step of STEPS it says `reply` instead of what is right: a line, DROP (closes), SILENCE (says
        nothing any more) or, at 'end', TAKEN_THEN_DROP.  times=None: always.  only: for this recipient.  At
        'body' each line of the message is a step; at 'tls', STARTTLS was answered well."""
        assert step in STEPS
        self._plans.append([step, reply, only, times])

    def behaves(self):
        self._plans = []

    def planned_next(self, step, about=''):
        return next((plan[1] for plan in self._plans if plan[0] == step and plan[2] in ('', about)), None)

    def planned(self, step, about):
        for plan in self._plans:
            if plan[0] == step and plan[2] in ('', about):
                if plan[3] is not None:
                    plan[3] -= 1
                    if plan[3] <= 0:
                        self._plans.remove(plan)
                return plan[1]
        return None

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.chain, self.certificate.key)
        return context

    async def _serve(self):
        async def session(reader, writer):
            try:
                await Session(self, reader, writer).run()
            except (Gone, OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError, ValueError):
                pass
            finally:
                writer.close()
        if self.port is None:
            self.port, = self._keep_ports(1)
        server = await asyncio.start_server(session, '127.0.0.1', self.port, limit=LINE_MAX,
                                            ssl=self.context() if self.implicit_tls else None)
        self._servers.append(server)

    def wait_for(self, count, seconds=START_SECONDS):
        wait_until(lambda: len(self.messages) >= count, seconds, f'{count} messages')
        return list(self.messages)
