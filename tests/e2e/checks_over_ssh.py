"""The command `check` with servers over SSH, as tests use it."""

# How long the load is measured is what such a check takes, unless told otherwise.
FAST = ('--set', 'cpu_sample=10ms')
TRANSPORTS = ('native', 'openssh')


class Checks:
    """checks('web-01', ...) -> name -> result, of a run whose exit code fits it."""

    def __init__(self, toolkit, ssh_config, in_front=()):
        self.toolkit, self.ssh_config, self.in_front = toolkit, ssh_config, list(in_front)

    def argv(self, *args):
        return ['check', *args, '--ssh-config', self.ssh_config]

    def __call__(self, *args, **options):
        done = self.toolkit(*self.argv(*args, '--output', 'json'), in_front=self.in_front, **options)
        results = {result['name']: result for result in done.json['results']}
        assert done.exit_code == (0 if all(result['healthy'] for result in results.values()) else 1), done
        return results

    def one(self, *args, **options):
        [result] = self(*args, **options).values()
        return result
