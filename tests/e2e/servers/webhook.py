"""A webhook of somebody's own, which believes only what is signed as Standard Webhooks 1.0.0 says."""
import base64
import binascii
import hashlib
import hmac
import time

from .receiver import Answer, Receiver

SECRET = 'whsec_' + base64.b64encode(b'a key for the tests, 32 bytes ..').decode()
TOLERANCE_SECONDS = 300


def sign(secret, ident, timestamp, body):
    """One signature, as it stands in the header."""
    key = base64.b64decode(secret.removeprefix('whsec_'))
    content = f'{ident}.{timestamp}.'.encode() + body
    return 'v1,' + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Webhook(Receiver):
    """secrets: what a signature may be made with (none: nothing is checked).  ids: those of the messages that
    were taken in, in their order, each time that one came; an id that came before is taken in again, because
    a sender cannot know; unique_ids: each once."""

    def __init__(self, limit=None, tls=None, secrets=(SECRET,)):
        super().__init__(limit, tls)
        self.secrets = list(secrets)
        self.ids = []

    @property
    def secret(self):
        return SECRET

    @property
    def hook(self):
        return self.url + '/hook'

    def facts(self):
        return {'url': self.hook, 'secret': SECRET}

    def forget(self):
        super().forget()
        self.ids.clear()

    @property
    def unique_ids(self):
        return list(dict.fromkeys(self.ids))

    def why_not(self, request, now=None):
        """What is wrong with the signature; None: nothing."""
        headers = request.headers
        ident, when = headers.get('webhook-id'), headers.get('webhook-timestamp', '')
        if not ident or len(ident) > 256:
            return 'no webhook-id'
        if not when.isdigit():
            return 'webhook-timestamp is no number of seconds'
        if abs((time.time() if now is None else now) - int(when)) > TOLERANCE_SECONDS:
            return 'webhook-timestamp is too far from now'
        given = headers.get('webhook-signature', '').split()
        try:
            made = [sign(secret, ident, when, request.body) for secret in self.secrets]
        except binascii.Error:
            return 'our own secret is no base64'
        if not any(hmac.compare_digest(one, other) for one in given for other in made):
            return 'no signature matches'
        return None

    def _take(self, request):
        if request.method not in ('POST', 'PUT'):
            return Answer(405, '', {'Allow': 'POST, PUT'})
        problem = self.why_not(request) if self.secrets else None
        if problem:
            return Answer(401, f'{problem}\n')
        if 'webhook-id' in request.headers:
            self.ids.append(request.headers['webhook-id'])
        return Answer(204, b'', taken=True)
