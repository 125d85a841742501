"""python3 -m tests.e2e.servers NAME: starts a server and prints what it offers, until Ctrl-C."""
import signal
import sys

from . import (Alertmanager, Discord, DnsServer, EchoServer, Exim, ForwardProxy, Nginx, Ntfy, Opsgenie, PagerDuty, Pki,
               Slack, SmtpServer, SmtpSink, Sshd, Teams, Webhook)

SERVERS = {
    'alertmanager': Alertmanager,
    'discord': Discord,
    'dns': lambda: DnsServer({'one.test': ['127.0.0.1'], 'both.test': ['127.0.0.1', '::1'], 'broken.test': 'servfail',
                              'silent.test': 'silent'}, port=0),
    'echo': EchoServer,
    'exim': Exim,
    'nginx': Nginx,
    'ntfy': Ntfy,
    'opsgenie': Opsgenie,
    'pagerduty': PagerDuty,
    'pki': Pki,
    'proxy': ForwardProxy,
    'slack': Slack,
    'smtp': SmtpServer,
    'smtp_sink': SmtpSink,
    'sshd': Sshd,
    'teams': Teams,
    'webhook': Webhook,
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
