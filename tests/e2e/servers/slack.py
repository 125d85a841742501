"""Slack, as its incoming webhooks behave: what they refuse, in their own short words, and how often they may
be called."""
import math
import re

from .limits import Bucket
from .receiver import Answer, Receiver

# The answer to each word.  Some pairs were seen only in the wild: see the documentation of incoming webhooks.
ERRORS = {
    'invalid_payload': 400, 'user_not_found': 400, 'no_text': 400, 'too_many_attachments': 400,
    'invalid_blocks': 400, 'invalid_attachments': 400, 'msg_blocks_too_long': 400,
    'action_prohibited': 403, 'invalid_token': 403, 'posting_to_general_channel_denied': 403, 'team_disabled': 403,
    'channel_not_found': 404, 'no_service': 404, 'no_service_id': 404, 'no_team': 404, 'no_active_hooks': 404,
    'channel_is_archived': 410,
    'rollup_error': 500,
}
PATH = re.compile(r'/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+')
PING = re.compile(r'<(?:!(?:channel|here|everyone|subteam\^)|@[UW])[^>]*>')
COLOR = re.compile(r'#?[0-9a-fA-F]{6}')
BESIDE_BLOCKS = {'blocks', 'color', 'fallback'}
TEXT_MAX, ATTACHMENTS_MAX, BLOCKS_MAX, BLOCK_TEXT_MAX = 40_000, 100, 50, 13_200


class Refused(Exception):
    """With a word of ERRORS."""


def need(claim, word):
    if not claim:
        raise Refused(word)


