"""A collector of traces that nobody here wrote, running beside a test."""

import json
import subprocess
import threading
import time
from contextlib import contextmanager

from . import ports
from .places import SCRIPTS, python
from .server import clean_environment


class Collector:
    def __init__(self):
        (self.port,) = ports.free(1)
        self.spans = []
        self.arrived = threading.Condition()
        self.process = subprocess.Popen(
            [str(python("otel")), str(SCRIPTS / "otlp_sink.py"), str(self.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment(),
        )
        ready = self.process.stdout.readline()
        assert json.loads(ready) == {"ready": True}, ready
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    @property
    def settings(self):
        """What the server's settings file has to say."""
        return f'[telemetry]\notlp_endpoint = "http://127.0.0.1:{self.port}"\n'

    def read(self):
        for line in self.process.stdout:
            with self.arrived:
                self.spans.append(json.loads(line))
                self.arrived.notify_all()

    def wait_for(self, fits, timeout=30):
        """The first span that fits, once there is one."""
        found = lambda: next((span for span in self.spans if fits(span)), None)  # noqa: E731
        with self.arrived:
            assert self.arrived.wait_for(lambda: found() is not None, timeout), [span["name"] for span in self.spans]
            return found()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)


@contextmanager
def collecting():
    collector = Collector()
    try:
        yield collector
    finally:
        collector.stop()


def until(holds, timeout=30):
    """Waits until it holds."""
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)
