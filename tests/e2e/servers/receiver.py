"""What every service that receives alerts over HTTP has in common in the tests: it keeps each request, says
whether it took it in, and goes wrong exactly when and how a test asks it to.

HTTP/1.1 with kept connections, plain or over TLS, on a loop in a thread of its own; quick enough for storms.
What a service accepts and says stands in its own file (slack.py, pagerduty.py ...).  A fault is set at any
time, by one of the functions of `Fault`:

    receiver.will(Fault.status(429, {'Retry-After': '2'}), times=3)
    receiver.will(Fault.half())
    receiver.fails_at_random(1 / 3, seed=7, faults=[Fault.status(500), Fault.reset_unread()])
"""
import asyncio
import dataclasses
import email.utils
import functools
import http
import json
import pathlib
import random
import socket
import ssl
import struct
import threading
import time
import urllib.parse

import jsonschema

from .base import START_SECONDS, ThreadServer, wait_until

HEAD_MAX = 64 * 1024
BODY_MAX = 16 * 1024 * 1024
SCHEMAS = pathlib.Path(__file__).resolve().parents[1] / 'schemas'


@functools.cache
def validator(name):
    """For the JSON Schema of that name in tests/e2e/schemas."""
    schema = json.loads((SCHEMAS / f'{name}.json').read_text())
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema, format_checker=jsonschema.FormatChecker())


def violations_of(name, document):
    """What the schema finds wrong, as lines: where, and what."""
    return [f'{"/".join(map(str, error.absolute_path)) or "(all)"}: {error.message[:200]}'
            for error in validator(name).iter_errors(document)]


@dataclasses.dataclass
class Answer:
    """taken: the service took the request in; what it answers need not say so."""
    status: int = 200
    body: object = b''  # bytes, text, or anything else: as JSON
    headers: dict = dataclasses.field(default_factory=dict)
    taken: bool = False

    def bytes(self, keep):
        body, headers = self.body, dict(self.headers)
        if isinstance(body, str):
            body = body.encode()
            headers.setdefault('Content-Type', 'text/plain; charset=utf-8')
        elif not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault('Content-Type', 'application/json')
        if self.status not in (204, 304):
            headers.setdefault('Content-Length', str(len(body)))
        if not keep:
            headers['Connection'] = 'close'
        try:
            phrase = http.HTTPStatus(self.status).phrase
        except ValueError:
            phrase = 'Unheard Of'
        lines = [f'HTTP/1.1 {self.status} {phrase}', *(f'{name}: {value}' for name, value in headers.items()), '', '']
        return '\r\n'.join(lines).encode('latin-1') + body


@dataclasses.dataclass
class Request:
    """One request as it came.  answer: None while none was given, and for one that never got any.  taken:
    whether the service took it in; fault: the name of the fault that it met, if any."""
    when: float  # time.monotonic()
    method: str
    path: str  # without the query
    query: dict
    headers: dict  # names in lower case
    body: bytes
    answer: Answer = None
    taken: bool = False
    fault: str = ''
    fault_met: object = None  # the Fault itself
    connection: int = 0  # the same for all requests of one connection

    @functools.cached_property
    def json(self):
        """The body as JSON; ValueError if it is none."""
        return json.loads(self.body.decode())

    @property
    def status(self):
        return self.answer.status if self.answer else None


@dataclasses.dataclass(frozen=True)
class Fault:
    """One way to go wrong.  Those that lose the answer may first take the request in (taken=True): the sender
    cannot know, and will send it again."""
    name: str
    how: str = 'answer'  # or: real, half, reset, close, never
    answer: Answer = None
    delay: float = 0
    taken: bool = False
    unread: bool = False  # strikes when the head has come, before the body is read
    gate: threading.Event = None  # the answer waits for it

    @classmethod
    def status(cls, status, headers=None, body=b'', delay=0):
        return cls(f'status {status}', answer=Answer(status, body, dict(headers or {})), delay=delay)

    @classmethod
    def retry_after(cls, seconds, status=429, as_date=False, body=b''):
        """Says when to come back; as_date: a date, which has whole seconds and so is rounded up."""
        value = email.utils.formatdate(int(time.time() + seconds) + 1, usegmt=True) if as_date else str(seconds)
        return cls.status(status, {'Retry-After': value}, body)

    @classmethod
    def body(cls, body, status=200, headers=None):
        """A success by its status, and none by what it says."""
        return cls(f'{status} with another body', answer=Answer(status, body, dict(headers or {})))

    @classmethod
    def reset_unread(cls):
        return cls('reset before reading', how='reset', unread=True)

    @classmethod
    def reset(cls, taken=False):
        return cls('reset after reading', how='reset', taken=taken)

    @classmethod
    def close(cls, taken=False):
        return cls('closed without an answer', how='close', taken=taken)

    @classmethod
    def half(cls, taken=True):
        """The head of the answer and half of its body, or half of the head where there is no body."""
        return cls('half an answer', how='half', taken=taken)

    @classmethod
    def slow(cls, seconds):
        """The right answer, late."""
        return cls(f'slow by {seconds} s', how='real', delay=seconds, taken=True)

    @classmethod
    def late(cls, gate):
        """The right answer, once the Event is set."""
        return cls('late', how='real', taken=True, gate=gate)

    @classmethod
    def never(cls, taken=False):
        return cls('never answers', how='never', taken=taken)


