"""The receivers that are told over HTTP: how each is configured, and what it says when it will never take a
message again."""
import contextlib
import dataclasses
import json
import typing

import servers
from servers import Fault


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An answer for good.  state: how the receiver is then called; said: a part of what people read of it."""
    name: str
    fault: Fault
    state: str
    said: str


@dataclasses.dataclass(frozen=True)
class Kind:
    server: type
    keys: typing.Callable  # of its receiver in the configuration, from the server
    refusals: list


def refusal(status, body, state, said):
    body = body if isinstance(body, str) else json.dumps(body)
    return Refusal(f'{status} {said}', Fault.body(body, status), state, f'answered {status}: {said}')


SLACK = [refusal(status, word, state, f'{word}: {meaning}' if meaning else word) for status, word, state, meaning in (
    (403, 'invalid_token', 'revoked', 'the webhook is not valid any more'),
    (403, 'team_disabled', 'revoked', 'the workspace was switched off'),
    (404, 'no_service', 'revoked', 'the webhook was removed or revoked'),
    (404, 'no_team', 'revoked', 'there is no such workspace'),
    (404, 'no_active_hooks', 'revoked', 'the webhook was switched off'),
    (400, 'user_not_found', 'revoked', 'the person it wrote to is gone'),
    (404, 'channel_not_found', 'archived', 'the channel was deleted'),
    (410, 'channel_is_archived', 'archived', 'the channel was archived'),
    (403, 'action_prohibited', 'rejected', 'an administrator does not allow it'),
    (403, 'posting_to_general_channel_denied', 'rejected', 'an administrator does not allow it in this channel'),
    (400, 'invalid_payload', 'rejected', ''),
    (400, 'invalid_blocks', 'rejected', ''),
    (400, 'too_many_attachments', 'rejected', ''))]

PAGERDUTY = [refusal(400, {'status': 'invalid event', 'message': 'Event object is invalid', 'errors': [error]}, state,
                     f'Event object is invalid; {error}')
             for error, state in (('Invalid routing key', 'revoked'),
                                  ("Length of 'routing_key' is incorrect (should be 32 characters)", 'revoked'),
                                  ("'summary' is missing or blank", 'rejected'))]

OPSGENIE = [refusal(401, {'message': 'Could not authenticate'}, 'revoked', 'Could not authenticate'),
            refusal(403, {'message': 'You may not', 'code': 40301}, 'revoked', 'You may not'),
            refusal(422, {'message': 'not processable', 'errors': {'alias': 'too long'}}, 'rejected', 'not processable')]

DISCORD = [refusal(status, {'message': 'As they say', 'code': code}, state, said) for status, code, state, said in (
    (404, 10015, 'revoked', 'the webhook was deleted'),
    (401, 50027, 'revoked', 'the token of the webhook is wrong'),
    (404, 10003, 'archived', 'the channel was deleted'),
    (400, 50083, 'archived', 'the thread was archived'),
    (400, 50035, 'rejected', '{"message": "As they say", "code": 50035}'))]

TEAMS = [refusal(status, {'error': {'code': code, 'message': 'As they say'}}, state, said)
         for status, code, state, said in (
    (401, 'DirectApiAuthorizationRequired', 'revoked', 'the signature (sig=) of the address is wrong'),
    (404, 'WorkflowNotFound', 'revoked', 'the workflow was deleted'),
    (400, 'WorkflowTriggerIsNotEnabled', 'revoked', 'the workflow is turned off'),
    (400, 'TriggerInputSchemaMismatch', 'rejected', '{"error": {"code": "TriggerInputSchemaMismatch"'),
    (413, 'RequestEntityTooLarge', 'rejected', '{"error": {"code": "RequestEntityTooLarge"'))]

NTFY = [refusal(status, {'code': code, 'http': status, 'error': error}, state,
                f'{{"code": {code}, "http": {status}, "error": "{error}"}}{said}') for status, code, error, state, said in (
    (401, 40101, 'unauthorized', 'revoked', ': the token or password is wrong'),
    (403, 40301, 'forbidden', 'revoked', ': it may not write to this topic'),
    (400, 40009, 'invalid request: topic invalid', 'rejected', ''),
    (413, 41303, 'JSON body too large', 'rejected', ''))]

WEBHOOK = [refusal(status, 'as they say', state, 'as they say') for status, state in (
    (401, 'revoked'), (403, 'revoked'), (404, 'revoked'), (410, 'revoked'), (400, 'rejected'), (413, 'rejected'))]

KINDS = {
    'slack': Kind(servers.Slack, lambda s: {'slack': s.webhook}, SLACK),
    'pagerduty': Kind(servers.PagerDuty, lambda s: {'pagerduty': s.key, 'url': s.enqueue}, PAGERDUTY),
    'opsgenie': Kind(servers.Opsgenie, lambda s: {'opsgenie': s.key, 'url': s.url}, OPSGENIE),
    'discord': Kind(servers.Discord, lambda s: {'discord': s.webhook}, DISCORD),
    'teams': Kind(servers.Teams, lambda s: {'teams': s.webhook}, TEAMS),
    'ntfy': Kind(servers.Ntfy, lambda s: {'ntfy': f'{s.url}/alerts', 'token': s.token}, NTFY),
    'webhook': Kind(servers.Webhook, lambda s: {'webhook': s.hook, 'secret': s.secret}, WEBHOOK),
}


class Everybody(dict):
    """A server of each kind by the kind's name, all of them without limits."""

    @property
    def receivers(self):
        return [{'name': name, **KINDS[name].keys(server)} for name, server in self.items()]

    def will(self, fault, times=1):
        for server in self.values():
            server.will(fault, times)

    def each(self, value):
        """The same for each."""
        return dict.fromkeys(self, value)

    def requests(self):
        """How many each got."""
        return {name: len(server.requests) for name, server in self.items()}

    def violations(self):
        return {name: server.violations() for name, server in self.items()}


@contextlib.contextmanager
def everybody():
    with contextlib.ExitStack() as stack:
        yield Everybody({name: stack.enter_context(kind.server(limit=None)) for name, kind in KINDS.items()})
