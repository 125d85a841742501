"""SSH servers that are broken, or mean harm: each manner on a port of its own, at every point where a server can
go wrong, before the login and after it.

What comes after the exchange of keys speaks the real protocol, by Paramiko; whoever knocks is let in.
"""
import contextlib
import socket
import threading

from .base import Server

try:
    import paramiko
    from paramiko.common import (MSG_CHANNEL_REQUEST, MSG_KEXINIT, cMSG_CHANNEL_REQUEST, cMSG_DISCONNECT, cMSG_IGNORE,
                                 cMSG_USERAUTH_BANNER)
except ImportError:
    paramiko = None

BANNER = b'SSH-2.0-OpenSSH_9.2p1\r\n'
# A title for the window, another colour, the cursor at home; what is no UTF-8; what turns the line round; an
# escape of one character.
UGLY = b'\x1b]0;owned\x07\x1b[31mred\x1b[H \xff\xfe\xc3( \xe2\x80\xae\x9b2J\xc2\x9b2J'
PIECE = 32768
ENDLESS = 1 << 62


# --- before there is a protocol: manner(sock, ending) ---------------------------------------------------------


def _wait(sock, ending):
    """Takes everything, says nothing."""
    sock.settimeout(0.1)
    while not ending.is_set():
        with contextlib.suppress(TimeoutError):
            if not sock.recv(65536):
                return


def _for_ever(sock, ending, piece):
    while not ending.is_set():
        sock.sendall(piece)


def _says(words):
    def manner(sock, ending):
        sock.sendall(words)
        _wait(sock, ending)
    return manner


def _says_and_closes(words):
    def manner(sock, _):
        sock.sendall(words)
        with contextlib.suppress(OSError):
            sock.recv(4096)
    return manner


def _endless(piece):
    return lambda sock, ending: _for_ever(sock, ending, piece)


def _resets(sock, _):
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')


def _http(sock, _):
    sock.recv(4096)
    sock.sendall(b'HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n'
                 b'<html><body>400 Bad Request</body></html>\r\n')


PLAIN = {
    'silent': _wait,
    'closes': lambda sock, ending: None,
    'resets': _resets,
    'garbage': _says(bytes(range(128, 256)) * 8 + b'\n' + UGLY + b'\n'),
    'endless-line': _endless(b'x' * PIECE),
    # Many at once: whoever floods, too, has this interpreter in between.
    'endless-lines': _endless((b'welcome, ' + UGLY + b'\r\n') * 100),
    'http': _http,
    'old-version': _says(b'SSH-1.5-old\r\n'),
    'banner-stall': _says(BANNER),
    'banner-closes': _says_and_closes(BANNER),
    'huge-packet': _says(BANNER + b'\xff\xff\xff\xf0' + b'\0' * 4096),
    'garbage-packets': _says(BANNER + b'\0\0\1\x0c\4' + bytes(range(256)) * 16),
}


# --- with the protocol ----------------------------------------------------------------------------------------


def _disconnect(transport, text):
    message = paramiko.Message()
    message.add_byte(cMSG_DISCONNECT)
    message.add_int(11)
    message.add_string(text)
    message.add_string(b'')
    transport._send_message(message)


def _request(channel, name, *fill):
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string(name)
    message.add_boolean(False)
    for add, value in fill:
        getattr(message, add)(value)
    channel.transport._send_user_message(message)


def _exit_signal(channel, name):
    _request(channel, 'exit-signal', ('add_string', name), ('add_boolean', False), ('add_string', UGLY),
             ('add_string', b''))


