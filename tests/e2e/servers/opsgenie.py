"""Opsgenie's alert API, and what is compatible with it: alerts by alias, created, acknowledged, closed."""
import dataclasses
import re
import urllib.parse
import uuid

from .limits import Bucket
from .receiver import Answer, Receiver

KEY = '00000000-1111-2222-3333-444444444444'
ACTION = re.compile(r'/v2/alerts/([^/]+)/(close|acknowledge|notes)')
STATUS = re.compile(r'/v2/alerts/requests/([^/]+)')
TEXTS = {'message': 130, 'alias': 512, 'description': 15_000, 'entity': 512, 'source': 100, 'user': 100, 'note': 25_000}


@dataclasses.dataclass
class Alert:
    """count: how often it was created while it was open.  status: open or closed."""
    alias: str
    bodies: list
    status: str = 'open'
    acknowledged: bool = False
    count: int = 1


def errors_of(body, needs_message):
    errors = {}
    for name, most in TEXTS.items():
        value = body.get(name)
        if value is None or value == '':
            if name == 'message' and needs_message:
                errors[name] = 'Message can not be empty.'
        elif not isinstance(value, str):
            errors[name] = 'must be a string'
        elif len(value) > most:
            errors[name] = f'length must be at most {most}'
    if body.get('priority', 'P3') not in ('P1', 'P2', 'P3', 'P4', 'P5'):
        errors['priority'] = "should be one of [ P1, P2, P3, P4, P5 ]"
    tags = body.get('tags', [])
    if not isinstance(tags, list) or len(tags) > 20 or not all(isinstance(tag, str) and len(tag) <= 50 for tag in tags):
        errors['tags'] = 'at most 20, each of at most 50 characters'
    details = body.get('details', {})
    if not isinstance(details, dict) or not all(isinstance(value, str) for value in details.values()):
        errors['details'] = 'must be a map of strings'
    elif sum(len(name) + len(value) for name, value in details.items()) > 8000:
        errors['details'] = 'at most 8000 characters in all'
    return errors


class Opsgenie(Receiver):
    """alerts: all that there were.  Requests are answered with 202, and what became of them is told at
    /v2/alerts/requests/ID; outcomes: the same by request id."""
    schema = 'opsgenie'
    key = KEY

    def __init__(self, limit='documented', tls=None):
        super().__init__(Bucket(per_second=10, burst=60) if limit == 'documented' else limit, tls)
        self.alerts = []
        self.outcomes = {}
        self.may_write = True

    def facts(self):
        return {'url': self.url, 'key': KEY}

    def forget(self):
        super().forget()
        self.alerts, self.outcomes = [], {}

    def open(self):
        return [alert for alert in self.alerts if alert.status == 'open']

    def _answer(self, status, fields, taken=False, headers=None):
        ident = str(uuid.uuid4())
        headers = {'X-Request-Id': ident, 'X-Response-Time': '0.001', **(headers or {})}
        return Answer(status, {**fields, 'took': 0.001, 'requestId': ident}, headers, taken)

    def _take(self, request):
        if request.headers.get('authorization') != f'GenieKey {KEY}':
            return self._answer(401, {'message': 'Could not authenticate'})
        if not self.may_write:
            return self._answer(403, {'message': 'The API key may not do this', 'code': 40301})
        if self.limit and self.limit.wait():
            return self._answer(429, {'message': 'You are making too many requests!'}, headers={
                'X-RateLimit-State': 'THROTTLED', 'X-RateLimit-Reason': 'ACCOUNT', 'X-RateLimit-Period-In-Sec': '60'})
        status = STATUS.fullmatch(request.path)
        if request.method == 'GET' and status:
            known = self.outcomes.get(status[1])
            return self._answer(200, {'data': known}) if known else self._answer(404, {'message': 'Request not found'})
        action = ACTION.fullmatch(request.path)
        if request.path != '/v2/alerts' and not action:
            return self._answer(404, {'message': 'No such resource'})
        if request.method != 'POST':
            return self._answer(405, {'message': 'Method not allowed'})
        if not request.headers.get('content-type', '').startswith('application/json'):
            return self._answer(415, {'message': 'Unsupported content type'})
        return self._post(request, action)

    def _post(self, request, action):
        try:
            body = request.json if request.body else {}
        except ValueError:
            return self._answer(400, {'message': 'Could not parse request body'})
        if not isinstance(body, dict):
            return self._answer(400, {'message': 'Could not parse request body'})
        errors = errors_of(body, needs_message=action is None)
        if action and request.query.get('identifierType', 'id') != 'alias':
            errors['identifierType'] = 'only aliases are known here'
        if errors:
            return self._answer(422, {'message': 'Request body is not processable. Please check the errors.', 'errors': errors})
        answer = self._answer(202, {'result': 'Request will be processed'}, taken=True)
        did, said = self._act(action, body) if action else self._create(body)
        self.outcomes[answer.body['requestId']] = {'success': did, 'isSuccess': did, 'status': said}
        return answer

    def _find(self, alias):
        return next((alert for alert in self.open() if alert.alias == alias), None)

    def _create(self, body):
        alert = self._find(body.get('alias'))
        if alert is None:
            self.alerts.append(Alert(body.get('alias') or str(uuid.uuid4()), [body]))
            return True, 'Created alert'
        alert.bodies.append(body)
        alert.count += 1
        return True, 'Deduplicated alert'

    def _act(self, action, body):
        alert = self._find(urllib.parse.unquote(action[1]))
        if alert is None:
            return False, 'Alert does not exist'
        alert.bodies.append(body)
        if action[2] == 'close':
            alert.status = 'closed'
        elif action[2] == 'acknowledge':
            alert.acknowledged = True
        return True, f'{action[2]} done'
