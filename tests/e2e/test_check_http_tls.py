"""The kind http over TLS: certificates of every kind that goes wrong, mutual TLS, versions."""
import re

import pytest
from many_checks import assert_checks, run_checks

FINE = 'status 200 in …, …B'
UNKNOWN = ("certificate of 127.0.0.1:… does not verify: issuer 'O=Tests, CN={}' is unknown: the server does not send that "
           'certificate, or its authority is not trusted here (ca_file)')


@pytest.fixture
def tls(pki):
    """The settings of a check that trusts the tests' own authority."""
    return {'tls': {'ca_file': str(pki.root.cert)}}


def of(nginx, name):
    """As if good.test, which all of the certificates but one are for, were at 127.0.0.1."""
    return {'http': nginx.url('/', name, 'good.test'), 'resolve': '127.0.0.1'}


# name of the certificate: code, message, days until its chain expires.
CERTIFICATES = {
    'good': ('ok', FINE, 89),
    'expired': ('tls_expired', 'certificate of 127.0.0.1:… does not verify: it expired on 20…, 1 day ago; certificate_days …', -2),
    'not_yet_valid': ('tls_not_yet_valid', 'certificate of 127.0.0.1:… does not verify: it is not valid before 20…-…-… '
                      "(is this machine's clock right?)", 89),
    'self_signed': ('tls_self_signed', 'certificate of 127.0.0.1:… does not verify: it is self-signed, and not trusted here '
                    '(ca_file)', 89),
    'untrusted': ('tls_untrusted', UNKNOWN.format('unknown_authority'), 89),
    'wrong_name': ('tls_name_mismatch', "certificate of 127.0.0.1:… is for other.test, not for 'good.test'", 89),
    'missing_intermediate': ('tls_untrusted', UNKNOWN.format('intermediate'), 89),
    'expires_soon': ('warning', 'threshold_exceeded', 'certificate_days 4 days (warning below 14 days); status 200 in …', 4),
    'short_chain': ('warning', 'threshold_exceeded', 'certificate_days 8 days (warning below 14 days); status 200 in …', 8),
}


def test_certificates(toolkit, nginx, tls):
    done = assert_checks(toolkit, {name: ({**of(nginx, name), **tls}, *case[:-1]) for name, case in CERTIFICATES.items()})
    assert done.exit_code == 1
    for name, (*_, days) in CERTIFICATES.items():
        assert days <= done[name]['values']['certificate_days'] < days + 1, name


def test_evidence_of_certificates(toolkit, nginx, tls):
    done = run_checks(toolkit, {name: {**of(nginx, name), **tls} for name in ('expired', 'missing_intermediate', 'wrong_name')})
    expired = done['expired']['evidence']
    assert expired['tls_error'] == 'certificate has expired (certificate 1 of the chain)'
    day = r'\d{4}-\d\d-\d\d'
    own, authority = expired['certificates']
    assert re.fullmatch(f'O=Tests, CN=expired; issuer O=Tests, CN=intermediate; valid {day} to {day}; for good.test, .*', own)
    assert re.fullmatch(f'O=Tests, CN=intermediate; issuer O=Tests, CN=root; valid {day} to {day}', authority)
    assert len(done['missing_intermediate']['evidence']['certificates']) == 1
    assert 'tls_error' not in done['wrong_name']['evidence']
    assert done['wrong_name']['evidence']['certificates'][0].endswith('; for other.test')


def test_thresholds_of_days(toolkit, nginx, tls):
    """The defaults can be changed one by one, and switched off."""
    soon = {**of(nginx, 'expires_soon'), **tls}
    exceeded = 'certificate_days 4 days ({}); status 200 in …'
    cases = {
        'earlier': ({**soon, 'warning': {'certificate_days': '< 3'}}, 'ok', FINE),
        'off': ({**soon, 'warning': {'certificate_days': 'none'}}, 'ok', FINE),
        'critical': ({**soon, 'critical': {'certificate_days': '< 7'}}, 'critical', 'threshold_exceeded',
                     exceeded.format('critical below 7 days')),
        'longer ahead': ({**of(nginx, 'good'), **tls, 'warning': {'certificate_days': '< 100'}}, 'warning', 'threshold_exceeded',
                         'certificate_days 89 days (warning below 100 days); …'),
    }
    assert_checks(toolkit, cases)
    warned = run_checks(toolkit, {'soon': soon}, '--fail-on', 'warning')
    assert warned.exit_code == 1
    assert warned['soon']['state'] == 'warning'
    assert warned['soon']['healthy'] is False


