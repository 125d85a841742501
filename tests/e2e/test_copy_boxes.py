"""Copies to whole machines: as root by sudo, with and without a password, through dropbear; and one server that
freezes, one that vanishes and one that is full disturb nobody else."""
import os

import pytest
from servers.base import wait_until

NAMES = ('web-01', 'web-02', 'web-03', 'web-04')
DROPBEAR_PORT = 2223
PASSWORD = 'correct horse'
MIB = 1024 * 1024
SILENCE_SECONDS = 8


@pytest.fixture(scope='module')
def furnished(boxes):
    """A user who must give his password to sudo, dropbear beside sshd, a folder for all and one on a small disk."""
    boxes.up(*NAMES)
    for name in NAMES:
        boxes.exec(name, 'sh', '-c', f'''
            id carrier >/dev/null 2>&1 || useradd --create-home --shell /bin/bash carrier
            echo 'carrier:{PASSWORD}' | chpasswd
            echo 'carrier ALL=(ALL) ALL' >/etc/sudoers.d/carrier
            [ -d /home/carrier/.ssh ] || cp -r /home/sre/.ssh /home/carrier/
            chown -R carrier /home/carrier/.ssh
            mkdir -p /etc/dropbear /srv/data && chown sre /srv/data
            ss -ltn | grep -q :{DROPBEAR_PORT} || dropbear -R -p {DROPBEAR_PORT} -P /run/dropbear-copy.pid''')
    boxes.exec('web-04', 'mount', '-t', 'tmpfs', '-o', 'size=2m,mode=0777', 'full', '/srv/data')
    return boxes


class Copy:
    def __init__(self, toolkit, boxes, transport):
        self.toolkit, self.boxes, self.transport = toolkit, boxes, transport
        self.config = toolkit.home / 'ssh_config'
        self.configure()

    def configure(self, more=''):
        self.config.write_text(more + 'Host *\n  ConnectTimeout 60\n' + (self.boxes.files / 'ssh_config').read_text())

    def argv(self, *args):
        return ['copy', '--ssh-config', self.config, '--transport', self.transport, '--output', 'json',
                '--store', self.toolkit.home / 'state.db', *args]

    def __call__(self, *args):
        """name -> result, of a run whose exit code fits it."""
        done = self.toolkit(*self.argv(*args), in_front=self.boxes.in_front)
        results = {result['name']: result for result in done.json['results']}
        assert done.exit_code == (0 if all(result['success'] for result in results.values()) else 1), done
        return results

    def start(self, *args):
        return self.toolkit.start(*self.argv(*args), in_front=self.boxes.in_front)

    def make(self, name, content):
        (self.toolkit.home / name).write_bytes(content)
        return self.toolkit.home / name

    def names(self, host, folder):
        return sorted(self.boxes.exec(host, 'ls', '-A', folder).split())


@pytest.fixture(params=['native', 'openssh'])
def copy(toolkit, furnished, request):
    return Copy(toolkit, furnished, request.param)


def test_there_and_back(copy):
    path = copy.make('app.conf', b'hello\n')
    there = f'/srv/data/app-{copy.transport}.conf'
    results = copy(path, f'web-[01-03]:{there}')
    assert {name: result['counts']['created'] for name, result in results.items()} == dict.fromkeys(NAMES[:3], 1)
    assert copy.boxes.exec('web-02', 'stat', '-c', '%U %a %s', there).split() == ['sre', '644', '6']
    assert all(result['counts']['unchanged'] == 1 for result in copy(path, f'web-[01-03]:{there}').values())
    copy(f'web-[01-03]:{there}', copy.toolkit.home / 'back')
    for name in NAMES[:3]:
        assert (copy.toolkit.home / 'back' / name / f'app-{copy.transport}.conf').read_bytes() == b'hello\n'


