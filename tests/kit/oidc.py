"""oidc-provider, which nobody here wrote, as the sign-in service of the tests' own connector."""

import json
import subprocess
import urllib.request

from . import ports
from .node import placed
from .places import NODE, REPOSITORY
from .server import Server

CONNECTORS = REPOSITORY / "tests" / "connectors"
CLIENT_ID, CLIENT_SECRET = "valetkey", "practice: a secret/with+signs&more"
SCOPES = ("openid", "offline_access", "notes")


class Practice:
    """A server whose connection PRACTICE signs in at an oidc-provider of its own."""

    def __init__(self, folder):
        (self.port,) = ports.free(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = folder / "oidc.json"
        self.process = None
        data = folder / "data"
        data.mkdir()
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{self.port}"]\n')
        self.server = Server(data, "serve", ("--connectors", str(CONNECTORS)))

    def start(self):
        self.server.start()
        flags = {
            "client-id": CLIENT_ID, "client-secret-file": "-", "authorize-url": f"{self.url}/auth",
            "token-url": f"{self.url}/token", "revoke-url": f"{self.url}/token/revocation",
            "identity-url": f"{self.url}/me", "api-base-url": self.url,
        }
        given = [part for name, value in flags.items() for part in (f"--{name}", value)]
        self.server.cli("connection", "create", "practice", "--name", "PRACTICE", *given, stdin=CLIENT_SECRET)
        (connection,) = self.server.cli_json("connection", "get", "PRACTICE")
        self.redirect_uri = connection["redirect_uri"]
        self.start_provider()
        return self

    def start_provider(self):
        arguments = [str(self.port), str(self.state), CLIENT_ID, CLIENT_SECRET, self.redirect_uri]
        command = [str(NODE), str(placed("oidc.mjs")), *arguments]
        with open(self.state.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout.readline().strip() == "listening", self.state.with_suffix(".log").read_text()

    def kill_provider(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def stop(self):
        if self.process:
            self.kill_provider()
        self.server.stop()

    def seen(self):
        """What the provider has counted, by its own events."""
        return self.make("counts", "GET")

    def make(self, what, method="POST"):
        """Makes something happen at the provider."""
        request = urllib.request.Request(f"{self.url}/test/{what}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def instance(self, user):
        return self.server.instance(user, "practice", [{"connection_name": "PRACTICE", "tools": []}])

    def entry(self, instance):
        """The instance's one connection: status and a fresh link."""
        return self.server.links(instance)["PRACTICE"]
