"""Discord's webhooks: what a message may hold, and how fast messages may come."""
import datetime
import math
import re
import time

from .limits import Window
from .receiver import Answer, Receiver

PATH = re.compile(r'/api(?:/v\d+)?/webhooks/(\d+)/([\w-]+)')
ID, TOKEN = '410000000000000001', 'not-a-secret-but-as-long-as-one-of-theirs-is-0123456789abcdefghijklm'
EMBEDS_MAX, FIELDS_MAX, EMBED_TEXT_MAX = 10, 25, 6000
# Where a text stands in an embed, and how long it may be.
TEXTS = {'title': 256, 'description': 4096, 'footer.text': 2048, 'author.name': 256}


class Errors:
    """Collects what is wrong as a tree, as Discord tells it."""

    def __init__(self):
        self.tree = {}

    def add(self, path, code, message):
        node = self.tree
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault('_errors', []).append({'code': code, 'message': message})

    def length(self, path, value, most, required=False):
        """The length of a text that is right or was told to be wrong."""
        if value is None and not required:
            return 0
        if value is None or value == '' and required:
            self.add(path, 'BASE_TYPE_REQUIRED', 'This field is required')
            return 0
        if not isinstance(value, str):
            self.add(path, 'BASE_TYPE_STRING', 'Only a string is valid here')
            return 0
        if len(value) > most:
            self.add(path, 'BASE_TYPE_MAX_LENGTH', f'Must be {most} or fewer in length.')
        return len(value)

    def items(self, path, value, most):
        if not isinstance(value, list):
            self.add(path, 'BASE_TYPE_LIST', 'Only a list is valid here')
            return []
        if len(value) > most:
            self.add(path, 'BASE_TYPE_MAX_LENGTH', f'Must be {most} or fewer in length.')
        return value


def is_time(value):
    try:
        return datetime.datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


def embed_size(errors, path, embed):
    if not isinstance(embed, dict):
        errors.add(path, 'MODEL_TYPE_CONVERT', 'Only an object is valid here')
        return 0
    size = 0
    for name, most in TEXTS.items():
        first, _, second = name.partition('.')
        node = embed.get(first)
        size += errors.length([*path, *name.split('.')], node.get(second) if second and isinstance(node, dict) else node, most)
    for i, field in enumerate(errors.items([*path, 'fields'], embed.get('fields', []), FIELDS_MAX)):
        field = field if isinstance(field, dict) else {}
        size += errors.length([*path, 'fields', i, 'name'], field.get('name'), 256, required=True)
        size += errors.length([*path, 'fields', i, 'value'], field.get('value'), 1024, required=True)
    color = embed.get('color', 0)
    if not isinstance(color, int) or not 0 <= color <= 0xffffff:
        errors.add([*path, 'color'], 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 16777215.')
    if 'timestamp' in embed and not is_time(embed['timestamp']):
        errors.add([*path, 'timestamp'], 'DATE_TIME_TYPE_PARSE', 'Could not parse. Should be ISO8601.')
    if not re.match('https?://', embed.get('url', 'https://')):
        errors.add([*path, 'url'], 'URL_TYPE_INVALID_URL', 'Not a well formed URL.')
    return size


def errors_of(message):
    errors = Errors()
    errors.length(['content'], message.get('content'), 2000)
    errors.length(['username'], message.get('username'), 80)
    if re.search('discord|clyde', str(message.get('username', '')), re.IGNORECASE):
        errors.add(['username'], 'USERNAME_INVALID_CONTAINS', 'Username cannot contain a reserved word')
    embeds = errors.items(['embeds'], message.get('embeds', []), EMBEDS_MAX)
    if sum(embed_size(errors, ['embeds', i], embed) for i, embed in enumerate(embeds)) > EMBED_TEXT_MAX:
        errors.add(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', f'Embed size exceeds maximum size of {EMBED_TEXT_MAX}')
    return errors.tree


def calls_people(message):
    """Whether @everyone or @here stand in the text, and nothing forbids them to work."""
    allowed = message.get('allowed_mentions', {}).get('parse', ['everyone'])
    return 'everyone' in allowed and any(word in message.get('content', '') for word in ('@everyone', '@here'))


class Discord(Receiver):
    """webhook: its address.  gone: it was deleted.  pings: the messages that would have called people."""
    schema = 'discord'

    def __init__(self, limit='documented', tls=None):
        super().__init__(Window(5, 2) if limit == 'documented' else limit, tls)
        self.gone = False

    @property
    def webhook(self):
        return f'{self.url}/api/webhooks/{ID}/{TOKEN}'

    def facts(self):
        return {'webhook': self.webhook}

    @property
    def messages(self):
        return [request.json for request in self.taken]

    @property
    def pings(self):
        return [message for message in self.messages if calls_people(message)]

    def _take(self, request):
        match = PATH.fullmatch(request.path)
        if match is None:
            return Answer(404, {'message': '404: Not Found', 'code': 0})
        wait = self.limit.wait(request.path) if self.limit else 0
        if wait:
            return Answer(429, {'message': 'You are being rate limited.', 'retry_after': round(wait, 3), 'global': False},
                          {'Retry-After': str(math.ceil(wait)), 'X-RateLimit-Limit': '5', 'X-RateLimit-Remaining': '0',
                           'X-RateLimit-Reset': f'{time.time() + wait:.3f}', 'X-RateLimit-Reset-After': f'{wait:.3f}',
                           'X-RateLimit-Bucket': 'tests', 'X-RateLimit-Scope': 'user'})
        if self.gone or match[1] != ID:
            return Answer(404, {'message': 'Unknown Webhook', 'code': 10015})
        if match[2] != TOKEN:
            return Answer(401, {'message': 'Invalid Webhook Token', 'code': 50027})
        if request.method != 'POST':
            return Answer(405, {'message': '405: Method Not Allowed', 'code': 0})
        return self._message(request)

    @staticmethod
    def _message(request):
        try:
            message = request.json
        except ValueError:
            return Answer(400, {'message': 'The request body contains invalid JSON.', 'code': 50109})
        if not isinstance(message, dict):
            return Answer(400, {'message': 'Invalid Form Body', 'code': 50035, 'errors': {}})
        errors = errors_of(message)
        if errors:
            return Answer(400, {'message': 'Invalid Form Body', 'code': 50035, 'errors': errors})
        if not message.get('content') and not message.get('embeds'):
            return Answer(400, {'message': 'Cannot send an empty message', 'code': 50006})
        if request.query.get('wait') == 'true':
            return Answer(200, {'id': '410000000000000002', 'type': 0, 'webhook_id': ID, **message}, taken=True)
        return Answer(204, b'', taken=True)
