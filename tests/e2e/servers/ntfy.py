"""An ntfy server: messages as JSON to /, or as text and headers to /TOPIC, with topics that may want a token."""
import base64
import re
import time
import uuid

from .limits import Bucket
from .receiver import Answer, Receiver

TOPIC = re.compile(r'[-_A-Za-z0-9]{1,64}')
MESSAGE_MAX = 4096
ERRORS = {
    40007: (400, 'invalid priority parameter'),
    40009: (400, 'invalid request: topic invalid'),
    40011: (400, 'invalid message: message must be UTF-8 encoded'),
    40014: (400, 'invalid request: attachments not allowed'),
    40017: (400, 'invalid request: request body must be message JSON'),
    40018: (400, 'invalid request: actions invalid'),
    40101: (401, 'unauthorized'),
    40301: (403, 'forbidden'),
    40401: (404, 'page not found'),
    41303: (413, 'JSON body too large'),
    42901: (429, 'limit reached: too many requests'),
}
USERNAME, PASSWORD, TOKEN = 'sre', 'open sesame', 'tk_notasecretnotasecretnotasecre'


class Refused(Exception):
    """With a code of ERRORS."""


def need(claim, code):
    if not claim:
        raise Refused(code)


class Ntfy(Receiver):
    """messages: what was published.  needs_login: who gives neither the token nor the password is refused;
    read_only: nobody may publish to these topics."""
    schema = 'ntfy'
    username, password, token = USERNAME, PASSWORD, TOKEN

    def __init__(self, limit='documented', tls=None):
        super().__init__(Bucket(per_second=1 / 5, burst=60) if limit == 'documented' else limit, tls)
        self.needs_login = False
        self.read_only = set()
        self.messages = []

    def facts(self):
        return {'url': self.url, 'token': TOKEN, 'login': f'{USERNAME}:{PASSWORD}'}

    def forget(self):
        super().forget()
        self.messages.clear()

    def _check(self, request):
        """Only what is sent to / is JSON."""
        return super()._check(request) if request.path == '/' else []

    def _take(self, request):
        try:
            need(not self.limit or not self.limit.wait(), 42901)
            need(request.method in ('POST', 'PUT'), 40401)
            self._login(request.headers.get('authorization'))
            message = self._json(request) if request.path == '/' else self._text(request)
            topic = message.get('topic')
            need(isinstance(topic, str) and TOPIC.fullmatch(topic), 40009)
            need(topic not in self.read_only, 40301)
            self._judge(message)
        except Refused as err:
            code = err.args[0]
            status, text = ERRORS[code]
            return Answer(status, {'code': code, 'http': status, 'error': text, 'link': 'https://ntfy.sh/docs/publish/'})
        self.messages.append(message)
        now = int(time.time())
        return Answer(200, {'id': uuid.uuid4().hex[:12], 'time': now, 'expires': now + 43200, 'event': 'message', **message},
                      taken=True)

    def _login(self, authorization):
        if not authorization:
            need(not self.needs_login, 40301)
            return
        basic = base64.b64encode(f'{USERNAME}:{PASSWORD}'.encode()).decode()
        need(authorization in (f'Bearer {TOKEN}', f'Basic {basic}'), 40101)

    @staticmethod
    def _json(request):
        need(len(request.body) <= 2 * MESSAGE_MAX, 41303)
        try:
            message = request.json
        except ValueError:
            raise Refused(40017) from None
        need(isinstance(message, dict), 40017)
        return message

    @staticmethod
    def _text(request):
        headers = request.headers
        message = {'topic': request.path[1:]}
        try:
            message['message'] = request.body.decode()
        except UnicodeDecodeError:
            raise Refused(40011) from None
        for name in ('title', 'priority', 'tags', 'click'):
            value = headers.get(f'x-{name}', headers.get(name))
            if value is not None:
                message[name] = value.split(',') if name == 'tags' else value
        if 'priority' in message:
            need(message['priority'].isdigit(), 40007)
            message['priority'] = int(message['priority'])
        return message

    @staticmethod
    def _judge(message):
        need(isinstance(message.get('message', ''), str) and isinstance(message.get('title', ''), str), 40017)
        # What is longer becomes an attachment, which this server does not have.
        need(len(message.get('message', '').encode()) <= MESSAGE_MAX, 40014)
        priority = message.get('priority', 3)
        need(isinstance(priority, int), 40017)
        need(1 <= priority <= 5, 40007)
        tags = message.get('tags', [])
        need(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags), 40017)
        actions = message.get('actions', [])
        need(isinstance(actions, list) and len(actions) <= 3, 40018)
        for action in actions:
            need(isinstance(action, dict) and action.get('action') in ('view', 'broadcast', 'http'), 40018)
            need(action.get('label') and (action['action'] == 'broadcast' or action.get('url')), 40018)
