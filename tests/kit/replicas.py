"""Two servers on one PostgreSQL database behind one balancer; the clock of the second one's machine is ahead."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import postgres
from .balancer import Balancer
from .oidc import Practice
from .server import Server

AHEAD = 600


class Replicas:
    """`one` and `two` answer at ports of their own and together at the balancer's; `practice` is their provider."""

    def __init__(self, folder):
        self.clear, self.secure = Balancer(), Balancer()
        self.url = f"http://localhost:{self.clear.port}"
        self.sdk_url = f"https://localhost:{self.secure.port}"
        self.database = postgres.database()
        key, certificate = shared(folder / "shared")
        flags = ("--public-url", self.url, "--sdk-url", self.sdk_url, "--root-key-file", str(key))
        env = {"VALETKEY_DATABASE": self.database}
        (folder / "one").mkdir()
        self.practice = Practice(folder / "one", flags=flags, env=env)
        self.one = self.practice.server
        with_connectors = (*flags, "--connectors", str(folder / "one" / "connectors"))
        self.two = Server(folder / "two", "serve", with_connectors, {**env, **ahead()})
        shutil.copytree(self.one.data, self.two.data)
        for server in (self.one, self.two):
            shutil.copytree(certificate, server.data / "tls")

    def start(self):
        """Both at once, on a database without a table."""
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(self.two.start)
            self.practice.start()
            second.result()
        self.one.ready()
        self.two.ready()
        self.clear.backends = [self.one.http, self.two.http]
        self.secure.backends = [self.one.tls, self.two.tls]
        return self

    def stop(self):
        self.practice.stop()
        self.two.stop()
        self.clear.close()
        self.secure.close()

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