def test_trust(toolkit, nginx, pki, tls, tmp_path):
    root, other, own = pki.root.cert, pki['unknown_authority'].cert, pki['self_signed'].cert
    several = tmp_path / 'several.pem'
    several.write_text(other.read_text() + root.read_text())
    nonsense = tmp_path / 'nonsense.pem'
    nonsense.write_text('nothing of use\n')

    def trusting(name, path):
        return {**of(nginx, name), 'tls': {'ca_file': str(path)}}
    assert_checks(toolkit, {
        'the system\'s': (of(nginx, 'good'), 'tls_untrusted', "…issuer 'O=Tests, CN=root' is unknown: that authority is not "
                          'trusted here (ca_file)'),
        'private': (trusting('untrusted', other), 'ok', FINE),
        'the other one': (trusting('good', other), 'tls_untrusted', '…'),
        'several': (trusting('untrusted', several), 'ok', FINE),
        'itself': (trusting('self_signed', own), 'ok', FINE),
        'the intermediate': (trusting('missing_intermediate', pki['intermediate'].cert), 'ok', FINE),
        'none there': (trusting('good', '/no/such.pem'), 'local_error',
                       "cannot read certificate authorities in '/no/such.pem': No such file or directory"),
        'nonsense': (trusting('good', nonsense), 'local_error', f"no certificate authorities in '{nonsense}'"),
    })


def test_names(toolkit, nginx, tls):
    ca_file = tls['tls']['ca_file']

    def named(name, host='127.0.0.1', certificate='good', path='/'):
        return {'http': nginx.url(path, certificate, host), 'resolve': '127.0.0.1',
                'tls': {'ca_file': ca_file, 'server_name': name} if name else tls['tls']}
    assert_checks(toolkit, {
        'address': (named(None), 'ok', FINE),
        'another address': (named(None, '127.0.0.2'), 'tls_name_mismatch', "certificate of 127.0.0.1:… is for good.test, …, "
                            "not for '127.0.0.2'"),
        'wildcard': (named(None, 'a.wild.test'), 'ok', FINE),
        'wildcard, too deep': (named(None, 'a.b.wild.test'), 'tls_name_mismatch', "…, not for 'a.b.wild.test'"),
        'server_name': (named('good.test', '127.0.0.2'), 'ok', FINE),
        'wrong server_name': (named('other.test'), 'tls_name_mismatch', "…, not for 'other.test'"),
        'right for another': (named('other.test', certificate='wrong_name'), 'ok', FINE),
        # It goes into SNI, not into the request.
        'Host': ({**named('good.test', '127.0.0.2', path='/who'), 'expect': {'body': ['host=127.0.0.2:']}}, 'ok', FINE),
    })
    for text in ('host=127.0.0.2:', 'sni=good.test', 'sni=other.test'):
        nginx.wait_for_access(text)


def test_unverified(toolkit, nginx):
    """The certificate is not verified, but its age is a value like any other."""
    def unverified(name, **more):
        return {'http': nginx.url('/', name), 'tls': {'verify': False}, **more}
    done = assert_checks(toolkit, {
        **{name: (unverified(name), 'ok', FINE) for name in ('self_signed', 'untrusted', 'wrong_name', 'missing_intermediate')},
        'not_yet_valid': (unverified('not_yet_valid'), 'ok', FINE),
        'expired': (unverified('expired'), 'threshold_exceeded',
                    'certificate_days -1 days (critical below 3 days); status 200 in …'),
        'expired, and known': (unverified('expired', warning={'certificate_days': 'none'}, critical={'certificate_days': 'none'}),
                               'ok', FINE),
    })
    assert done['untrusted']['values']['certificate_days'] > 80


