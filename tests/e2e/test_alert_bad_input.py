"""What nobody should hand in, and stores that nobody should have: a clear message, the stated exit code, and no
accepted alert lost."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest
from servers import Fault, Slack
from servers.base import START_SECONDS, wait_until


@pytest.fixture
def chat():
    with Slack(limit=None) as server:
        yield server


@pytest.fixture
def desk(alerts, chat):
    alerts.configure({'name': 'slack', 'slack': chat.webhook})
    return alerts


def titles(server):
    return [message['text'] for message in server.messages]


# --- configurations -------------------------------------------------------------------------------

LOG = 'receivers: [{name: ops, log: auto}]\n'
# What stands below `alerts:`, and what is said of it.
REFUSED = {
    'a webhook with another path': (
        'slack_webhook: https://hooks.slack.com/service/T0/B0/secretsecret\n',
        "3:18: alerts.slack_webhook: the address of the webhook does not go on with /services/, as in "
        'https://hooks.slack.com/services/T.../B.../...'),
    'a webhook that is no address': (
        'slack_webhook: secret secret\n', '3:18: alerts.slack_webhook: not an address like https://host/...: space'),
    'a webhook of Discord with another path': (
        'receivers: [{name: a, discord: "https://discord.com/api/webhook/1/secretsecret"}]\n',
        "3:15: receiver 'a': the address of the webhook does not go on with /api/webhooks/; it looks like "
        'https://discord.com/api/webhooks/ID/TOKEN'),
    'a workflow with an impossible port': (
        'receivers: [{name: a, teams: "http://example.com:99999/secretsecret"}]\n',
        "3:15: receiver 'a': not an address like https://host/...: port must be a number from 1 to 65535"),
    'a routing key that is too short': (
        'pagerduty_key: secretsecret\n', '3:18: alerts.pagerduty_key: pagerduty: a routing key has 32 characters; this one has 12'),
    'an unknown receiver in a route': (
        f'{LOG}  routes: [{{receivers: [opps]}}]\n', "4:12: route 'routes[0]': there is no receiver 'opps'; did you mean 'ops'?"),
    'an unknown fallback': (f'{LOG}  fallback: nobody\n', "4:13: alerts.fallback: there is no receiver 'nobody'; there are 'ops', 'log'"),
    'a route behind one that takes everything': (
        f'{LOG}  routes:\n  - {{receivers: [ops]}}\n  - {{match: [severity=critical], receivers: [ops]}}\n',
        "6:5: route 'routes[1]' can never match: 'routes[0]' at sre-toolkit.yaml:5:5 takes everything and does not continue"),
    'a route that wants two things at once': (
        f'{LOG}  routes: [{{match: [severity=critical, severity=warning], receivers: [ops]}}]\n',
        "4:12: alerts.routes[0]: match: nothing matches both 'severity=critical' and 'severity=warning'"),
    'an unknown severity': (
        f'{LOG}  routes: [{{match: [severity=crit], receivers: [ops]}}]\n',
        "4:21: match: matcher 'severity=crit': severity 'crit' is none of info, warning, critical"),
    'a regular expression that is none': (
        f'{LOG}  routes: [{{match: ["team=~("], receivers: [ops]}}]\n',
        "4:21: match: matcher 'team=~(': regular expression '(': missing closing parenthesis at column 2"),
    'a time that no day has': (
        f'{LOG}  routes: [{{times: ["mon 25:00-26:00"], receivers: [ops]}}]\n',
        "4:21: times: time window 'mon 25:00-26:00': '25:00' is not a time of day (00:00 to 24:00), at column 5"),
    'two receivers of one name': (
        'receivers: [{name: ops, log: auto}, {name: ops, log: info}]\n',
        "3:39: a receiver called 'ops' is already at sre-toolkit.yaml:3:15; give one of them another name"),
    'an unknown word in a template': (
        'receivers: [{name: ops, log: auto, title: "{{titel}}"}]\n',
        "3:45: title: unknown name 'titel' at character 1; did you mean 'title'?"),
}


@pytest.mark.parametrize('name', REFUSED)
def test_a_configuration_that_cannot_work(toolkit, alerts, name):
    text, said = REFUSED[name]
    toolkit.config(f'store: {alerts.store}\nalerts:\n  {text}')
    checked = toolkit('config', 'check')
    assert (checked.exit_code, checked.stdout, checked.stderr) == (2, '', f'sre-toolkit: sre-toolkit.yaml:{said}\n')
    sent = alerts('-m', 'x')
    assert (sent.exit_code, sent.stdout, sent.stderr) == (2, '', checked.stderr)
    assert 'secretsecret' not in checked.stderr and not alerts.store.exists()


# --- commands -------------------------------------------------------------------------------------

@pytest.mark.parametrize('args,said', [
    ((), 'nothing to say: write --message TEXT (see sre-toolkit alert --help)'),
    (('-m', ''), 'an alert needs a title or a message'),
    (('-m', 'x', '-s', 'fatal'), "option '-s': 'fatal' is not one of info, warning, critical (see sre-toolkit alert --help)"),
    (('-m', 'x', '-f', 'novalue'), "option '-f': 'novalue' is not KEY=VALUE (see sre-toolkit alert --help)"),
    (('-m', 'x', '--runbook', 'javascript:alert(1)'), "runbook 'javascript:alert(1)' is no http:// or https:// URL"),
    (('silence', '--until', '2h', '--reason', 'r'),
     'write sre-toolkit alert silence MATCHER... --until TIME, or list, or expire ID'),
    (('silence', 'a=b', '--reason', 'r'), 'silence: write its end, as in --until 2h or --until 18:00'),
    (('silence', 'a=b', '--until', '2020-01-01', '--reason', 'r'), None),
    (('silence', 'a', '--until', '2h', '--reason', 'r'), None),
    (('silence', 'a=~(', '--until', '2h', '--reason', 'r'), None),
    (('silence', 'a=b', '--until', '2h'), 'silence: write --reason TEXT, for whoever wonders at night'),
    (('silence', 'expire', '9'), 'there is no silence 9'),
    (('why', '9'), 'there is no alert 9'),
    (('why', 'x'), "'x' is no alert's number (sre-toolkit alert list shows them)"),
    (('retry', '9'), 'there is no alert 9'), (('test', 'slak'), "there is no receiver 'slak'; did you mean 'slack'?"),
    (('lst',), "unknown verb 'lst'; did you mean 'list'?"),
    (('disk full',), "unknown verb 'disk full'; to send an alert write --message 'disk full' (see sre-toolkit alert --help)"),
    (('--events', '/no/such'), "--events '/no/such': No such file or directory")], ids=lambda value: '')
def test_a_command_that_makes_no_sense(desk, chat, args, said):
    desk.send('there is something', '--queue')
    done = desk(*args)
    assert (done.exit_code, done.stdout) == (2, '')
    assert done.stderr.startswith('sre-toolkit alert: ') and done.stderr.count('\n') == 1
    if said:
        assert done.stderr == f'sre-toolkit alert: {said}\n'
    assert chat.requests == []


# --- texts ----------------------------------------------------------------------------------------

def test_a_title_of_100_kb_is_cut_and_stands_whole_in_front_of_the_message(desk, chat):
    """As long as an argument may be."""
    sent = desk.send('T' * 100_000, '-m', 'and more')
    assert sent.exit_code == 0
    title = sent.result.json['alert']['title']
    assert title == 'T' * (1024 - len('…'.encode())) + '…'
    assert sent.result.json['alert']['message'].startswith('T' * 60_000)
    assert len(chat.messages) == 1 and chat.violations() == []


def test_a_title_of_2_mb_is_refused_and_those_around_it_are_not(desk, chat):
    lines = [json.dumps({'title': title, 'source': 'a'}) for title in ('before', 'T' * 2_000_000, 'T' * 900_000, 'after')]
    done = desk('--events', '-', stdin='\n'.join(lines) + '\n')
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == 'accepted 3, refused 1, lost 0'
    assert re.fullmatch(r'\S+ \S+ \[ERROR   \] alert: stdin:2: a line of more than 1048576 bytes\n', done.stderr)
    last = desk('--events', '-', stdin=json.dumps({'title': 'T' * 2_000_000}))
    assert (last.exit_code, last.stdout.splitlines()[0]) == (1, 'accepted 0, refused 1, lost 0')
    assert [one['title'][:6] for one in desk('list', '--output', 'json').json['results']] == ['after', 'TTTTTT', 'before']
    assert chat.violations() == []


def test_bytes_that_are_no_text(desk, chat):
    sent = desk.send(os.fsdecode(b'not \xff utf-8 \xc3'), '-m', 'a\x1b[31mred\x07\r\nline', source=os.fsdecode(b'\xf0\x9f'))
    assert sent.exit_code == 0
    alert = sent.result.json['alert']
    assert alert['title'] == 'not \ufffd utf-8 \ufffd' and set(alert['source']) == {'\ufffd'}
    assert alert['message'] == 'a[31mred\nline'
    events = desk.toolkit.home / 'events'
    events.write_bytes(b'{"title":"nul\\u0000in","source":"a"}\n{"title":"raw\0nul","source":"a"}\n'
                       b'{"title":"bad\xff","source":"a"}\n{"title":"half \\ud800","source":"a"}\n\0\n')
    done = desk('--events', events)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, 'accepted 2, refused 3, lost 0')
    assert re.findall(r':(\d+): no valid JSON', done.stderr) == ['2', '4', '5']
    listed = desk('list', '--output', 'json').json['results']
    assert [one['title'] for one in listed] == ['bad\ufffd', 'nulin', 'not \ufffd utf-8 \ufffd']
    assert chat.violations() == []
    for verb in (('list',), ('why', 1)):
        assert not re.search('[\x00-\x09\x0b-\x1f\x7f]', desk(*verb).stdout)


def test_what_would_turn_the_text_around_or_call_people(desk, chat):
    evil = '\u202eevil\u2066 <!channel> <@U123> <https://evil.test|click> @everyone *b*'
    sent = desk.send(evil, '-m', '<!here> <!subteam^S1>', '-f', '<!everyone>=<!channel>', '-l', 'team=<@W1>',
                     '--runbook', 'https://wiki.example.com/a%7Cb?<!channel>'.replace('<', '%3C').replace('>', '%3E'),
                     source='<!channel>')
    assert sent.exit_code == 0
    desk('ack', 1, '--author', '<!channel>', '--reason', '<!here>')
    desk.resolve(evil, source='<!channel>')
    assert len(chat.messages) == 3
    assert chat.pings == [] and chat.violations() == []
    assert '\u202e' not in json.dumps(chat.messages, ensure_ascii=False)
    for verb in (('list', '--all'), ('why', 1)):
        out = desk(*verb).stdout
        assert not re.search('[\u202a-\u202e\u2066-\u2069]', out) and '<!channel>' in out


# --- stores ---------------------------------------------------------------------------------------

FORGOTTEN = 'delivering without the store: nothing remembers this alert, and what cannot be delivered now is lost'


def cannot(desk, chat, said, reads=False):
    """With this store nothing can be accepted, and that is said; but people are told."""
    before = len(chat.messages)
    sent = desk('-m', 'disk full', '-s', 'critical', '--source', 'db-01')
    assert (sent.exit_code, sent.stdout) == (1, 'alert: critical "disk full" from db-01\n  ✓ slack        delivered\n')
    assert re.fullmatch(rf'\S+ \S+ \[ERROR   \] alert: {said}; {FORGOTTEN}\n', sent.stderr), sent
    assert titles(chat)[before:] == ['[CRITICAL] disk full (db-01)']
    verbs = [('-m', 'x', '--queue'), ('flush',), ('ack', '1'), ('silence', 'a=b', '--until', '1h', '--reason', 'r'),
             ('--events', '/dev/null')]
    for verb in verbs if reads else [*verbs, ('list',), ('why', '1')]:
        done = desk(*verb)
        assert (done.exit_code, done.stdout) == (1, ''), done
        assert re.fullmatch(rf'\S+ \S+ \[ERROR   \] alert: {said}\n', done.stderr), done
    assert len(chat.messages) == before + 1


def test_a_store_from_a_newer_version(desk, chat):
    desk.send('first')
    with desk.database() as database:
        version, = database.execute('PRAGMA user_version').fetchone()
        database.execute('PRAGMA user_version = 99')
    before = desk.store.read_bytes()
    cannot(desk, chat, rf"store '{desk.store}' is from a newer sre-toolkit \(version 99, this one knows {version}\); "
           'update this one, or name another store')
    assert desk.store.read_bytes() == before


def test_a_file_that_is_no_store(desk, chat):
    text = b'This is not a database, but a text.\n' * 1000
    desk.store.write_bytes(text)
    cannot(desk, chat, f"'{desk.store}' is not a store, and no database at all; name another file")
    assert desk.store.read_bytes() == text
    desk.store.unlink()
    with desk.database() as database:
        database.execute('CREATE TABLE mine (a)')
    mine = desk.store.read_bytes()
    cannot(desk, chat, f"'{desk.store}' is not a store, but [^\n]*")
    assert desk.store.read_bytes() == mine


def test_a_store_that_is_damaged(desk, chat):
    for number in range(20):
        desk.send(f'alert {number}', '--queue')
    whole = desk.store.read_bytes()
    desk.store.write_bytes(whole[:5000] + b'\xde\xad\xbe\xef' * ((len(whole) - 5000) // 4))
    cannot(desk, chat, rf"store '{desk.store}' is damaged \([^\n]*\); move it away with its -wal file, and put a backup in its "
           'place or let a new one be made')


def test_a_store_that_somebody_else_keeps_locked(desk, chat):
    desk.send('first')
    with desk.database() as database:
        database.execute('BEGIN EXCLUSIVE')
        told = desk.toolkit.start('alert', '-m', 'disk full', '-s', 'critical', '--source', 'db-01')
        queued = desk.toolkit.start('alert', '-m', 'x', '--queue')
        # Who only reads waits for nobody.
        assert [one['title'] for one in desk('list', '--output', 'json').json['results']] == ['first']
        said = (f"store '{desk.store}' is locked by another process, for longer than 10 s; now it is "
                rf'pid {os.getpid()} \([^\n]*\)')
        done = told.ended()
        assert (done.exit_code, done.stdout) == (1, 'alert: critical "disk full" from db-01\n  ✓ slack        delivered\n')
        assert re.fullmatch(rf'\S+ \S+ \[ERROR   \] alert: {said}; {FORGOTTEN}\n', done.stderr), done
        done = queued.ended()
        assert (done.exit_code, done.stdout) == (75, '')
        assert re.fullmatch(rf'\S+ \S+ \[ERROR   \] alert: {said}\n', done.stderr), done
        database.execute('ROLLBACK')
    assert desk.send('second').exit_code == 0


def test_a_store_that_is_locked_for_a_moment(desk, chat):
    desk.send('first')
    with desk.database() as database:
        database.execute('BEGIN IMMEDIATE')
        waiting = desk.toolkit.start('alert', '-m', 'x', '--source', 'a')
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.process.wait(0.5)
        database.execute('COMMIT')
    assert waiting.ended().exit_code == 0
    assert titles(chat)[1:] == ['[WARNING] x (a)']


def test_a_store_that_cannot_be_written(desk, chat, filesystem):
    desk.send('first')
    folder = filesystem.healthy()
    shutil.copy(desk.store, folder)
    desk.store = folder / desk.store.name
    desk.configure({'name': 'slack', 'slack': chat.webhook})
    subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)
    cannot(desk, chat, f"cannot write to the folder of store '{desk.store}', where its log has to be: Read-only file system; "
           'make it writable, or name another store', reads=True)
    assert [one['title'] for one in desk('list', '--output', 'json').json['results']] == ['first']
    assert desk('why', 1).exit_code == 0


def test_a_store_that_cannot_be_made(desk, chat):
    desk.store = desk.toolkit.home / 'file/state.db'
    desk.store.parent.touch()
    desk.configure({'name': 'slack', 'slack': chat.webhook})
    before = len(chat.messages)
    sent = desk.send('disk full')
    assert (sent.exit_code, sent.id) == (1, 0) and FORGOTTEN in sent.result.stderr
    assert len(chat.messages) == before + 1


def test_a_check_tells_people_without_a_store_too(desk, chat, toolkit):
    desk.store = toolkit.home / 'file/state.db'
    desk.store.parent.touch()
    config = json.loads(desk.configure({'name': 'slack', 'slack': chat.webhook}).read_text())
    config['checks'] = [{'name': 'disk', 'exec': ['sh', '-c', 'echo full; exit 2']}]
    toolkit.config(json.dumps(config))
    done = toolkit('check', '--alert-on', 'failure')
    assert done.exit_code == 1 and titles(chat) == ['[CRITICAL] check disk fails (disk)']
    assert f"alerts were sent, but not kept: cannot create store '{desk.store}'" in done.stderr


def fill(folder):
    with open(folder / 'filling', 'ab', buffering=0) as file:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b'\0' * size)


def test_a_disk_that_is_full(desk, chat, filesystem):
    desk.store = filesystem.healthy() / 'state.db'
    desk.configure({'name': 'slack', 'slack': chat.webhook})
    desk.send('first')
    fill(desk.store.parent)
    cannot(desk, chat, f"cannot write to store '{desk.store}': the disk is full; make room on its file system", reads=True)
    (desk.store.parent / 'filling').unlink()
    assert [one['title'] for one in desk('list', '--output', 'json').json['results']] == ['first']
    assert desk.send('second').exit_code == 0


def test_a_disk_that_fills_between_accept_and_delivery(desk, chat, filesystem):
    desk.store = filesystem.healthy() / 'state.db'
    desk.configure({'name': 'slack', 'slack': chat.webhook})
    desk.send('first')
    is_full = threading.Event()
    chat.will(Fault.late(is_full))
    running = desk.toolkit.start('alert', '-m', 'disk full', '-s', 'critical', '--source', 'db-01', '--timeout', '5')
    chat.wait_for(2)
    fill(desk.store.parent)
    is_full.set()
    done = running.ended()
    assert done.exit_code == 0
    assert done.stdout == 'alert 2: critical "disk full" from db-01\n  ✓ slack        delivered\n'
    assert 'the disk is full' in done.stderr and 'delivering goes on' in done.stderr
    assert titles(chat)[1:] == ['[CRITICAL] disk full (db-01)']
    # What was accepted is still there once there is room; that it arrived nobody wrote down.
    (desk.store.parent / 'filling').unlink()
    assert [one['title'] for one in desk('list', '--output', 'json').json['results']] == ['disk full', 'first']
    with desk.database() as database:
        assert database.execute('PRAGMA integrity_check').fetchall() == [('ok',)]


def test_who_is_killed_while_delivering_has_lost_nothing(desk, chat):
    chat.will(Fault.never())
    running = desk.toolkit.start('alert', '-m', 'disk full', '-s', 'critical', '--source', 'db-01')
    wait_until(lambda: chat.requests or running.process.poll() is not None, START_SECONDS, 'a request')
    assert running.process.poll() is None
    running.signal(signal.SIGKILL)
    running.process.wait()
    assert desk.flush()['delivered'] == 1
    text, deliveries = desk.why(1)
    assert len(deliveries['slack']['attempts']) == 2 and 'its process died' in text
