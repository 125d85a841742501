"""A private authority and certificates of every kind that goes wrong, made with the openssl program."""
import dataclasses
import datetime
import pathlib
import shutil
import subprocess

from .base import Server

# What certificates are for, unless they say otherwise.
NAMES = ('DNS:good.test', 'DNS:*.wild.test', 'DNS:localhost', 'IP:127.0.0.1', 'IP:::1')

CONFIG = '''
[req]
distinguished_name = none
prompt = no
[none]
[ca]
default_ca = here
[here]
dir = {dir}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir/issued
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
organizationName = optional
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $ENV::NAMES
[client]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
'''


@dataclasses.dataclass(frozen=True)
class Certificate:
    name: str
    key: pathlib.Path
    cert: pathlib.Path  # it alone
    chain: pathlib.Path  # as a server sends it: it, then the authorities below the root


def days_from_now(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime('%Y%m%d%H%M%SZ')


class Pki(Server):
    """root: trusted by those who verify (its .cert).  Servers' certificates, by name:

        good                  nothing is wrong with it
        expired               yesterday
        not_yet_valid         from tomorrow
        self_signed           by itself
        untrusted             by an authority that nobody knows
        wrong_name            for other.test
        missing_intermediate  good, but sent without the authority that signed it
        expires_soon          in 5 days
        short_chain           good for 90 days, its authority for 9

    and of clients, for mutual TLS: client (signed below root), stranger (by the unknown authority).
    """
    needs = 'the openssl program'

    def __init__(self):
        super().__init__()
        self.certificates = {}

    @classmethod
    def exists(cls):
        return shutil.which('openssl') is not None

    def __getitem__(self, name):
        return self.certificates[name]

    @property
    def root(self):
        return self.certificates['root']

    def facts(self):
        return {name: certificate.chain for name, certificate in self.certificates.items()}

    def _openssl(self, *args, names=NAMES):
        done = subprocess.run(['openssl', *map(str, args)], cwd=self.dir, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, env={'NAMES': ','.join(names), 'PATH': '/usr/bin:/bin'})
        if done.returncode != 0:
            raise RuntimeError(f'openssl {" ".join(map(str, args))}: {done.stderr}')

    def _request(self, name, subject):
        self._openssl('req', '-config', 'pki.conf', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                      '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.csr', '-subj', subject)

    def make(self, name, issuer, *, extensions='server', subject=None, names=NAMES, begins=-1, ends=90, sends=()):
        """A new certificate, signed by `issuer` (None: by itself), valid from `begins` to `ends` days
        from now.  `sends`: the names of the authorities that go into its chain after it."""
        self._request(name, subject or f'/O=Tests/CN={name}')
        signer = ['-selfsign', '-keyfile', f'{name}.key'] if issuer is None else [
            '-cert', f'{issuer}.pem', '-keyfile', f'{issuer}.key']
        self._openssl('ca', '-config', 'pki.conf', '-batch', '-notext', *signer, '-in', f'{name}.csr',
                      '-out', f'{name}.pem', '-extensions', extensions,
                      '-startdate', days_from_now(begins), '-enddate', days_from_now(ends), names=names)
        chain = self.dir / f'{name}.chain.pem'
        chain.write_text(''.join((self.dir / f'{part}.pem').read_text() for part in (name, *sends)))
        made = Certificate(name, self.dir / f'{name}.key', self.dir / f'{name}.pem', chain)
        self.certificates[name] = made
        return made

    def _start(self):
        (self.dir / 'pki.conf').write_text(CONFIG.format(dir=self.dir))
        (self.dir / 'index.txt').touch()
        (self.dir / 'serial').write_text('1000\n')
        (self.dir / 'issued').mkdir()
        self.make('root', None, extensions='authority', ends=3650)
        self.make('intermediate', 'root', extensions='authority', ends=1825)
        self.make('weak_intermediate', 'root', extensions='authority', ends=9)
        self.make('unknown_authority', None, extensions='authority', ends=3650)
        below = {'issuer': 'intermediate', 'sends': ('intermediate',)}
        self.make('good', **below)
        self.make('expired', **below, begins=-30, ends=-1)
        self.make('not_yet_valid', **below, begins=1)
        self.make('self_signed', None)
        self.make('untrusted', 'unknown_authority')
        self.make('wrong_name', **below, names=('DNS:other.test',), subject='/O=Tests/CN=other.test')
        self.make('missing_intermediate', 'intermediate')
        self.make('expires_soon', **below, ends=5)
        self.make('short_chain', 'weak_intermediate', sends=('weak_intermediate',))
        self.make('client', **below, extensions='client')
        self.make('stranger', 'unknown_authority', extensions='client')

    def _stop(self):
        self.certificates = {}
