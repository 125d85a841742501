"""Many checks in one run of the program, each with what it must come to."""
import json
import re


class Checks:
    """What a run of named checks came to: exit_code, stdout, stderr, and a result by name."""

    def __init__(self, done):
        self.exit_code = done.exit_code
        self.stdout = done.stdout
        self.stderr = done.stderr
        self.summary = done.json['summary']
        self.results = {result['name']: result for result in done.json['results']}

    def __getitem__(self, name):
        return self.results[name]


def run_checks(toolkit, checks, *args, **options):
    """checks: name -> the settings of a check."""
    toolkit.config(json.dumps({'checks': [{'name': name, **settings} for name, settings in checks.items()]}))
    return Checks(toolkit('check', '--output', 'json', *args, **options))


def says(message, pattern):
    """Whether the message is the pattern, in which an ellipsis stands for anything."""
    return re.fullmatch('.*'.join(map(re.escape, pattern.split('…'))), message) is not None


def assert_checks(toolkit, cases, *args, **options):
    """cases: name -> (settings, code, message).  The state follows from the code; or (settings, state, code,
    message).  Returns the Checks."""
    done = run_checks(toolkit, {name: case[0] for name, case in cases.items()}, *args, **options)
    wrong = []
    for name, (_, *state, code, message) in cases.items():
        result = done[name]
        expected = (state[0] if state else STATES.get(code, 'critical'), code)
        if (result['state'], result['code']) != expected or not says(result['message'], message):
            wrong.append(f'{name}: expected {expected}: {message}\n  came {result}')
        if result['healthy'] != (result['state'] in ('ok', 'warning')):
            wrong.append(f'{name}: {result["state"]}, but healthy is {result["healthy"]}')
    assert not wrong, '\n'.join(wrong)
    healthy = all(result['healthy'] for result in done.results.values())
    assert done.exit_code == (0 if healthy else 1)
    assert done.summary['total'] == len(cases)
    return done


STATES = {'ok': 'ok', 'local_error': 'unknown'}