def _flood(send, size):
    piece = bytes(range(97, 97 + 16)) * (PIECE // 16 - 1) + b'0123456789abcde\n'
    sent = 0
    while sent < size:
        send(piece)
        sent += len(piece)


class Manner(paramiko.ServerInterface if paramiko else object):
    """One visit.  What is not overridden is as it should be; run() is called when a command has been answered,
    in a thread of its own."""

    def __init__(self, transport, ending, size):
        self.transport, self.ending, self.size = transport, ending, size

    def stall(self):
        """For whoever is called by the protocol's thread: nothing is answered any more."""
        self.ending.wait()
        self.transport.close()

    def get_allowed_auths(self, username):
        return 'publickey'

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_env_request(self, channel, name, value):
        return True

    def check_channel_exec_request(self, channel, command):
        return True

    def run(self, channel):
        channel.send_exit_status(0)


class KexStall(Manner):
    """After both have said what they know, and the client has sent its half of the key."""


class KexCloses(Manner):
    """The same, and it is closed."""


class AuthStall(Manner):
    def check_auth_publickey(self, username, key):
        self.stall()
        return paramiko.AUTH_FAILED


class AuthCloses(Manner):
    def check_auth_publickey(self, username, key):
        self.transport.close()
        return paramiko.AUTH_FAILED


class AuthRefuses(Manner):
    """Which ways there are is not for printing either."""

    def get_allowed_auths(self, username):
        return 'publickey,\x1b[31mred\x1b[H'

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_FAILED


class AuthDisconnects(Manner):
    def check_auth_publickey(self, username, key):
        _disconnect(self.transport, b'go away ' + UGLY * 50)
        self.transport.close()
        return paramiko.AUTH_FAILED


class AuthFlood(Manner):
    """Packets that mean nothing, for ever."""

    def check_auth_publickey(self, username, key):
        message = paramiko.Message()
        message.add_byte(cMSG_IGNORE)
        message.add_string(b'x' * 1024)
        while not self.ending.is_set() and self.transport.is_active():
            self.transport._send_message(message)
        return paramiko.AUTH_FAILED


class AuthBanners(Manner):
    """What people are to read before they log in, for ever."""

    def check_auth_publickey(self, username, key):
        message = paramiko.Message()
        message.add_byte(cMSG_USERAUTH_BANNER)
        message.add_string(UGLY * 200)
        message.add_string(b'')
        while not self.ending.is_set() and self.transport.is_active():
            self.transport._send_message(message)
        return paramiko.AUTH_FAILED


class ClosesAfterAuth(Manner):
    def check_channel_request(self, kind, chanid):
        self.transport.close()
        return paramiko.OPEN_FAILED_CONNECT_FAILED


class OpenStall(Manner):
    def check_channel_request(self, kind, chanid):
        self.stall()
        return paramiko.OPEN_FAILED_CONNECT_FAILED


class OpenRefused(Manner):
    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class ExecStall(Manner):
    def check_channel_exec_request(self, channel, command):
        self.stall()
        return False


class ExecRefused(Manner):
    def check_channel_exec_request(self, channel, command):
        return False

    def run(self, channel):
        self.stall()


class ExecCloses(Manner):
    def check_channel_exec_request(self, channel, command):
        self.transport.close()
        return False


class WindowZero(Manner):
    """Whatever is sent to the command, there is never room for it."""

    def __init__(self, transport, ending, size):
        super().__init__(transport, ending, size)
        transport.default_window_size = 0

    def run(self, channel):
        self.stall()


class RunStall(Manner):
    def run(self, channel):
        self.stall()


class RunCloses(Manner):
    def run(self, channel):
        self.transport.close()


class NoStatus(Manner):
    def run(self, channel):
        pass


class Exit300(Manner):
    def run(self, channel):
        channel.send_exit_status(300)


class ExitHuge(Manner):
    def run(self, channel):
        channel.send_exit_status(0xffffffff)


class Signal(Manner):
    def run(self, channel):
        _exit_signal(channel, 'TERM')


class SignalUgly(Manner):
    def run(self, channel):
        _exit_signal(channel, UGLY * 200)


class Ugly(Manner):
    """Output, and no word of the end that was asked for."""

    def run(self, channel):
        channel.sendall(UGLY + b'\n')
        channel.sendall_stderr(UGLY + b'\n')
        channel.send_exit_status(3)


class FloodOut(Manner):
    def run(self, channel):
        _flood(channel.sendall, self.size)
        channel.send_exit_status(0)


class FloodErr(Manner):
    def run(self, channel):
        _flood(channel.sendall_stderr, self.size)
        channel.send_exit_status(0)


class EndlessOut(FloodOut):
    def __init__(self, transport, ending, _):
        super().__init__(transport, ending, ENDLESS)


class EndlessErr(FloodErr):
    def __init__(self, transport, ending, _):
        super().__init__(transport, ending, ENDLESS)


class Knows(Manner):
    """A server that has read what it is to execute (see src/fleet/supervisor.h), and lies about it."""
    PID = 4711

    def run(self, channel):
        self.channel, read = channel, b''
        while b'\n.\n\x1e' not in read or not read.partition(b'\n.\n\x1e')[2].count(b'\n'):
            piece = channel.recv(65536)
            if not piece:
                return
            read += piece
        self.secret = b'\x1e' + read.partition(b'\n.\n\x1e')[2].partition(b'\n')[0]
        self.lie()

    def say(self, words):
        self.channel.sendall_stderr(self.secret + words)

    def started(self):
        self.say(b'started %d\n' % self.PID)

    def lie(self):
        raise NotImplementedError


class Says300(Knows):
    def lie(self):
        self.started()
        self.channel.sendall(b'out\n')
        self.say(b'exit 300\n')
        self.channel.send_exit_status(300)


class SaysTooMuch(Knows):
    """Codes and signals that there are none of, a process that is none, words without an end."""

    def lie(self):
        for words in (b'started 0x10', b'started -1', b'started 99999999999', b'exit 99999999999999999999', b'exit -1',
                      b'signal ' + UGLY, b'signal ', b'started', b'taken', b'closed', b'x' * 3000000):
            self.say(words + b'\n')
        self.started()
        for words in (b'started 1', b'taken', b'taken', b'exit 99999999999999999999', b'exit 3 ', b'signal ' + UGLY, UGLY * 9999):
            self.say(words + b'\n')
        self.say(b'exit 7\n')
        self.say(b'exit 0\n')
        self.channel.send_exit_status(0)


class SaysEndFirst(Knows):
    """It ended well, and never began."""

    def lie(self):
        self.say(b'exit 0\n')
        self.channel.send_exit_status(0)


class SaysUgly(Knows):
    def lie(self):
        self.started()
        self.channel.sendall(UGLY + b'\n' + UGLY)
        self.channel.sendall_stderr(UGLY + b'\n' + UGLY)
        self.say(b'exit 3\n')
        self.channel.send_exit_status(3)


class WantsPassword(Knows):
    """A good one, whose users have a password."""
    PASSWORD = 'correct horse'

    def get_allowed_auths(self, username):
        return 'password'

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if password == self.PASSWORD else paramiko.AUTH_FAILED

    def lie(self):
        self.started()
        self.channel.sendall(b'welcome\n')
        self.say(b'exit 0\n')
        self.channel.send_exit_status(0)


class RunsAndSignals(Knows):
    def lie(self):
        self.started()
        _exit_signal(self.channel, UGLY * 200)


class RunsAndCloses(Knows):
    def lie(self):
        self.started()
        self.transport.close()


class RunsAndForgets(Knows):
    def lie(self):
        self.started()


class RunsForEver(Knows):
    """And does not end when it is told to."""

    def lie(self):
        self.started()
        self.stall()


class RunsAndFloods(Knows):
    """As much as wanted of both streams, and then well."""

    def lie(self):
        self.started()
        _flood(self.channel.sendall, self.size)
        _flood(self.channel.sendall_stderr, self.size)
        self.say(b'exit 0\n')
        self.channel.send_exit_status(0)


class RunsAndNeverEnds(Knows):
    """Writes for ever, whatever it is told."""

    def lie(self):
        self.started()
        _flood(self.channel.sendall_stderr, ENDLESS)


class EndsAndFloods(Knows):
    """It has ended, it says, and what it wrote goes on for ever."""

    def lie(self):
        self.started()
        self.say(b'exit 0\n')
        _flood(self.channel.sendall, ENDLESS)


class OverWindow(Manner):
    """Sends more than it was allowed to."""

    def run(self, channel):
        channel.out_window_size = ENDLESS
        _flood(channel.sendall, self.size)
        channel.send_exit_status(0)


SPEAKING = {
    'kex-stall': KexStall,
    'kex-closes': KexCloses,
    'auth-stall': AuthStall,
    'auth-closes': AuthCloses,
    'auth-refuses': AuthRefuses,
    'auth-disconnects': AuthDisconnects,
    'auth-flood': AuthFlood,
    'auth-banners': AuthBanners,
    'closes-after-auth': ClosesAfterAuth,
    'open-stall': OpenStall,
    'open-refused': OpenRefused,
    'exec-stall': ExecStall,
    'exec-refused': ExecRefused,
    'exec-closes': ExecCloses,
    'window-zero': WindowZero,
    'run-stall': RunStall,
    'run-closes': RunCloses,
    'no-status': NoStatus,
    'exit-300': Exit300,
    'exit-huge': ExitHuge,
    'signal': Signal,
    'signal-ugly': SignalUgly,
    'ugly': Ugly,
    'flood-out': FloodOut,
    'flood-err': FloodErr,
    'endless-out': EndlessOut,
    'endless-err': EndlessErr,
    'over-window': OverWindow,
    'says-300': Says300,
    'says-too-much': SaysTooMuch,
    'says-end-first': SaysEndFirst,
    'says-ugly': SaysUgly,
    'wants-password': WantsPassword,
    'runs-and-signals': RunsAndSignals,
    'runs-and-closes': RunsAndCloses,
    'runs-and-forgets': RunsAndForgets,
    'runs-for-ever': RunsForEver,
    'runs-and-floods': RunsAndFloods,
    'runs-and-never-ends': RunsAndNeverEnds,
    'ends-and-floods': EndsAndFloods,
}

MANNERS = (*PLAIN, *SPEAKING)


if paramiko:
    class Transport(paramiko.Transport):
        """Knows which manner it serves, and runs commands once the client has been answered."""
        manner = None

        def _kexinit(self, message):
            if isinstance(self.manner, KexStall):
                self.manner.stall()
            elif isinstance(self.manner, KexCloses):
                self.close()
            else:
                paramiko.Transport._handler_table[MSG_KEXINIT](self, message)

        def _log(self, level, msg, *args):
            pass

        _handler_table = {**paramiko.Transport._handler_table, MSG_KEXINIT: _kexinit}

        def _channel_request(channel, message):
            name = message.get_text()
            message.rewind()
            message.get_int()
            paramiko.Transport._channel_handler_table[MSG_CHANNEL_REQUEST](channel, message)
            if name == 'exec' and not channel.closed:
                threading.Thread(target=channel.transport.run_command, args=(channel,), daemon=True).start()

        _channel_handler_table = {**paramiko.Transport._channel_handler_table, MSG_CHANNEL_REQUEST: _channel_request}

        def run_command(self, channel):
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                self.manner.run(channel)
                channel.shutdown_write()
                channel.close()


class HostileSsh(Server):
    """ports: manner -> port on 127.0.0.1.  `size`: how much those send that flood."""
    needs = 'python3-paramiko, ssh-keygen'

    def __init__(self, size=1 << 20):
        super().__init__()
        self.size = size
        self.ports = {}
        self._ending = threading.Event()
        self._listeners, self._visits = [], []
        self._lines = []

    @classmethod
    def exists(cls):
        return paramiko is not None

    def _start(self):
        self._key = paramiko.RSAKey.generate(2048)
        self.public_host_key = f'ssh-rsa {self._key.get_base64()}'
        for manner in MANNERS:
            listener = socket.create_server(('127.0.0.1', 0), backlog=64)
            self._listeners.append(listener)
            self.ports[manner] = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener, manner), daemon=True).start()

    def _stop(self):
        self._ending.set()
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for sock in self._visits:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listeners.clear()

    def _accept(self, listener, manner):
        while not self._ending.is_set():
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            self._lines.append(manner)
            self._visits.append(sock)
            threading.Thread(target=self._visit, args=(sock, manner), daemon=True).start()

    def _visit(self, sock, manner):
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            if manner in PLAIN:
                with sock:
                    PLAIN[manner](sock, self._ending)
                return
            transport = Transport(sock)
            transport.add_server_key(self._key)
            transport.manner = SPEAKING[manner](transport, self._ending, self.size)
            transport.start_server(server=transport.manner)

    def visits(self, manner):
        """How often somebody came."""
        return self._lines.count(manner)

    def log(self):
        return ''.join(f'{line}\n' for line in self._lines)

    def ssh_config(self, names=MANNERS):
        """Lines that make a host of each manner."""
        return ''.join(f'Host {name}\n  HostName 127.0.0.1\n  Port {self.ports[name]}\n' for name in names)

    def known_hosts(self):
        return ''.join(f'[127.0.0.1]:{port} {self.public_host_key}\n' for port in self.ports.values())
