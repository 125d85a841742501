"""Alerts by mail, through a real Exim: how it gets there, how one alert is one thread, who refuses it; and the
digest."""
import re
import time

import pytest
import servers

FROM = 'SRE <sre@good.test>'


@pytest.fixture(scope='module')
def open_exim(pki):
    """Takes everything, and offers STARTTLS."""
    if not servers.Exim.exists():
        pytest.skip(f'needs {servers.Exim.needs}')
    with servers.Exim(pki) as server:
        yield server


@pytest.fixture(scope='module')
def strict_exim(pki):
    """Takes mail only through TLS, after a login."""
    if not servers.Exim.exists():
        pytest.skip(f'needs {servers.Exim.needs}')
    with servers.Exim(pki, needs_tls=True, needs_login=True) as server:
        yield server


@pytest.fixture
def mail(alerts):
    """mail(exim, ...): the command, with one receiver that sends through it."""
    def configure(exim, *others, to=('team@good.test',), scheme='smtp', settings=None, **keys):
        port = exim.ports[scheme] if isinstance(exim, servers.Exim) else exim.port
        alerts.configure({'name': 'mail', 'email': list(to), 'from': FROM, 'smtp': f'{scheme}://127.0.0.1:{port}', **keys},
                         *others, **(settings or {}))
        return alerts
    return configure


def new_messages(exim, count):
    """Waits for so many more than there were; returns these."""
    exim.seen = getattr(exim, 'seen', 0) + count
    return exim.wait_for(exim.seen)[-count:]


def plain(message):
    return message.get_body(('plain',)).get_content()


def test_what_arrives(mail, open_exim):
    desk = mail(open_exim, to=['team@good.test', 'Eva <eva@good.test>'], cc=['copy@good.test'])
    sent = desk.send('Platte voll: 98 % ü', '-m', '/var is\n.full', '-f', 'mount=/var', '--runbook', 'https://wiki.example.com/x')
    assert (sent.exit_code, sent.states) == (0, {'mail': 'delivered'})
    assert re.match('answered 250 OK', sent.by_receiver['mail']['text'])
    message, = new_messages(open_exim, 1)
    assert message['Subject'] == '[CRITICAL] Platte voll: 98 % ü (db-01)'
    assert (message['From'], message['To'], message['Cc']) == (FROM, 'team@good.test, Eva <eva@good.test>', 'copy@good.test')
    assert message['Envelope-to'] == 'team@good.test, eva@good.test, copy@good.test'
    assert (message['Auto-Submitted'], message['Importance']) == ('auto-generated', 'high')
    assert (message['X-SRE-Toolkit-Severity'], message['X-SRE-Toolkit-Purpose']) == ('critical', 'trigger')
    assert [part.get_content_type() for part in message.iter_parts()] == ['text/plain', 'text/html']
    assert '/var is\n.full\n' in plain(message)
    for body in (plain(message), message.get_body(('html',)).get_content()):
        assert '.full' in body and 'mount' in body and 'https://wiki.example.com/x' in body
    assert 'P=esmtp ' in open_exim.log()


def test_one_alert_is_one_thread_and_another_is_not(mail, open_exim):
    desk = mail(open_exim)
    desk.send('disk full', severity='warning')
    desk.send('disk full')
    desk('ack', 1, '--author', 'eva')
    desk.resolve('disk full')
    desk.send('disk full')
    first, *others, again = new_messages(open_exim, 5)
    ids = [message['Message-ID'] for message in (first, *others, again)]
    assert len(set(ids)) == 5
    assert first['References'] is None and first['In-Reply-To'] is None
    for message in others:
        assert message['References'].split()[0] == first['Message-ID'] and message['In-Reply-To']
    assert [message['X-SRE-Toolkit-Purpose'] for message in others] == ['trigger', 'acknowledge', 'resolve']
    assert others[-1]['Subject'] == '[RESOLVED] disk full (db-01)'
    assert first['Message-ID'] not in (again['References'] or '')


@pytest.mark.parametrize('scheme', ['smtp', 'smtps'])
def test_through_tls_with_a_login(mail, strict_exim, pki, scheme):
    desk = mail(strict_exim, scheme=scheme, ca_file=str(pki.root.cert), username=strict_exim.username,
                password=strict_exim.password, **({'tls': 'required'} if scheme == 'smtp' else {}))
    assert desk.send(f'through {scheme}').states == {'mail': 'delivered'}
    message, = new_messages(strict_exim, 1)
    assert message['Subject'] == f'[CRITICAL] through {scheme} (db-01)'
    last = [line for line in strict_exim.log().splitlines() if ' <= ' in line][-1]
    assert 'P=esmtpsa ' in last and f':{strict_exim.username} ' in last


