"""Real servers for the tests: one class each, on free ports, with a folder of their own.

Every class has the same few methods (see base.Server): exists(), start(), stop(), reload(), log().  Each
can be tried by hand: `python3 -m tests.e2e.servers nginx` starts one and prints what it offers.
"""
from .alertmanager import Alertmanager, AlertmanagerApi
from .backend import Backend
from .boxes import Boxes
from .discord import Discord
from .dns import DnsServer
from .echo import EchoServer
from .exim import Exim
from .filesystem import Filesystem
from .nginx import Nginx
from .ntfy import Ntfy
from .opsgenie import Opsgenie
from .pagerduty import PagerDuty
from .pki import Pki
from .proxy import ForwardProxy
from .receiver import Answer, Fault, Receiver
from .slack import Slack
from .smtp import SmtpServer
from .smtp_sink import SmtpSink
from .sshd import Sshd
from .teams import Teams
from .webhook import Webhook

__all__ = ['Alertmanager', 'AlertmanagerApi', 'Answer', 'Backend', 'Boxes', 'Discord', 'DnsServer', 'EchoServer', 'Exim',
           'Fault', 'Filesystem', 'ForwardProxy', 'Nginx', 'Ntfy', 'Opsgenie', 'PagerDuty', 'Pki', 'Receiver', 'Slack',
           'SmtpServer', 'SmtpSink', 'Sshd', 'Teams', 'Webhook']
