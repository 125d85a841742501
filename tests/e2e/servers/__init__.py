"""Real servers for the tests: one class each, on free ports, with a folder of their own.

Every class has the same few methods (see base.Server): exists(), start(), stop(), reload(), log().  Each
can be tried by hand: `python3 -m tests.e2e.servers nginx` starts one and prints what it offers.
"""
from .backend import Backend
from .boxes import Boxes
from .dns import DnsServer
from .echo import EchoServer
from .filesystem import Filesystem
from .nginx import Nginx
from .pki import Pki
from .proxy import ForwardProxy
from .smtp import SmtpServer

__all__ = ['Backend', 'Boxes', 'DnsServer', 'EchoServer', 'Filesystem', 'ForwardProxy', 'Nginx', 'Pki', 'SmtpServer']