def texts_of(node):
    """Every text that people get to see, wherever it stands."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ('text', 'fallback', 'pretext', 'title', 'value', 'footer', 'alt_text') and isinstance(value, str):
                yield value
            else:
                yield from texts_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_of(value)


class Blocks:
    """Judges blocks; size: the characters of all text in them."""

    def __init__(self):
        self.size = 0

    def text(self, node, most, kinds=('plain_text', 'mrkdwn'), least=1):
        need(isinstance(node, dict) and node.get('type') in kinds, 'invalid_blocks')
        text = node.get('text')
        need(isinstance(text, str) and least <= len(text) <= most, 'invalid_blocks')
        need(node['type'] == 'plain_text' or 'emoji' not in node, 'invalid_blocks')
        self.size += len(text)

    def element(self, node):
        need(isinstance(node, dict), 'invalid_blocks')
        kind = node.get('type')
        if kind == 'button':
            self.text(node.get('text'), 75, ('plain_text',))
            need(len(node.get('url', '')) <= 3000 and len(node.get('value', '')) <= 2000, 'invalid_blocks')
        elif kind == 'image':
            need(isinstance(node.get('image_url'), str) and isinstance(node.get('alt_text'), str), 'invalid_blocks')
        else:
            self.text(node, 3000)

    def block(self, node):
        need(isinstance(node, dict) and len(node.get('block_id', '')) <= 255, 'invalid_blocks')
        kind = node.get('type')
        need(kind in ('section', 'header', 'divider', 'context', 'actions', 'image'), 'invalid_blocks')
        if kind == 'section':
            need('text' in node or 'fields' in node, 'invalid_blocks')
            if 'text' in node:
                self.text(node['text'], 3000)
            fields = node.get('fields', [None])
            need(isinstance(fields, list) and 1 <= len(fields) <= 10, 'invalid_blocks')
            for field in node.get('fields', []):
                self.text(field, 2000)
        elif kind == 'header':
            self.text(node.get('text'), 150, ('plain_text',))
        elif kind in ('context', 'actions'):
            elements = node.get('elements')
            need(isinstance(elements, list) and 1 <= len(elements) <= (10 if kind == 'context' else 25), 'invalid_blocks')
            for element in elements:
                self.element(element)
        elif kind == 'image':
            need(isinstance(node.get('image_url'), str) and 1 <= len(node.get('alt_text', '')) <= 2000, 'invalid_blocks')

    def all(self, nodes):
        need(isinstance(nodes, list) and len(nodes) <= BLOCKS_MAX, 'invalid_blocks')
        for node in nodes:
            self.block(node)
        ids = [node['block_id'] for node in nodes if 'block_id' in node]
        need(len(ids) == len(set(ids)), 'invalid_blocks')


def judge(message):
    """Raises Refused for what Slack would not post."""
    need(isinstance(message, dict), 'invalid_payload')
    need(isinstance(message.get('text', ''), str), 'invalid_payload')
    attachments = message.get('attachments', [])
    need(isinstance(attachments, list), 'invalid_attachments')
    need(message.get('text') or attachments or message.get('blocks'), 'no_text')
    need(len(attachments) <= ATTACHMENTS_MAX, 'too_many_attachments')
    blocks = Blocks()
    if 'blocks' in message:
        blocks.all(message['blocks'])
    for attachment in attachments:
        need(isinstance(attachment, dict) and attachment, 'invalid_attachments')
        color = attachment.get('color', 'good')
        need(color in ('good', 'warning', 'danger') or COLOR.fullmatch(str(color)), 'invalid_attachments')
        need(isinstance(attachment.get('ts', 0), (int, str)), 'invalid_attachments')
        for field in attachment.get('fields', []):
            need(isinstance(field, dict) and isinstance(field.get('value', ''), str), 'invalid_attachments')
        if 'blocks' in attachment:
            # Documented nowhere: see slackapi/node-slack-sdk#1112, slackapi/bolt-js#717.
            need(set(attachment) <= BESIDE_BLOCKS, 'invalid_attachments')
            blocks.all(attachment['blocks'])
    need(blocks.size <= BLOCK_TEXT_MAX, 'msg_blocks_too_long')


class Slack(Receiver):
    """webhook: the address of one channel; add_webhook(): of another.  messages: what was posted, as JSON.
    pings: the control sequences in them that would have called people."""
    schema = 'slack'

    def __init__(self, limit='documented', tls=None):
        super().__init__(Bucket(per_second=1, burst=4) if limit == 'documented' else limit, tls)
        self._hooks = {}  # path -> what is wrong with it, '' for nothing
        self._path = self._add()

    def _add(self):
        path = f'/services/T0TESTS/B{len(self._hooks):08d}/notASecret{len(self._hooks):014d}'
        self._hooks[path] = ''
        return path

    @property
    def webhook(self):
        return self.url + self._path

    def add_webhook(self):
        return self.url + self._add()

    def goes_wrong(self, word, webhook=None):
        """From now on a webhook (each one, unless one is named) answers with this word of ERRORS; '': works."""
        for path in self._hooks:
            if webhook in (None, self.url + path):
                self._hooks[path] = word

    @property
    def messages(self):
        return [request.json for request in self.taken]

    @property
    def pings(self):
        return [ping for message in self.messages for text in texts_of(message) for ping in PING.findall(text)]

    def facts(self):
        return {'webhook': self.webhook}

    def _take(self, request):
        wait = self.limit.wait(request.path) if self.limit else 0
        if wait:
            seconds = math.ceil(wait)
            return Answer(429, {'retry_after': seconds, 'ok': False, 'error': 'rate_limited'},
                          {'Retry-After': str(seconds)})
        try:
            need(request.method == 'POST', 'invalid_payload')
            need(PATH.fullmatch(request.path), 'no_team')
            need(request.path in self._hooks, 'no_service')
            if self._hooks[request.path]:
                raise Refused(self._hooks[request.path])
            need(request.headers.get('content-type', '').startswith('application/json'), 'invalid_payload')
            try:
                message = request.json
            except ValueError:
                raise Refused('invalid_payload') from None
            judge(message)
        except Refused as err:
            return Answer(ERRORS[str(err)], str(err))
        return Answer(200, 'ok', taken=True)
