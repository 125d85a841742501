"""The mail servers of the tests: Exim does what it is configured for, and the sink fails where it is told to."""
import smtplib
import ssl
import time

import pytest
import servers

MAIL = 'From: a@good.test\r\nTo: b@good.test\r\nSubject: {}\r\nMessage-ID: <1@good.test>\r\n\r\nwell\r\n.dot\r\n'


def trusting(pki):
    context = ssl.create_default_context(cafile=str(pki.root.cert))
    context.check_hostname = False
    return context


def opened(port, timeout=60):
    return smtplib.SMTP('127.0.0.1', port, local_hostname='tests', timeout=timeout)


def send(client, to=('b@good.test',), subject='hello'):
    return client.sendmail('a@good.test', list(to), MAIL.format(subject))


@pytest.fixture
def made(pki):
    """made(needs_login=True): an Exim like that."""
    running = []

    def make(**options):
        if not servers.Exim.exists():
            pytest.skip(f'needs {servers.Exim.needs}')
        running.append(servers.Exim(pki, **options).start())
        return running[-1]
    yield make
    for server in running:
        server.stop()


# --- Exim -----------------------------------------------------------------------------------------

def test_exim_delivers(exim):
    with opened(exim.ports['smtp']) as client:
        send(client, ['b@good.test', 'c@good.test'], 'first')
        send(client, subject='second')
    first, second = exim.wait_for(2)
    assert (first['Subject'], first['Message-ID'], first.get_content()) == ('first', '<1@good.test>', 'well\n.dot\n')
    assert (first['Return-path'], first['Envelope-to']) == ('<a@good.test>', 'b@good.test, c@good.test')
    assert second['Subject'] == 'second'
    assert 'P=esmtp ' in exim.log()


def test_exim_over_tls(exim, pki):
    with opened(exim.ports['smtp']) as client:
        client.starttls(context=trusting(pki))
        send(client, subject='starttls')
    with smtplib.SMTP_SSL('127.0.0.1', exim.ports['smtps'], timeout=60, context=trusting(pki)) as client:
        send(client, subject='tls')
    assert [message['Subject'] for message in exim.wait_for(2)] == ['starttls', 'tls']
    assert exim.log().count('P=esmtps ') == 2


def test_exim_wants_tls(made, pki):
    exim = made(needs_tls=True)
    with opened(exim.ports['smtp']) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused, match='TLS first'):
            send(client)
        client.starttls(context=trusting(pki))
        send(client)
    exim.wait_for(1)


def test_exim_without_starttls(made):
    exim = made(starttls=False)
    with opened(exim.ports['smtp']) as client:
        client.ehlo()
        assert not client.has_extn('starttls')


@pytest.mark.parametrize('method', ['PLAIN', 'LOGIN'])
def test_exim_wants_a_login(made, pki, method):
    exim = made(needs_login=True)
    with opened(exim.ports['smtp']) as client:
        client.ehlo()
        assert not client.has_extn('auth')
        client.starttls(context=trusting(pki))
        with pytest.raises(smtplib.SMTPRecipientsRefused, match='who are you'):
            send(client)
        client.user, client.password = exim.username, 'wrong'
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.auth(method, getattr(client, f'auth_{method.lower()}'))
        client.password = exim.password
        client.auth(method, getattr(client, f'auth_{method.lower()}'))
        send(client)
    exim.wait_for(1)
    assert 'P=esmtpsa' in exim.log() and f'A={method.lower()}:{exim.username}' in exim.log()


def test_exim_shows_a_certificate(made, pki):
    exim = made(certificate='expired')
    with opened(exim.ports['smtp']) as client, pytest.raises(ssl.SSLCertVerificationError, match='expired'):
        client.starttls(context=trusting(pki))


@pytest.mark.parametrize('to, code', [('nobody@good.test', 550), ('later@good.test', 451)])
def test_exim_refuses_recipients(exim, to, code):
    with opened(exim.ports['smtp']) as client:
        assert send(client, [to, 'b@good.test'])[to][0] == code
    assert exim.wait_for(1)[0]['Envelope-to'] == 'b@good.test'


def test_exim_refuses_large_mail(made):
    exim = made(size_max='1K')
    with opened(exim.ports['smtp']) as client, pytest.raises(smtplib.SMTPResponseException) as caught:
        send(client, subject='x' * 900 + '\r\nX-More: ' + 'y' * 900)
    assert caught.value.smtp_code == 552


# --- the sink -------------------------------------------------------------------------------------

