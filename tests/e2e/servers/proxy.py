"""A forward proxy: HTTP (CONNECT, and plain requests by absolute URL) and SOCKS5, on one port."""
import asyncio
import base64
import socket
import struct

from .base import ThreadServer

USERNAME, PASSWORD = 'proxy-user', 'proxy-pass'


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        pass


class ForwardProxy(ThreadServer):
    """port: on 127.0.0.1 and ::1.  With needs_password, only `username` and `password` get through.
    refuses: answers every request with 403.  Names are looked up here: `names` (name -> address) first."""

    username, password = USERNAME, PASSWORD

    def __init__(self, needs_password=False, refuses=False, names=None):
        super().__init__()
        self.needs_password = needs_password
        self.refuses = refuses
        self.names = dict(names or {})
        self.port = None

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def facts(self):
        return {'http': self.url, 'socks': f'socks5h://127.0.0.1:{self.port}'}

    async def _serve(self):
        self.port = await self._listen_on_all(self._connection)

    async def _open(self, host, port):
        return await asyncio.open_connection(self.names.get(host, host), port)

    async def _join(self, reader, writer, far_reader, far_writer):
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()

    async def _connection(self, reader, writer):
        first = await reader.readexactly(1)
        if first == b'\x05':
            await self._socks(reader, writer)
        else:
            await self._http(first, reader, writer)

    async def _http(self, first, reader, writer):
        head = (first + await reader.readuntil(b'\r\n\r\n')).decode('latin-1')
        request, *headers = head.rstrip('\r\n').split('\r\n')
        method, target, _ = request.split(' ', 2)
        self._say(f'{method} {target}')
        if self.refuses:
            writer.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
            return
        if self.needs_password and not self._lets_in(headers):
            writer.write(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="tests"\r\n'
                         b'Content-Length: 0\r\nConnection: close\r\n\r\n')
            return
        place, _, path = (target, '', '') if method == 'CONNECT' else target.split('://', 1)[1].partition('/')
        host, _, port = place.rpartition(':') if ':' in place.rpartition(']')[2] else (place, '', '80')
        try:
            far_reader, far_writer = await self._open(host.strip('[]'), int(port))
        except OSError as err:
            self._say(f'cannot reach {place}: {err}')
            writer.write(b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
            return
        if method == 'CONNECT':
            writer.write(b'HTTP/1.1 200 Connection established\r\n\r\n')
        else:
            kept = [line for line in headers if not line.lower().startswith('proxy-')]
            far_writer.write('\r\n'.join([f'{method} /{path} HTTP/1.1', *kept, 'Via: 1.1 tests', '', '']).encode('latin-1'))
        await self._join(reader, writer, far_reader, far_writer)

    @staticmethod
    def _lets_in(headers):
        wanted = base64.b64encode(f'{USERNAME}:{PASSWORD}'.encode()).decode()
        return any(line.lower().startswith('proxy-authorization:') and line.endswith(f' {wanted}') for line in headers)

    async def _socks(self, reader, writer):
        """RFC 1928, with no authentication; CONNECT only."""
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b'\x05\x00')
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode('ascii')
        else:
            family, size = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, await reader.readexactly(size))
        port, = struct.unpack('!H', await reader.readexactly(2))
        self._say(f'SOCKS {host}:{port}')
        try:
            far_reader, far_writer = await self._open(host, port)
        except OSError:
            writer.write(b'\x05\x05\x00\x01' + b'\x00' * 6)
            return
        writer.write(b'\x05\x00\x00\x01' + b'\x00' * 6)
        await self._join(reader, writer, far_reader, far_writer)
