"""TCP servers of every temper, each on a port of its own, on 127.0.0.1 and ::1."""
import asyncio
import contextlib
import socket
import struct

from .base import ThreadServer, bound, families, kept_ports, loopback

BANNER = b'220 ready when you are\r\n'


class EchoServer(ThreadServer):
    """ports: name -> port of

        echo      sends back what comes, line by line
        banner    greets with BANNER, then is like echo
        greeter   answers "HELLO name" with "WELCOME name", "QUIT" with "BYE" and the end, all else with "WHAT?"
        silent    accepts, and says nothing; its log tells of who came, and of who said something ("heard")
        drip      sends BANNER a byte at a time, 50 ms apart
        reset     accepts, then resets
        close     accepts, then closes at once
        garbage   sends bytes without end or line
        refused   nobody listens there, and nobody will while the server runs
        stuck     the kernel's queue is full: connecting gets no answer

    canned(data) opens another port, where whatever comes is answered with just `data`."""

    def __init__(self):
        super().__init__()
        self.ports = {}
        self._held = contextlib.ExitStack()

    def facts(self):
        return {name: f'tcp://127.0.0.1:{port}' for name, port in self.ports.items()}

    def canned(self, data, wait_for=b'\n', then_close=True):
        """Once the bytes `wait_for` have come (b'': at once), sends `data`, and closes if `then_close`."""
        async def handler(reader, writer):
            if wait_for:
                await reader.readuntil(wait_for)
            writer.write(data)
            await writer.drain()
            if not then_close:
                await reader.read()
        return self.call(self._listen_on_all(handler))

    async def _serve(self):
        for name in ('echo', 'banner', 'greeter', 'silent', 'drip', 'reset', 'close', 'garbage'):
            self.ports[name] = await self._listen_on_all(getattr(self, f'_{name}'))
        self.ports['refused'], = kept_ports(1, self._held)
        self.ports['stuck'] = self._stuck_port()

    async def _end(self):
        self._held.close()
        await super()._end()

    async def _echo(self, reader, writer):
        while line := await reader.readline():
            self._say(f'echo {line!r}')
            writer.write(line)
            await writer.drain()

    async def _banner(self, reader, writer):
        writer.write(BANNER)
        await self._echo(reader, writer)

    async def _greeter(self, reader, writer):
        writer.write(b'WHO ARE YOU?\r\n')
        while line := await reader.readline():
            self._say(f'greeter {line!r}')
            word, _, name = line.decode('latin-1').strip().partition(' ')
            if word == 'QUIT':
                writer.write(b'BYE\r\n')
                return
            writer.write(f'WELCOME {name}\r\n'.encode('latin-1') if word == 'HELLO' else b'WHAT?\r\n')
            await writer.drain()

    async def _silent(self, reader, writer):
        self._say('silent')
        while await reader.read(65536):
            self._say('heard')

    async def _drip(self, reader, writer):
        for byte in BANNER:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    async def _reset(self, reader, writer):
        sock = writer.get_extra_info('socket')
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    async def _close(self, reader, writer):
        pass

    async def _garbage(self, reader, writer):
        block = bytes((i * 167 + 13) % 256 for i in range(65536)).replace(b'\n', b'\x00')
        while True:
            writer.write(block)
            await writer.drain()

    def _stuck_port(self):
        """A listener that never accepts, its queue filled until the kernel drops what comes."""
        port, = kept_ports(1, self._held)
        for family in families():
            self._held.enter_context(contextlib.closing(bound(family, port))).listen(0)
            for _ in range(4):
                sock = self._held.enter_context(contextlib.closing(socket.socket(family)))
                sock.setblocking(False)
                sock.connect_ex((loopback(family), port))
        return port