def test_client_certificates(toolkit, nginx, pki, tls):
    client, stranger = pki['client'], pki['stranger']

    def with_files(cert, key=None):
        files = {'cert_file': str(cert), 'key_file': str(key)} if key else {'cert_file': str(cert)}
        return {'http': nginx.url('/who', 'mtls'), 'tls': {**tls['tls'], **files}}
    both = client.chain.with_name('client.both.pem')
    both.write_text(client.chain.read_text() + client.key.read_text())
    done = assert_checks(toolkit, {
        'none': ({'http': nginx.url('/who', 'mtls'), **tls}, 'status_mismatch', 'status 400, expected 200-299'),
        'right': ({**with_files(client.chain, client.key), 'expect': {'body': ['client=O=Tests,CN=client']}}, 'ok', FINE),
        'one file': (with_files(both), 'ok', FINE),
        'stranger': (with_files(stranger.chain, stranger.key), 'status_mismatch', 'status 400, expected 200-299'),
        'key of another': (with_files(client.chain, stranger.key), 'local_error',
                           f"…'{stranger.key}'…'{client.chain}'…"),
        'no such certificate': (with_files('/no/such.pem', client.key), 'local_error',
                                "no client certificate in '/no/such.pem': No such file or directory"),
        'no such key': (with_files(client.chain, '/no/such.key'), 'local_error', "…'/no/such.key'…"),
        'no certificate in it': (with_files(client.key, client.key), 'local_error', f"no client certificate in '{client.key}'…"),
        'no key in it': (with_files(client.chain), 'local_error', f"…'{client.chain}'…"),
    })
    assert 'No required SSL certificate was sent' in done['none']['evidence']['body']
    assert done['key of another']['healthy'] is False


def test_client_certificates_stay_with_their_origin(toolkit, nginx, pki, tls):
    """A redirect to another port does not get them."""
    files = {'cert_file': str(pki['client'].chain), 'key_file': str(pki['client'].key)}
    assert_checks(toolkit, {
        'redirected': ({'http': nginx.url(f'/redirect/to?url={nginx.url("/who", "mtls")}', 'good'), 'tls': {**tls['tls'], **files}},
                       'status_mismatch', 'status 400, expected 200-299'),
    })


def test_versions(toolkit, nginx, tls):
    done = assert_checks(toolkit, {name: ({'http': nginx.url('/', name), **tls}, 'ok', FINE) for name in ('tls12', 'tls13', 'good')})
    assert done['tls12']['values']['tls_version'] == 'TLSv1.2'
    assert done['tls13']['values']['tls_version'] == 'TLSv1.3'
    for result in done.results.values():
        assert 0 < result['values']['tls_seconds'] < result['values']['total_seconds']


def test_not_tls(toolkit, nginx, echo, tls):
    def on(name, **more):
        return {'http': f'https://127.0.0.1:{echo.ports[name]}/', **tls, **more}
    assert_checks(toolkit, {
        'http': ({'http': f'https://127.0.0.1:{nginx.ports["http"]}/', **tls}, 'tls_failed',
                 '127.0.0.1:… does not speak TLS (wrong version number)'),
        'garbage': (on('garbage'), 'tls_failed', '127.0.0.1:… does not speak TLS (…)'),
        'banner': (on('banner'), 'tls_failed', '127.0.0.1:… does not speak TLS (…)'),
        'closed': (on('close'), 'connection_closed', '…127.0.0.1:…'),
        'reset': (on('reset'), 'connection_closed', '…127.0.0.1:…'),
        'silent': (on('silent', timeout='3s'), 'timeout',
                   'timed out after 3s while waiting for the TLS handshake of 127.0.0.1:…'),
        'https as http': ({'http': f'http://127.0.0.1:{nginx.ports["good"]}/'}, 'status_mismatch', 'status 400, expected 200-299'),
    })
