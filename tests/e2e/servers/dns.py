"""A name server that answers from a table, over UDP and TCP: also badly, late, or never."""
import asyncio
import ipaddress
import os
import struct

from .base import ThreadServer

A, AAAA = 1, 28
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
TTL = 5
ATTEMPTS = 50


def own_addresses():
    """On loopback, to try one after the other.  Tests that run at the same time are other processes."""
    pid = os.getpid()
    return [f'127.{53 + i}.{pid >> 8 & 255}.{pid & 255}' for i in range(ATTEMPTS)]


def question_of(query):
    """(name in lower case, type, the bytes of the question)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode('ascii').lower())
        at += 1 + query[at]
    return '.'.join(labels), struct.unpack_from('!H', query, at + 1)[0], query[12:at + 5]


class DnsServer(ThreadServer):
    """Listens on host:port; port 53 unless another is asked for (0: any free one), which only root may use.
    Without a host it is an address that no other server of the tests has.

    table: name -> a list of addresses, or one of the words 'nxdomain', 'servfail', 'refused', 'silent'
    (no answer), 'garbage' (an answer that is none), 'truncated' (over UDP: "ask again by TCP"; then
    127.0.0.1).  delays: name -> seconds.  What is not in the table does not exist."""
    needs = 'root, to listen on port 53'

    def __init__(self, table=None, host=None, port=53):
        super().__init__()
        self.table = dict(table or {})
        self.delays = {}
        self.host = host
        self.port = port
        self._udp = None

    @classmethod
    def exists(cls):
        return os.geteuid() == 0

    @property
    def resolv_conf(self):
        """A file that makes this the only name server of who reads it."""
        path = self.dir / 'resolv.conf'
        path.write_text(f'nameserver {self.host}\noptions timeout:1 attempts:2\n')
        return path

    def facts(self):
        return {'server': f'{self.host}:{self.port}', 'names': ', '.join(self.table), 'resolv.conf': self.resolv_conf}

    async def _serve(self):
        server = self

        class Datagrams(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, peer):
                asyncio.ensure_future(server._reply(data, 'udp', lambda answer: self.transport.sendto(answer, peer)))

        for host in [self.host] * ATTEMPTS if self.host else own_addresses():
            try:
                port = await self._listen(self._tcp, host, self.port)
            except OSError:
                continue
            try:
                self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=(host, port))
            except OSError:  # what is free for TCP need not be so for UDP
                self._servers.pop().close()
                continue
            self.host, self.port = host, port
            return
        raise OSError(f'found no place for a name server on port {self.port}')

    async def _end(self):
        if self._udp is not None:
            self._udp.close()
        await super()._end()

    async def _tcp(self, reader, writer):
        while True:
            size, = struct.unpack('!H', await reader.readexactly(2))
            query = await reader.readexactly(size)
            await self._reply(query, 'tcp', lambda answer: writer.write(struct.pack('!H', len(answer)) + answer))
            await writer.drain()

    async def _reply(self, query, over, send):
        name, qtype, question = question_of(query)
        self._say(f'{over} {name} {({A: "A", AAAA: "AAAA"}).get(qtype, qtype)}')
        await asyncio.sleep(self.delays.get(name, 0))
        answer = self._answer(query[:2], name, qtype, question, over)
        if answer is not None:
            send(answer)

    def _answer(self, ident, name, qtype, question, over):
        entry = self.table.get(name, 'nxdomain')
        if entry == 'silent':
            return None
        if entry == 'garbage':
            return ident + b'\xff' * 30
        flags, records = 0x8580, []
        if entry == 'truncated':
            if over == 'udp':
                flags |= 0x0200
            else:
                records = self._records(['127.0.0.1'], qtype)
        elif isinstance(entry, str):
            flags |= {'nxdomain': NXDOMAIN, 'servfail': SERVFAIL, 'refused': REFUSED}[entry]
        else:
            records = self._records(entry, qtype)
        return ident + struct.pack('!HHHHH', flags, 1, len(records), 0, 0) + question + b''.join(records)

    @staticmethod
    def _records(addresses, qtype):
        version = {A: 4, AAAA: 6}.get(qtype)
        packed = [ip.packed for ip in map(ipaddress.ip_address, addresses) if ip.version == version]
        # 0xc00c: the name of the question.
        return [struct.pack('!HHHIH', 0xc00c, qtype, 1, TTL, len(data)) + data for data in packed]


def in_front(server):
    """Words that make a program ask this server, and nobody else: in a mount namespace of its own it finds
    another /etc/resolv.conf, and an /etc/nsswitch.conf that knows no other way."""
    switch = server.dir / 'nsswitch.conf'
    switch.write_text('hosts: files dns\n')
    return ['unshare', '--mount', 'sh', '-c',
            f'mount --bind {server.resolv_conf} /etc/resolv.conf && mount --bind {switch} /etc/nsswitch.conf && exec "$@"',
            'sh']
