"""What every kind of receiver composes of the worst that it could be given is valid, by the JSON Schemas that
were written from the documentation of the services, and by what the services check beyond them.

The unit test of the table of kinds composes it; this asks others."""
import json
import subprocess

import pytest
from fixtures import ROOT
from servers import discord, slack, teams
from servers.receiver import SCHEMAS, violations_of

JUDGES = {
    'slack': slack.judge,  # raises
    'discord': discord.errors_of,
    'teams': teams.problem_of,
}


@pytest.fixture(scope='module')
def payloads(tmp_path_factory):
    """{kind: [(file, document)]}"""
    composer = ROOT / 'build/dev/tests/unit/test_notify_notify_kinds'  # whichever program is tested
    if not composer.exists():
        pytest.fail(f'{composer} does not exist: ./dev check builds it')
    folder = tmp_path_factory.mktemp('payloads')
    subprocess.run([composer, '.', folder], check=True, stdout=subprocess.DEVNULL)
    found = {}
    for path in sorted(folder.iterdir()):
        found.setdefault(path.name.partition('-')[0], []).append((path.name, json.loads(path.read_bytes())))
    return found


@pytest.mark.parametrize('kind', sorted(
    path.stem for path in SCHEMAS.glob('*.json') if (ROOT / f'src/notify/notify_{path.stem}.c').exists()))
def test_what_is_sent_is_valid(payloads, kind):
    assert len(payloads.get(kind, [])) > 10
    for name, document in payloads[kind]:
        assert violations_of(kind, document) == [], name
        assert not JUDGES.get(kind, lambda document: None)(document), name
