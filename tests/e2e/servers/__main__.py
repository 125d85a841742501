"""python3 -m tests.e2e.servers NAME: starts a server and prints what it offers, until Ctrl-C."""
import signal
import sys

from . import DnsServer, EchoServer, ForwardProxy, Nginx, Pki, SmtpServer

SERVERS = {
    'dns': lambda: DnsServer({'one.test': ['127.0.0.1'], 'both.test': ['127.0.0.1', '::1'], 'broken.test': 'servfail',
                              'silent.test': 'silent'}, port=0),
    'echo': EchoServer,
    'nginx': Nginx,
    'pki': Pki,
    'proxy': ForwardProxy,
    'smtp': SmtpServer,
}


def main(argv):
    if len(argv) != 2 or argv[1] not in SERVERS:
        print(f'usage: python3 -m tests.e2e.servers {"|".join(SERVERS)}', file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with SERVERS[argv[1]]() as server:
        for name, value in server.facts().items():
            print(f'{name:22} {value}', flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
