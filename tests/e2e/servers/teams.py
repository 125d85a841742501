"""A workflow of Microsoft Teams that posts what its webhook is sent: one message with an Adaptive Card."""
import math

from .limits import Window
from .receiver import Answer, Receiver

PATH = '/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke'
SIGNATURE = 'not-a-secret_0123456789abcdefghijklmnopqrst'
CARD = 'application/vnd.microsoft.card.adaptive'
MESSAGE_MAX = 28 * 1024
# What a connector of the old kind said, with status 200, where it had not posted anything.
OLD_FAILURE = ('Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status} '
               'with ContextId tcid=0,server=tests,cv=0..')


def problem_of(message):
    if not isinstance(message, dict) or message.get('type') != 'message':
        return "the value of 'type' is not 'message'"
    attachments = message.get('attachments')
    if not isinstance(attachments, list) or not attachments:
        return "'attachments' is missing"
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.get('contentType') != CARD:
            return f"'contentType' is not {CARD}"
        card = attachment.get('content')
        if not isinstance(card, dict) or card.get('type') != 'AdaptiveCard':
            return "'content' is no AdaptiveCard"
        if not isinstance(card.get('version'), str) or not isinstance(card.get('body', []), list):
            return "the card has no 'version' or a 'body' that is no list"
    return None


class Teams(Receiver):
    """webhook: its address, with its signature.  off: the workflow is turned off; gone: it was deleted."""
    schema = 'teams'

    def __init__(self, limit='documented', tls=None):
        super().__init__(Window(4, 1) if limit == 'documented' else limit, tls)
        self.off = False
        self.gone = False

    @property
    def webhook(self):
        return f'{self.url}{PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}'

    def facts(self):
        return {'webhook': self.webhook}

    @property
    def cards(self):
        return [attachment['content'] for request in self.taken for attachment in request.json['attachments']]

    @staticmethod
    def _error(status, code, message):
        return Answer(status, {'error': {'code': code, 'message': message}})

    def _take(self, request):
        wait = self.limit.wait(request.path) if self.limit else 0
        if wait:
            seconds = math.ceil(wait)
            return Answer(429, {'statusCode': 429, 'message': f'Rate limit is exceeded. Try again in {seconds} seconds.'},
                          {'Retry-After': str(seconds)})
        if request.path != PATH or self.gone:
            return self._error(404, 'WorkflowNotFound', 'The workflow could not be found.')
        if request.query.get('sig') != SIGNATURE:
            return self._error(401, 'DirectApiAuthorizationRequired', 'The request must be authenticated by its signature.')
        if self.off:
            return self._error(400, 'WorkflowTriggerIsNotEnabled',
                               "Could not execute workflow trigger 'manual' with state 'Disabled': trigger is not enabled.")
        if len(request.body) > MESSAGE_MAX:
            return self._error(413, 'RequestEntityTooLarge', f'The message is larger than {MESSAGE_MAX} bytes.')
        try:
            problem = problem_of(request.json)
        except ValueError as err:
            problem = str(err)
        if problem:
            return self._error(400, 'TriggerInputSchemaMismatch', problem)
        return Answer(202, b'', taken=True)
