"""Two servers on one PostgreSQL database behind HAProxy; the clock of the second one's machine is ahead."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import postgres
from .haproxy import Balancer
from .oidc import Practice
from .receiver import Receiver
from .server import Server

AHEAD = 600


def within_a_second(ended):
    """What one process ends may stand at the other for a second (two on a busy machine), and never again after that."""
    end = time.monotonic() + 2
    while not ended():
        assert time.monotonic() < end, "it still stands"
        time.sleep(0.02)
    for _ in range(5):
        assert ended()
        time.sleep(0.05)


class Replicas:
    """`one` and `two` answer at ports of their own and together at the balancer's; `practice` is their provider, `hook` receives
    webhooks. Each
    has a root key file of its own."""

    def __init__(self, folder):
        self.balancer = Balancer(folder / "balancer")
        self.url = f"http://localhost:{self.balancer.clear}"
        self.sdk_url = f"https://localhost:{self.balancer.secure}"
        self.database = postgres.database()
        self.hook = Receiver().start()
        key, certificate = shared(folder / "shared")
        flags = ("--public-url", self.url, "--sdk-url", self.sdk_url)
        env = {"VALETKEY_DATABASE": self.database}
        (folder / "one").mkdir()
        self.practice = Practice(folder / "one", flags=flags, env=env, allow=[self.hook.address])
        self.one = self.practice.server
        with_connectors = (*flags, "--connectors", str(folder / "one" / "connectors"))
        self.two = Server(folder / "two", "serve", with_connectors, {**env, **ahead()})
        shutil.copytree(self.one.data, self.two.data)
        for server in self.both:
            shutil.copy(key, server.data / "root.key")
            shutil.copytree(certificate, server.data / "tls")

    @property
    def both(self):
        return self.one, self.two

    def start(self):
        """Both at once, on a database without a table."""
        self.balancer.start(one=self.one, two=self.two)
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(self.two.start)
            self.practice.start()
            second.result()
        for server in self.both:
            server.ready()
        return self

    def stop(self):
        self.practice.stop()
        self.two.stop()
        self.balancer.stop()
        self.hook.stop()

    def at(self, server, url):
        """An instance's URL at one of the two."""
        return url.replace(self.url, server.url)


def shared(folder):
    """A root key and a certificate for both, as an operator would hand them out: made by a server that is gone."""
    maker = Server(folder, "serve")
    maker.start()
    maker.stop()
    return folder / "root.key", folder / "tls"


def ahead():
    """What sets a process's clock ahead, and leaves alone how fast its time goes."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return {"LD_PRELOAD": str(library), "FAKETIME": f"+{AHEAD}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
