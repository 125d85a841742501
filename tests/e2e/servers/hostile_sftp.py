"""An SFTP server that says what it should not, as a program: to be run by sshd instead of its own.

    hostile_sftp.py MANNER

Each manner is a folder /x that is not what it seems.  See MANNERS."""
import os
import struct
import sys

FOLDER, FILE, LINK = 0o040755, 0o100644, 0o120777
CONTENT = b'hostile\n'

# What is in the folder, (name, mode) each; everything that is asked for below it is the same again.
MANNERS = {
    'climbing': [(b'../evil', FILE)],
    'absolute': [(b'/tmp/evil', FILE)],
    'nested': [(b'a/b', FILE)],
    'null': [(b'a\0b', FILE)],
    'empty': [(b'', FILE)],
    'long': [(b'a' * 5000, FILE)],
    # First a link that leads out, then a folder of the same name, with a file in it.
    'link-and-folder': [(b'trap', LINK), (b'trap', FOLDER)],
    'folders-without-end': [(b'again', FOLDER)],
    'controls': [(b'a\x1b[31m\nb', FILE)],
}


def string(text):
    return struct.pack('>I', len(text)) + text


def attributes(mode):
    return struct.pack('>IQI', 5, len(CONTENT), mode)


class Server:
    def __init__(self, manner):
        self.manner = manner
        self.handles = []  # paths of folders
        self.read = []  # how often each was

    def answer(self, kind, number, rest):
        send = lambda answer, body: b''.join((bytes([answer]), struct.pack('>I', number), body))  # noqa: E731
        status = lambda code: send(101, struct.pack('>I', code) + string(b'') * 2)  # noqa: E731
        path = rest[4:4 + struct.unpack('>I', rest[:4])[0]] if len(rest) >= 4 else b''
        names = MANNERS[self.manner]
        if kind == 11:  # opendir
            self.handles.append(path)
            self.read.append(0)
            return send(102, string(b'%d' % (len(self.handles) - 1)))
        if kind == 12:  # readdir
            handle = int(path)
            path = self.handles[handle]
            self.read[handle] += 1
            if self.read[handle] > 1:
                return status(1)
            if path.endswith(b'trap'):
                names = [(b'evil', FILE)]
            return send(104, struct.pack('>I', len(names)) + b''.join(
                string(name) + string(name) + attributes(mode) for name, mode in names))
        if kind in (17, 7, 8):  # stat, lstat, fstat
            base = path.rsplit(b'/', 1)[-1]
            mode = FOLDER if base in (b'x', b'again') else FILE
            return send(105, attributes(mode))
        if kind == 16:  # realpath
            return send(104, struct.pack('>I', 1) + string(b'/') * 2 + attributes(FOLDER))
        if kind == 19:  # readlink
            return send(104, struct.pack('>I', 1) + string(os.fsencode(os.environ.get('OUTSIDE', '/tmp'))) * 2 +
                        attributes(LINK))
        if kind == 3:  # open
            return send(102, string(b'file'))
        if kind == 5:  # read
            offset = struct.unpack('>Q', rest[-12:-4])[0]
            return status(1) if offset >= len(CONTENT) else send(103, string(CONTENT[offset:]))
        return status(0 if kind == 4 else 8)

    def run(self):
        stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
        while head := stdin.read(4):
            message = stdin.read(struct.unpack('>I', head)[0])
            if message[0] == 1:
                body = b'\x02' + struct.pack('>I', 3)
            else:
                body = self.answer(message[0], struct.unpack('>I', message[1:5])[0], message[5:])
            stdout.write(string(body))
            stdout.flush()


if __name__ == '__main__':
    Server(sys.argv[1]).run()
