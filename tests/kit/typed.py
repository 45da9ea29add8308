"""Connections on which people sign in without OAuth, and the services that they reach: httpbin with a few doors more."""

import json
import subprocess
import time
import urllib.request

from . import ports
from .mcp import Wire
from .places import REPOSITORY, SCRIPTS, python
from .server import Server

CLIENT, SECRET = "the-client", "the secret/1"


class Services:
    """httpbin and a token endpoint."""

    def __init__(self, folder):
        (self.port,) = ports.free(1)
        self.url, self.folder = f"http://127.0.0.1:{self.port}", folder
        subprocess.run([python("typed"), SCRIPTS / "typed_key.py", folder], check=True)
        self.key_file = (folder / "account.json").read_text()
        self.process = None

    def start(self):
        arguments = [python("typed"), SCRIPTS / "typed_services.py", str(self.port), self.folder / "certificate.pem"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=(self.folder / "services.log").open("w"))
        end = time.monotonic() + 30
        while True:
            try:
                return self._ask("/seen") and self
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, (self.folder / "services.log").read_text()
                time.sleep(0.1)

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return [json.load(answer)]

    def seen(self, path):
        """How it was asked at this path."""
        return [one for one in self._ask("/seen")[0] if one["path"].split("?")[0] == path]

    def set(self, **members):
        self._ask("/settings", members)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Typed:
    """A server with a connection for each way to sign in, called by its connector's name in capitals."""

    def __init__(self, folder):
        self.services = Services(folder)
        data, connectors = folder / "data", REPOSITORY / "tests" / "connectors"
        data.mkdir()
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{self.services.port}"]\n')
        self.server = Server(data, "serve", ("--connectors", str(connectors)))

    def start(self):
        self.services.start()
        self.server.start()
        for name in ("basic", "token", "key", "none", "client", "account", "dwd", "signed", "grant"):
            self.connect(f"typed{name}")
        return self

    def connect(self, connector, name=None, *flags):
        given = ["--api-base-url", self.services.url, *flags]
        stdin = None
        if connector in ("typedclient", "typedaccount", "typeddwd", "typedgrant"):
            given += ["--token-url", f"{self.services.url}/token"]
        if connector == "typedclient":
            given, stdin = [*given, "--client-id", CLIENT, "--client-secret-file", "-"], SECRET
        if connector == "typeddwd":
            given, stdin = [*given, "--client-secret-file", "-"], self.services.key_file
        self.server.cli("connection", "create", connector, "--name", name or connector.upper(), *given, stdin=stdin)

    def wire(self, user, connector):
        """The user's instance with this connection alone; `link` leads to its form."""
        instance = self.server.instance(user, connector, [{"connection_name": connector.upper(), "tools": []}])
        wire = Wire(instance["url"])
        (wire.entry,) = self.server.links(instance).values()
        wire.link = wire.entry["authentication_link"]
        return wire

    def status(self, user):
        (only,) = self.server.cli_json("account", "list", "--identifier", user)
        return only["status"]

    def api(self, method, path, body=None, expect=200):
        return self.server.api(method, f"/api/v1/{path}", body, expect=expect)

    def stop(self):
        self.server.stop()
        self.services.stop()
