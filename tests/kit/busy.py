"""Calls that go on beside a test: an agent that calls a tool, and a user whose tokens are refreshed for every call."""

import threading


class Busy:
    """Calls `work` over and over from a few threads until `stop`; whatever fails is kept."""

    def __init__(self, work, threads=3):
        self.work = work
        self.done = 0
        self.failures = []
        self.ending = threading.Event()
        self.counted = threading.Condition()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.ending.is_set():
            try:
                failure = self.work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
                failure = repr(error)
            with self.counted:
                self.done += 1
                if failure:
                    self.failures.append(failure)
                self.counted.notify_all()

    def goes_on(self, count=10, timeout=60):
        """Waits until that many more calls have ended."""
        with self.counted:
            wanted = self.done + count
            assert self.counted.wait_for(lambda: self.done >= wanted, timeout), f"only {self.done} of {wanted} calls"

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(timeout=60)
        return self.failures
