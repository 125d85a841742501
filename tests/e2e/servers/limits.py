"""How many requests a service takes in a time, as the services do it: a bucket of tokens, or a window."""
import collections
import time


class Bucket:
    """`per_second` requests a second for each key, and at most `burst` at once."""

    def __init__(self, per_second, burst, clock=time.monotonic):
        self.per_second = per_second
        self.burst = burst
        self.clock = clock
        self._keys = {}  # key -> (tokens, when)

    def wait(self, key=None):
        """0: it may pass, and has; else the seconds until one may."""
        now = self.clock()
        tokens, then = self._keys.get(key, (self.burst, now))
        tokens = min(self.burst, tokens + (now - then) * self.per_second)
        passes = tokens >= 1
        self._keys[key] = (tokens - 1 if passes else tokens, now)
        return 0 if passes else (1 - tokens) / self.per_second


class Window:
    """At most `count` requests in any `seconds`, for each key; those that do not pass do not count."""

    def __init__(self, count, seconds, clock=time.monotonic):
        self.count = count
        self.seconds = seconds
        self.clock = clock
        self._keys = collections.defaultdict(collections.deque)

    def wait(self, key=None):
        """As Bucket.wait()."""
        now = self.clock()
        passed = self._keys[key]
        while passed and now - passed[0] >= self.seconds:
            passed.popleft()
        if len(passed) < self.count:
            passed.append(now)
            return 0
        return passed[0] + self.seconds - now