def test_a_wrong_password_is_told_to_somebody_else(mail, strict_exim, pki):
    with servers.Slack(limit=None) as slack:
        desk = mail(strict_exim, {'name': 'chat', 'slack': slack.webhook}, ca_file=str(pki.root.cert), tls='required',
                    username=strict_exim.username, password='wrong word', settings={'routes': [{'receivers': ['mail']}]})
        sent = desk.send('disk full')
        assert (sent.exit_code, sent.states) == (1, {'mail': 'failed'})
        assert (sent.by_receiver['mail']['fault'], sent.by_receiver['mail']['code']) == ('revoked', 535)
        assert sorted(message['text'] for message in slack.messages) == [
            '[CRITICAL] disk full (db-01)', "[NOTICE] receiver 'mail' is dead"]
        assert 'wrong word' not in sent.result.stdout + sent.result.stderr + desk.why()[0]
        assert b'wrong word' not in desk.store.read_bytes()


@pytest.mark.parametrize('certificate, said', [(None, 'that authority is not trusted here (ca_file)'), ('expired', 'expired'),
                                               ('wrong_name', 'other.test')])
def test_nothing_is_sent_through_a_tls_that_does_not_verify(mail, open_exim, pki, certificate, said):
    if certificate is None:
        desk, sink = mail(open_exim, tls='required'), None
    else:
        sink = servers.SmtpSink(pki[certificate]).start()
        desk = mail(sink, tls='required', ca_file=str(pki.root.cert))
    sent = desk.send('disk full', '--queue')
    desk.flush()
    attempt = desk.why(sent.id)[1]['mail']['attempts'][0]
    assert attempt['outcome'] == 'retry' and said in attempt['text']
    if sink:
        assert sink.messages == [] and 'MAIL FROM' not in sink.log()
        sink.stop()


def test_who_offers_no_tls_gets_nothing_that_needs_it(mail, pki):
    with servers.SmtpSink() as sink:
        desk = mail(sink, tls='required')
        desk.send('disk full', '--queue')
        desk.flush()
        assert 'STARTTLS' in desk.why()[1]['mail']['attempts'][0]['text']
        assert sink.messages == [] and 'MAIL FROM' not in sink.log()


def test_some_recipients_are_refused(mail, open_exim):
    desk = mail(open_exim, to=['nobody@good.test', 'eva@good.test'])
    sent = desk.send('disk full')
    assert (sent.exit_code, sent.states) == (0, {'mail': 'delivered'})
    assert new_messages(open_exim, 1)[0]['Envelope-to'] == 'eva@good.test'
    assert (f'127.0.0.1:{open_exim.ports["smtp"]} took the message for 1 of 2 recipients; not for '
            "'nobody@good.test' (550): no such user here") in desk.why()[0]


def test_all_recipients_are_refused(mail, open_exim):
    """With nobody else to tell it waits, until the mail goes to somebody whom the server knows."""
    desk = mail(open_exim, to=['nobody@good.test'])
    refusal = f'127.0.0.1:{open_exim.ports["smtp"]} refused recipient \'nobody@good.test\' (550): no such user here'
    began = time.time()
    sent = desk.send('disk full')
    ended = time.time()
    assert (sent.exit_code, sent.states) == (1, {'mail': 'retrying'})
    refused = sent.by_receiver['mail']
    assert (refused['outcome'], refused['fault'], refused['code'], refused['text']) == ('refused', 'revoked', 550, refusal)
    assert f"receiver 'mail' is dead: mail is dead (revoked: {refusal})" in sent.result.stderr
    text, deliveries = desk.why()
    assert '  … mail         trigger by routes[0]: not delivered yet: its receiver is dead; next attempt at ' in text
    assert (deliveries['mail']['held'], deliveries['mail']['result']) == ('its receiver is dead', f'revoked: {refusal}')
    assert began + 599 <= desk.moment(deliveries['mail']['due']) <= ended + 601
    done = desk('test')
    assert done.exit_code == 1 and re.search(r'^✗ +mail +revoked ', done.stdout, re.MULTILINE)
    assert desk.flush() == {'delivered': 0, 'carried': 0, 'retried': 0, 'waiting': 1, 'dead': 0}
    mail(open_exim, to=['eva@good.test'])
    assert desk.flush() == {'delivered': 1, 'carried': 0, 'retried': 0, 'waiting': 0, 'dead': 0}
    message, = new_messages(open_exim, 1)
    assert (message['Subject'], message['Envelope-to']) == ('[CRITICAL] disk full (db-01)', 'eva@good.test')


