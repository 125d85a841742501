"""PagerDuty's Events API v2, with the incidents that its events make."""
import dataclasses
import datetime
import uuid

from .limits import Window
from .receiver import Answer, Receiver

KEY = '0123456789abcdef0123456789abcdef'
EVENT_MAX = 512_000
SEVERITIES = ('critical', 'error', 'warning', 'info')


@dataclasses.dataclass
class Incident:
    """status: triggered, acknowledged or resolved.  events: the bodies that it is made of.  calls: how often
    somebody was called: for the first trigger only."""
    key: str
    dedup_key: str
    status: str = 'triggered'
    events: list = dataclasses.field(default_factory=list)
    calls: int = 1

    @property
    def summary(self):
        return self.events[0]['payload']['summary']

    @property
    def severity(self):
        return self.events[0]['payload']['severity']


def text_problem(node, name, most=None, required=True):
    value = node.get(name)
    if value is None or value == '':
        return f"'{name}' is missing or blank" if required else None
    if not isinstance(value, str):
        return f"'{name}' is not a string"
    if most and len(value) > most:
        return f"'{name}' is too long (maximum is {most} characters)"
    return None


def is_time(value):
    try:
        datetime.datetime.fromisoformat(value)
        return 'T' in value
    except (TypeError, ValueError):
        return False


def problems_of(event):
    if not isinstance(event, dict):
        yield 'the event is no object'
        return
    key, action = event.get('routing_key'), event.get('event_action')
    if not isinstance(key, str) or len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    if action not in ('trigger', 'acknowledge', 'resolve'):
        yield "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"
    problem = text_problem(event, 'dedup_key', 255, required=action in ('acknowledge', 'resolve'))
    if problem:
        yield problem
    if action == 'trigger':
        payload = event.get('payload')
        if not isinstance(payload, dict):
            yield "'payload' is missing or blank"
            return
        yield from payload_problems(payload)
        yield from context_problems(event)


def payload_problems(payload):
    fields = (('summary', 1024, True), ('source', None, True), ('severity', None, True), ('component', None, False),
              ('group', None, False), ('class', None, False))
    yield from filter(None, (text_problem(payload, name, most, required) for name, most, required in fields))
    if payload.get('severity') and payload['severity'] not in SEVERITIES:
        yield f"'severity' is invalid (must be one of the following: {', '.join(map(repr, SEVERITIES))})"
    if 'timestamp' in payload and not is_time(payload['timestamp']):
        yield "'timestamp' is invalid (must be in ISO 8601)"
    if not isinstance(payload.get('custom_details', {}), dict):
        yield "'custom_details' is no object"


def context_problems(event):
    for name, needed in (('images', 'src'), ('links', 'href')):
        nodes = event.get(name, [])
        if not isinstance(nodes, list) or not all(isinstance(node, dict) and node.get(needed) for node in nodes):
            yield f"each of '{name}' needs '{needed}'"
        elif name == 'images' and not all(node['src'].startswith('https://') for node in nodes):
            yield "the 'src' of an image must be https"


class PagerDuty(Receiver):
    """keys: the integration keys that exist.  incidents: all that there were, in their order.  dropped: the
    events that were answered with 202 and changed nothing, because nothing was open."""
    schema = 'pagerduty'

    def __init__(self, limit='documented', tls=None):
        super().__init__(Window(120, 60) if limit == 'documented' else limit, tls)
        self.keys = {KEY}
        self.incidents = []
        self.dropped = []
        self._open = {}  # (key, dedup_key) -> Incident that is not resolved

    @property
    def key(self):
        return KEY

    @property
    def enqueue(self):
        return self.url + '/v2/enqueue'

    def facts(self):
        return {'url': self.enqueue, 'routing key': KEY}

    def open(self):
        return [incident for incident in self.incidents if incident.status != 'resolved']

    def forget(self):
        super().forget()
        self.incidents, self.dropped, self._open = [], [], {}

    def acknowledge(self, dedup_key):
        """As a person does it in the web page."""
        self._open[KEY, dedup_key].status = 'acknowledged'

    @staticmethod
    def _invalid(problems):
        return Answer(400, {'status': 'invalid event', 'message': 'Event object is invalid', 'errors': problems})

    def _take(self, request):
        if request.path != '/v2/enqueue':
            return Answer(404, {'status': 'not found', 'message': 'there is nothing here'})
        if request.method != 'POST':
            return Answer(405, b'', {'Allow': 'POST'})
        if len(request.body) > EVENT_MAX:
            return self._invalid([f'the event is larger than {EVENT_MAX} bytes'])
        try:
            event = request.json
        except ValueError:
            return self._invalid(['the event is no JSON'])
        problems = list(problems_of(event))
        if not problems and event['routing_key'] not in self.keys:
            problems = ['Invalid routing key']
        if problems:
            return self._invalid(problems)
        if self.limit and self.limit.wait(event['routing_key']):
            return Answer(429, {'status': 'throttle exceeded', 'errors': [],
                                'message': 'Requests for this service are arriving too quickly. Please retry later.'})
        event = {'dedup_key': uuid.uuid4().hex, **event}
        self._apply(event)
        return Answer(202, {'status': 'success', 'message': 'Event processed', 'dedup_key': event['dedup_key']}, taken=True)

    def _apply(self, event):
        place = event['routing_key'], event['dedup_key']
        incident = self._open.get(place)
        if incident is None:
            if event['event_action'] != 'trigger':
                self.dropped.append(event)
                return
            incident = self._open[place] = Incident(*place)
            self.incidents.append(incident)
        incident.events.append(event)
        if event['event_action'] == 'acknowledge':
            incident.status = 'acknowledged'
        elif event['event_action'] == 'resolve':
            incident.status = 'resolved'
            del self._open[place]