def test_sink_keeps(smtp_sink, pki):
    with opened(smtp_sink.port) as client:
        client.starttls(context=trusting(pki))
        client.login(smtp_sink.username, smtp_sink.password)
        send(client, ['b@good.test', 'c@good.test'])
    message, = smtp_sink.messages
    assert (message.sender, message.recipients) == ('a@good.test', ['b@good.test', 'c@good.test'])
    assert (message['Subject'], message.tls, message.user) == ('hello', True, smtp_sink.username)
    assert message.raw.endswith(b'\r\n\r\nwell\r\n.dot\r\n')
    assert 'FROM:<a@good.test>' in smtp_sink.log()


def test_sink_with_tls_at_once(pki):
    with servers.SmtpSink(pki['good'], implicit_tls=True) as sink:
        with smtplib.SMTP_SSL('127.0.0.1', sink.port, timeout=60, context=trusting(pki)) as client:
            send(client)
        assert sink.messages[0].tls


def test_sink_offers_less(smtp_sink):
    smtp_sink.starttls = False
    with opened(smtp_sink.port) as client:
        client.ehlo()
        assert not client.has_extn('starttls') and not client.has_extn('auth')
        smtp_sink.logins_in_clear, smtp_sink.logins = True, 'LOGIN'
        client.ehlo()
        assert client.esmtp_features['auth'].split() == ['LOGIN']


def test_sink_wants_a_login(smtp_sink):
    smtp_sink.needs_login = smtp_sink.logins_in_clear = True
    with opened(smtp_sink.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(client)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(smtp_sink.username, 'wrong')
        client.login(smtp_sink.username, smtp_sink.password)
        send(client)


def test_sink_greylists(smtp_sink):
    smtp_sink.will('RCPT', '450 4.2.0 greylisted')
    with opened(smtp_sink.port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            send(client)
        assert caught.value.recipients['b@good.test'] == (450, b'4.2.0 greylisted')
        assert send(client) == {}


def test_sink_refuses_one(smtp_sink):
    smtp_sink.will('RCPT', '550 5.1.1 no such user', times=None, only='gone@good.test')
    with opened(smtp_sink.port) as client:
        for _ in range(2):
            assert send(client, ['gone@good.test', 'b@good.test']) == {'gone@good.test': (550, b'5.1.1 no such user')}
    assert [message.recipients for message in smtp_sink.messages] == [['b@good.test']] * 2
    smtp_sink.behaves()
    with opened(smtp_sink.port) as client:
        assert send(client, ['gone@good.test']) == {}


@pytest.mark.parametrize('step, error', [
    ('connect', smtplib.SMTPServerDisconnected), ('EHLO', smtplib.SMTPServerDisconnected), ('MAIL', smtplib.SMTPServerDisconnected),
    ('RCPT', smtplib.SMTPServerDisconnected), ('DATA', smtplib.SMTPServerDisconnected), ('body', (smtplib.SMTPException, OSError)),
    ('end', smtplib.SMTPServerDisconnected)])
def test_sink_drops(smtp_sink, step, error):
    smtp_sink.will(step, smtp_sink.DROP)
    with pytest.raises(error):
        with opened(smtp_sink.port) as client:
            send(client)
    assert smtp_sink.messages == []
    with opened(smtp_sink.port) as client:
        send(client)


def test_sink_takes_and_drops(smtp_sink):
    smtp_sink.will('end', smtp_sink.TAKEN_THEN_DROP)
    with pytest.raises(smtplib.SMTPServerDisconnected), opened(smtp_sink.port) as client:
        send(client)
    assert len(smtp_sink.messages) == 1


@pytest.mark.parametrize('step', ['connect', 'MAIL', 'end'])
def test_sink_falls_silent(smtp_sink, step):
    smtp_sink.will(step, smtp_sink.SILENCE)
    began = time.monotonic()
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        with opened(smtp_sink.port, timeout=0.3) as client:
            send(client)
    assert 0.3 <= time.monotonic() - began < 30


@pytest.mark.parametrize('step, reply, code', [('connect', '554 5.3.2 no', 554), ('MAIL', '452 4.3.1 full', 452),
                                               ('DATA', '451 4.3.0 not now', 451), ('end', '554 5.6.0 spam', 554)])
def test_sink_refuses(smtp_sink, step, reply, code):
    smtp_sink.will(step, reply)
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        with opened(smtp_sink.port) as client:
            send(client)
    assert caught.value.smtp_code == code and smtp_sink.messages == []


def test_sink_breaks_tls(smtp_sink, pki):
    for reply in ('garbage instead of TLS', smtp_sink.DROP):
        smtp_sink.will('tls', reply)
        with pytest.raises((ssl.SSLError, OSError)), opened(smtp_sink.port) as client:
            client.starttls(context=trusting(pki))
    smtp_sink.will('STARTTLS', '454 4.7.0 not now')
    with pytest.raises(smtplib.SMTPResponseException), opened(smtp_sink.port) as client:
        client.starttls(context=trusting(pki))