def test_a_recipient_who_is_to_wait_waits(mail, open_exim):
    desk = mail(open_exim, to=['later@good.test'])
    desk.send('disk full', '--queue')
    desk.flush()
    attempts = desk.why()[1]['mail']['attempts']
    assert attempts[0]['text'].endswith("does not take recipient 'later@good.test' now (451): come again later")
    assert attempts[-1]['next']


def test_when_the_answer_is_lost_it_is_sent_again_as_the_same_message(mail, smtp_sink):
    smtp_sink.will('end', smtp_sink.TAKEN_THEN_DROP)
    desk = mail(smtp_sink)
    desk.send('disk full', '--queue')
    desk.flush()
    desk.pass_time(60)
    assert desk.flush()['waiting'] == 0
    first, second = smtp_sink.messages
    assert first['Message-ID'] == second['Message-ID']
    assert len(desk.why()[1]['mail']['attempts']) == 2


@pytest.mark.parametrize('step, answer', [('connect', '421 4.3.2 too busy'), ('MAIL', '452 4.3.1 no room'),
                                          ('RCPT', '450 4.2.0 greylisted'), ('DATA', '451 4.3.0 not now'),
                                          ('end', '452 4.3.1 disk full'), ('EHLO', None), ('body', None)])
def test_what_a_server_does_not_take_now_it_takes_later(mail, smtp_sink, step, answer):
    smtp_sink.will(step, answer or smtp_sink.DROP)
    desk = mail(smtp_sink)
    desk.send('disk full', '--queue')
    desk.flush()
    desk.pass_time(60)
    assert desk.flush()['waiting'] == 0
    assert [message['Subject'] for message in smtp_sink.messages] == ['[CRITICAL] disk full (db-01)']
    first, _ = desk.why()[1]['mail']['attempts']
    if answer:
        assert first['code'] == int(answer[:3]) and answer[10:] in first['text']


def test_a_server_that_falls_silent(mail, smtp_sink):
    smtp_sink.will('RCPT', smtp_sink.SILENCE)
    desk = mail(smtp_sink, timeout='2s')
    desk.send('disk full', '--queue')
    desk.flush()
    assert smtp_sink.messages == [] and 'RCPT' in smtp_sink.log()
    mail(smtp_sink)
    desk.pass_time(60)
    assert desk.flush()['waiting'] == 0
    assert desk.why()[1]['mail']['attempts'][0]['code'] == 0 and len(smtp_sink.messages) == 1


def test_a_header_cannot_be_smuggled_in(mail, smtp_sink):
    desk = mail(smtp_sink)
    desk.send('x\r\nBcc: evil@evil.test', '-m', 'a\r\n.\r\nMAIL FROM:<evil@evil.test>', source='a\nX-Evil: 1')
    message, = smtp_sink.messages
    assert message['Bcc'] is None and message['X-Evil'] is None and message.recipients == ['team@good.test']
    assert message['Subject'] == '[CRITICAL] x Bcc: evil@evil.test (a X-Evil: 1)'
    assert 'MAIL FROM:<evil@evil.test>' in plain(message)


# --- the digest -----------------------------------------------------------------------------------

def test_the_digest_tells_what_there_was(mail, open_exim):
    desk = mail(open_exim, settings={'digest': '0 8 * * *', 'digest_to': ['mail'], 'routes': [
        {'match': ['source=~db-.*'], 'receivers': ['mail']}, {'receivers': ['log']}]})
    desk.send('disk full')
    desk.send('disk full')
    desk.send('is over')
    desk.resolve('is over')
    desk('silence', 'source=db-09', '--until', '2h', '--reason', 'work', '--author', 'eva')
    desk.send('hushed', source='db-09')
    desk.send('just so you know', severity='info', source='web')
    new_messages(open_exim, 3)
    done = desk('digest')
    assert done.exit_code == 0, done
    digest, = new_messages(open_exim, 1)
    assert digest['X-SRE-Toolkit-Purpose'] == 'digest'
    text = plain(digest)
    for word in ('disk full', 'is over', 'hushed', 'just so you know', 'eva'):
        assert word in text, text
    shown = desk('digest', '--dry-run')
    assert shown.exit_code == 0 and 'disk full' in shown.stdout
