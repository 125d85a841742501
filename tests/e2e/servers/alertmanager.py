"""A real Alertmanager, asked by amtool; and a receiver that speaks its API, to see what is sent to it."""
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from .base import START_SECONDS, ProcessServer, wait_until
from .receiver import Answer, Receiver

CONFIG = '''
global: {{resolve_timeout: {resolve_timeout}}}
route: {{receiver: {receiver}, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- {{name: nobody}}
- {{name: hook, webhook_configs: [{{url: '{webhook}', send_resolved: true}}]}}
'''
NAME = re.compile('[a-zA-Z_][a-zA-Z0-9_]*')


class Alertmanager(ProcessServer):
    """url: of its API, on 127.0.0.1.  resolve_timeout: what an alert without an end is given.  webhook: where it
    tells of its alerts itself, if anywhere.  log_level: debug says what becomes of each alert.  It keeps company
    with no other one."""
    needs = 'prometheus-alertmanager'

    def __init__(self, resolve_timeout='5m', webhook=None, log_level='debug'):
        super().__init__()
        self.log_level = log_level
        self.resolve_timeout = resolve_timeout
        self.webhook = webhook
        self.port = None

    @classmethod
    def exists(cls):
        return shutil.which('prometheus-alertmanager') is not None and shutil.which('amtool') is not None

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def facts(self):
        return {'url': self.url}

    def log(self):
        return self.output()

    def _start(self):
        config = self.dir / 'alertmanager.yml'
        config.write_text(CONFIG.format(resolve_timeout=self.resolve_timeout, webhook=self.webhook or 'http://127.0.0.1:9/',
                                        receiver='hook' if self.webhook else 'nobody'))
        if self.port is None:
            self.port, = self._keep_ports(1)
        self._spawn(['prometheus-alertmanager', f'--config.file={config}', f'--storage.path={self.dir / "data"}',
                     f'--web.listen-address=127.0.0.1:{self.port}', '--cluster.listen-address=',
                     f'--log.level={self.log_level}'], cwd=self.dir)
        wait_until(lambda: self._is_ready() or self.process.poll() is not None, START_SECONDS, 'Alertmanager')
        if self.process.poll() is not None:
            raise RuntimeError(f'Alertmanager did not start: {self.output()}')

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f'{self.url}/-/ready', timeout=1) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def pause(self):
        """Goes away without a word; resume() brings it back at the same place, remembering what it had saved."""
        super()._stop()

    def resume(self):
        self._start()

    def amtool(self, *args):
        """What amtool prints, asked of this server."""
        done = subprocess.run(['amtool', f'--alertmanager.url={self.url}', *args], capture_output=True, text=True,
                              timeout=START_SECONDS, env={'HOME': str(self.dir), 'PATH': '/usr/bin:/bin'})
        if done.returncode != 0:
            raise RuntimeError(f'amtool {" ".join(args)}: {done.stderr}')
        return done.stdout

    def alerts(self, *matchers):
        """The alerts that it holds as firing, as JSON; with matchers (alertname=x), those that match."""
        return json.loads(self.amtool('alert', 'query', '--output=json', *matchers) or '[]')

    def wait_for_alerts(self, count, *matchers, seconds=START_SECONDS):
        end = time.monotonic() + seconds
        while len(found := self.alerts(*matchers)) != count:
            if time.monotonic() > end:
                raise TimeoutError(f'waited {seconds} s for {count} alerts; there are {found}')
            time.sleep(0.05)
        return found


class AlertmanagerApi(Receiver):
    """What Alertmanager's API answers, and what it was sent.  As the real one does, it keeps the good alerts of
    a request that it refuses for the bad ones.  alerts: all that it kept."""
    schema = 'alertmanager'

    def __init__(self, limit=None, tls=None):
        super().__init__(limit, tls)
        self.alerts = []

    def forget(self):
        super().forget()
        self.alerts.clear()

    @staticmethod
    def _problem(alert):
        labels = alert.get('labels') if isinstance(alert, dict) else None
        if not isinstance(labels, dict) or not any(labels.values()):
            return 'at least one label pair required'
        for name in labels:
            if not NAME.fullmatch(name):
                return f'invalid label set: invalid name "{name}"'
        return None

    def _take(self, request):
        if request.path != '/api/v2/alerts':
            return Answer(404, {'code': 404, 'message': f'path {request.path} was not found'})
        if request.method != 'POST':
            return Answer(405, {'code': 405, 'message': f'method {request.method} is not allowed'})
        try:
            alerts = request.json
        except ValueError as err:
            return Answer(400, {'code': 400, 'message': str(err)})
        if not isinstance(alerts, list):
            return Answer(400, {'code': 400, 'message': 'cannot unmarshal object into PostableAlerts'})
        problems = [self._problem(alert) for alert in alerts]
        self.alerts += [alert for alert, problem in zip(alerts, problems) if problem is None]
        if any(problems):
            return Answer(400, json.dumps('; '.join(filter(None, problems))).encode(),
                          {'Content-Type': 'application/json'}, taken=any(problem is None for problem in problems))
        return Answer(200, b'', taken=True)
