"""A small HTTP/1.1 server that does what nginx will not: wait, drip, echo, break off.

It serves one request a connection, directly or behind nginx.  Paths:

    /echo                what came: method, path, headers, body, as JSON
    /slow/MS             the whole answer after that many milliseconds
    /drip/N/MS           N lines, one every MS milliseconds
    /never               no answer at all
    /bytes/N             N bytes, their number said beforehand
    /stream/N            N bytes in chunks
    /endless             bytes until the client goes away
    /binary              every byte value once
    /gzip                "compressed, and well\\n", compressed if the client asks for it
    /cut                 promises 1000 bytes, sends 10, closes
"""
import asyncio
import gzip
import json

from .base import ThreadServer

LINE = b'a line of the body\n'
BLOCK = LINE * 512
REQUEST_MAX = 64 * 1024


def answer(body, headers=(), length=None):
    lines = ['HTTP/1.1 200 OK', 'Connection: close', *headers]
    if length is not None or body is not None:
        lines.append(f'Content-Length: {len(body) if length is None else length}')
    return '\r\n'.join([*lines, '', '']).encode() + (body or b'')


class Backend(ThreadServer):
    def __init__(self):
        super().__init__()
        self.port = None

    def facts(self):
        return {'url': f'http://127.0.0.1:{self.port}/echo'}

    async def _serve(self):
        self.port = await self._listen_on_all(self._connection)

    async def _connection(self, reader, writer):
        head = (await reader.readuntil(b'\r\n\r\n'))[:REQUEST_MAX].decode('latin-1')
        first, *lines = head.rstrip('\r\n').split('\r\n')
        method, path, _ = first.split(' ', 2)
        headers = [tuple(line.split(': ', 1)) for line in lines if ': ' in line]
        named = {name.lower(): value for name, value in headers}
        body = await reader.readexactly(int(named.get('content-length', 0)))
        self._say(f'{method} {path}')
        handler, _, rest = path.lstrip('/').partition('?')[0].partition('/')
        serve = getattr(self, f'_serve_{handler}', None)
        if serve is None:
            writer.write(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        else:
            await serve(writer, *rest.split('/') if rest else (),
                        **{'request': (method, path, headers, body)} if handler in ('echo', 'gzip') else {})
        await writer.drain()

    async def _serve_echo(self, writer, request):
        method, path, headers, body = request
        text = json.dumps({'method': method, 'path': path, 'headers': headers, 'body': body.decode('latin-1')})
        writer.write(answer(text.encode(), ['Content-Type: application/json']))

    async def _serve_slow(self, writer, ms):
        await asyncio.sleep(int(ms) / 1000)
        writer.write(answer(b'slow, but here\n'))

    async def _serve_drip(self, writer, count, ms):
        writer.write(answer(None, length=int(count) * len(LINE)))
        for _ in range(int(count)):
            writer.write(LINE)
            await writer.drain()
            await asyncio.sleep(int(ms) / 1000)

    async def _serve_never(self, writer):
        while not writer.transport.is_closing():
            await asyncio.sleep(0.1)

    async def _blocks(self, count):
        while count > 0:
            yield BLOCK[:count]
            count -= len(BLOCK)

    async def _serve_bytes(self, writer, count):
        writer.write(answer(None, length=int(count)))
        async for block in self._blocks(int(count)):
            writer.write(block)
            await writer.drain()

    async def _serve_stream(self, writer, count):
        writer.write(answer(None, ['Transfer-Encoding: chunked']))
        async for block in self._blocks(int(count)):
            writer.write(b'%x\r\n%b\r\n' % (len(block), block))
            await writer.drain()
        writer.write(b'0\r\n\r\n')

    async def _serve_endless(self, writer):
        writer.write(answer(None, ['Transfer-Encoding: chunked']))
        while True:
            writer.write(b'%x\r\n%b\r\n' % (len(BLOCK), BLOCK))
            await writer.drain()

    async def _serve_binary(self, writer):
        writer.write(answer(bytes(range(256)), ['Content-Type: application/octet-stream']))

    async def _serve_gzip(self, writer, request):
        text = b'compressed, and well\n'
        accepts = any(name.lower() == 'accept-encoding' and 'gzip' in value for name, value in request[2])
        writer.write(answer(gzip.compress(text), ['Content-Encoding: gzip']) if accepts else answer(text))

    async def _serve_cut(self, writer):
        writer.write(answer(b'0123456789', length=1000))