class Connection(asyncio.Protocol):
    """Reads one request after the other, and answers each before it looks at the next."""

    def __init__(self, receiver, number):
        self.receiver = receiver
        self.number = number
        self.transport = None
        self.buffer = bytearray()
        self.head = None  # what is known of the request whose body is being read
        self.busy = False
        self.timer = None

    def connection_made(self, transport):
        self.transport = transport
        self.receiver.connections.add(self)
        sock = transport.get_extra_info('socket')
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, _):
        self.receiver.connections.discard(self)
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        self.buffer += data
        if not self.busy:
            self.step()

    def step(self):
        while not self.busy and not self.transport.is_closing():
            try:
                request = self.next_request()
            except ValueError as err:
                self.transport.write(Answer(400, f'{err}\n').bytes(keep=False))
                self.transport.close()
                return
            if request is None:
                return
            self.busy = True
            self.receiver.met(self, request)

    def next_request(self):
        """Takes one request out of what has come.  None: it is not whole yet."""
        if self.head is None:
            end = self.buffer.find(b'\r\n\r\n')
            if end < 0:
                if len(self.buffer) > HEAD_MAX:
                    raise ValueError('a head without end')
                return None
            self.head = self.parse_head(bytes(self.buffer[:end]).decode('latin-1'))
            del self.buffer[:end + 4]
            self.receiver.requests.append(self.head)
            self.head.fault_met = self.receiver.next_fault(self.head)
            if self.head.fault_met and self.head.fault_met.unread:
                return self.take_head()
            if self.head.headers.get('expect', '').lower() == '100-continue' and not self.buffer:
                self.transport.write(b'HTTP/1.1 100 Continue\r\n\r\n')
        body = self.whole_body()
        if body is None:
            return None
        self.head.body = body
        return self.take_head()

    def take_head(self):
        request, self.head = self.head, None
        return request

    def parse_head(self, text):
        first, *lines = text.split('\r\n')
        words = first.split(' ')
        if len(words) != 3 or not words[2].startswith('HTTP/1.'):
            raise ValueError(f'not a request: {first!r}')
        headers = {}
        for line in lines:
            name, colon, value = line.partition(':')
            if not colon or name != name.strip():
                raise ValueError(f'not a header: {line!r}')
            headers[name.lower()] = value.strip()
        path, _, query = words[1].partition('?')
        return Request(time.monotonic(), words[0], path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)),
                       headers, b'', connection=self.number)

    def whole_body(self):
        if 'chunked' in self.head.headers.get('transfer-encoding', ''):
            return self.chunks()
        size = int(self.head.headers.get('content-length', 0))
        if not 0 <= size <= BODY_MAX:
            raise ValueError(f'a body of {size} bytes')
        if len(self.buffer) < size:
            return None
        body = bytes(self.buffer[:size])
        del self.buffer[:size]
        return body

    def chunks(self):
        body, at = b'', 0
        while True:
            end = self.buffer.find(b'\r\n', at)
            if end < 0:
                return None
            size = int(bytes(self.buffer[at:end]).split(b';')[0], 16)
            if len(self.buffer) < end + 2 + size + 2:
                return None
            if size == 0:
                del self.buffer[:end + 4]
                return body
            body += self.buffer[end + 2:end + 2 + size]
            at = end + 2 + size + 2

    def later(self, seconds, what, *args):
        self.timer = asyncio.get_running_loop().call_later(seconds, what, *args) if seconds else what(*args)

    def when(self, gate, what, *args):
        if gate.is_set():
            what(*args)
        else:
            self.timer = asyncio.get_running_loop().call_later(0.01, self.when, gate, what, *args)

    def send(self, request, answer):
        if self.transport.is_closing():
            return
        request.answer = answer
        keep = request.headers.get('connection', '').lower() != 'close' and answer.headers.get('Connection') != 'close'
        self.transport.write(answer.bytes(keep))
        self.done(keep)

    def done(self, keep):
        if not keep:
            self.transport.close()
            return
        self.busy = False
        self.timer = None
        if self.buffer:
            asyncio.get_running_loop().call_soon(self.step)

    def break_off(self, how, answer):
        """Ends without a whole answer."""
        if how == 'half':
            data = answer.bytes(keep=True)
            at = data.index(b'\r\n\r\n') + 4
            self.transport.write(data[:at + (len(data) - at) // 2] if at < len(data) else data[:at // 2])
            self.transport.close()
        elif how == 'close':
            self.transport.close()
        elif how == 'reset':
            # Through TLS nothing else gives a reset; where bytes wait unread the kernel sends one anyway.
            sock = self.transport.get_extra_info('socket')
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.transport.abort()


class Receiver(ThreadServer):
    """requests: all that came, in their order.  Subclasses write `_take(request)`, which returns an Answer, and
    may set `schema`: the name of the JSON Schema that what they take in must obey.

    latency: how many seconds each answer without a fault takes; a function is asked for each.  limit: None, or
    a limits.Bucket or .Window that `_take` asks.  tls: a Certificate of the Pki to serve with."""
    schema = None

    def __init__(self, limit=None, tls=None):
        super().__init__()
        self.limit = limit
        self.tls = tls
        self.port = None
        self.connections = set()
        self.connected = 0  # how many connections there were
        self.requests = []
        self._planned = []  # [fault, times left]
        self._random = None  # (share, faults, random.Random, first)
        self.latency = 0
        self._validated = 0
        self._violations = []

    # --- what a test asks for ---------------------------------------------------------------------

    @property
    def url(self):
        return f'{"https" if self.tls else "http"}://127.0.0.1:{self.port}'

    def facts(self):
        return {'url': self.url}

    def will(self, fault, times=1):
        """The next requests meet this fault, after those that were planned before.  times=None: all, until
        behaves()."""
        self._planned.append([fault, times])

    def fails_at_random(self, share, faults, seed, first=None):
        """This share of all requests (or of the first so many) meets one of the faults; the same ones for the
        same seed and order."""
        self._random = (share, list(faults), random.Random(seed), first)

    def behaves(self):
        """No more faults."""
        self._planned = []
        self._random = None

    def forget(self):
        """Forgets what came so far, not what was set."""
        super().forget()
        self.requests.clear()
        self._validated = 0
        self._violations = []

    @property
    def taken(self):
        """The requests that the service took in."""
        return [request for request in list(self.requests) if request.taken]

    def statuses(self):
        return [request.status for request in list(self.requests)]

    def wait_for(self, count, seconds=START_SECONDS):
        """Until so many requests were taken in; returns them."""
        wait_until(lambda: len(self.taken) >= count, seconds,
                   f'{count} requests that {type(self).__name__} takes in (there are {len(self.taken)})')
        return self.taken

    def violations(self):
        """What the schema says against the requests that had a body, taken in or not.  Each is looked at once,
        when this is called: while a storm lasts there is better to do."""
        requests = list(self.requests)
        for request in requests[self._validated:]:
            if self.schema and request.body:
                self._violations += [f'{request.method} {request.path}: {line}' for line in self._check(request)]
        self._validated = len(requests)
        return list(self._violations)

    def _check(self, request):
        try:
            return violations_of(self.schema, request.json)
        except ValueError as err:
            return [f'no JSON: {err}']

    # --- serving ----------------------------------------------------------------------------------

    async def _serve(self):
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls.chain, self.tls.key)
        if self.port is None:
            self.port, = self._keep_ports(1)
        server = await asyncio.get_running_loop().create_server(self._connected, '127.0.0.1', self.port,
                                                                ssl=context, backlog=1024)
        self._servers.append(server)

    def _connected(self):
        self.connected += 1
        return Connection(self, self.connected)

    async def _end(self):
        for connection in list(self.connections):
            connection.transport.abort()
        await super()._end()

    def next_fault(self, request):
        """For who reads: the fault that this request meets, or None."""
        if self._planned:
            plan = self._planned[0]
            if plan[1] is not None:
                plan[1] -= 1
                if plan[1] <= 0:
                    self._planned.pop(0)
            return plan[0]
        if self._random:
            share, faults, dice, first = self._random
            if (first is None or len(self.requests) <= first) and dice.random() < share:
                return dice.choice(faults)
        return None

    def met(self, connection, request):
        """A request is whole, or its fault does not wait for that."""
        fault = request.fault_met
        if fault is None:
            delay = self.latency() if callable(self.latency) else self.latency
            connection.later(delay, connection.send, request, self._taken(request))
            return
        request.fault = fault.name
        answer = fault.answer
        if answer is None:
            answer = self._taken(request) if fault.taken else Answer(200, b'this should not be read to its end')
        if fault.gate is not None:
            connection.when(fault.gate, connection.send, request, answer)
        elif fault.how in ('answer', 'real'):
            connection.later(fault.delay, connection.send, request, answer)
        elif fault.how != 'never':
            connection.later(fault.delay, connection.break_off, fault.how, answer)

    def _taken(self, request):
        try:
            answer = self._take(request)
        except Exception as err:  # our own fault, which no test may take for the service's
            self._violations.append(f'{type(self).__name__} broke: {type(err).__name__}: {err}')
            answer = Answer(500, self._violations[-1])
        request.taken = answer.taken
        self._say(f'{request.method} {request.path} {answer.status}')
        return answer

    def _take(self, request):
        """Takes anything."""
        return Answer(200, b'ok', taken=True)