def test_sudo(copy):
    path = copy.make('app.service', b'[Service]\n')
    there = f'/etc/systemd/system/app-{copy.transport}.service'
    refused = copy(path, f'web-01:{there}')['web-01']
    assert refused['code'] == 'permission_denied', refused
    result = copy(path, f'web-[01-02]:{there}', '--sudo', '--group', 'adm', '--mode', '0640')['web-02']
    assert result['success'] and result['counts']['created'] == 1, result
    assert copy.boxes.exec('web-02', 'stat', '-c', '%U %G %a', there).split() == ['root', 'adm', '640']
    assert copy.boxes.exec('web-02', 'cat', there) == '[Service]\n'
    again = copy(path, f'web-[01-02]:{there}', '--sudo', '--group', 'adm', '--mode', '0640')
    assert all(result['counts']['unchanged'] == 1 for result in again.values()), again
    assert not [name for name in copy.names('web-02', '/home/sre') if name.startswith('.sre-toolkit')]


def test_sudo_with_a_password(copy):
    copy.configure('Host *\n  User carrier\n')
    path = copy.make('secret.conf', b'x\n')
    there = f'/root/secret-{copy.transport}.conf'
    asked = copy(path, f'web-[01-02]:{there}', '--sudo')['web-01']
    assert (asked['outcome'], asked['code']) == ('not_started', 'sudo_failed'), asked
    password = copy.make('password', f'{PASSWORD}\n'.encode())
    password.chmod(0o600)
    done = copy(path, f'web-[01-02]:{there}', '--sudo-password-file', password)
    assert all(result['success'] for result in done.values()), done
    password.write_text('wrong\n')
    wrong = copy(path, f'web-[01-02]:{there}', '--sudo-password-file', password)
    assert wrong['web-01']['code'] == 'sudo_failed' and wrong['web-02']['outcome'] == 'not_started', wrong
    assert copy.boxes.exec('web-02', 'cat', there) == 'x\n'


def test_dropbear(copy):
    copy.configure(f'Host *\n  Port {DROPBEAR_PORT}\n  StrictHostKeyChecking accept-new\n'
                   f'  UserKnownHostsFile {copy.toolkit.home}/known\n')
    if not copy.boxes.exec('web-01', 'sh', '-c', 'ls /usr/lib/sftp-server /usr/lib/openssh/sftp-server 2>/dev/null; true'):
        pytest.skip('needs an SFTP server that dropbear finds')
    path = copy.make('large', os.urandom(3 * MIB))
    result = copy(path, f'web-01:/srv/data/dropbear-{copy.transport}')['web-01']
    assert result['success'], result
    back = copy.toolkit.home / 'back'
    copy(f'web-01:/srv/data/dropbear-{copy.transport}', back)
    assert back.read_bytes() == path.read_bytes()


def test_nobody_waits_for_the_others(copy, furnished):
    path = copy.make('large', os.urandom(150 * MIB))
    folder = '/srv/data'
    for name in NAMES:
        furnished.exec(name, 'sh', '-c', f'echo old >{folder}/large')
    for name in ('web-02', 'web-03'):
        furnished.slow(name, '200kbit')  # what they answer, so that they are still in the middle when we come
    running = copy.start(path, f'web-[01-04]:{folder}/', '--silence', f'{SILENCE_SECONDS}s')
    try:
        wait_until(lambda: all(any(name.endswith('.copying') for name in copy.names(host, folder))
                               for host in ('web-02', 'web-03')), 120, 'the middle')
        furnished.freeze('web-02')
        furnished.cut('web-03')
        done = running.ended(240)
    finally:
        furnished.thaw('web-02')
        furnished.join('web-03')
        for name in ('web-02', 'web-03'):
            furnished.slow(name, 'off')
    results = {result['name']: result for result in done.json['results']}
    assert done.exit_code == 1 and results['web-01']['outcome'] == 'ok', done
    assert results['web-02']['outcome'] in ('timeout', 'unreachable') and results['web-02']['left_behind'], done
    assert results['web-03']['outcome'] in ('timeout', 'unreachable') and results['web-03']['left_behind'], done
    assert (results['web-04']['outcome'], results['web-04']['code']) == ('failed', 'no_space'), done
    assert copy.names('web-04', folder) == ['large']
    for name in NAMES[1:]:
        assert furnished.exec(name, 'cat', f'{folder}/large') == 'old\n'
    for name in NAMES:
        furnished.exec(name, 'sh', '-c', f'rm -f {folder}/large {folder}/.large.*')
