"""oidc-provider, which nobody here wrote, as the sign-in service of the tests' own connector."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.request

from . import ports, postgres
from .mcp import Wire
from .node import placed
from .places import NODE, REPOSITORY
from .server import Server
from .walker import Walker
from .way import Way

CONNECTORS = REPOSITORY / "tests" / "connectors"
CLIENT_ID, CLIENT_SECRET = "valetkey", "practice: a secret/with+signs&more"
SCOPES = ("openid", "offline_access", "notes")


class Practice:
    """A server whose connection PRACTICE signs in at an oidc-provider of its own, whose token endpoint it reaches by a
    way that can lose answers. `lost_answer` is what the connector file says of that."""

    def __init__(self, folder, lost_answer="retry_at_expiry", flags=(), env=None, allow=()):
        (self.port,) = ports.free(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.way = Way(self.port)
        connectors = folder / "connectors"
        connectors.mkdir()
        shipped = (CONNECTORS / "practice.yaml").read_text()
        assert "lost_answer: retry_at_expiry" in shipped
        (connectors / "practice.yaml").write_text(shipped.replace("retry_at_expiry", lost_answer))
        for more in ("practicepair.yaml", "practiceremote.yaml"):
            shutil.copy(CONNECTORS / more, connectors)
        self.state = folder / "oidc.json"
        self.process = None
        data = folder / "data"
        data.mkdir()
        allowed = [f"127.0.0.1:{self.port}", f"127.0.0.1:{self.way.port}", *allow]
        (data / "valetkey.toml").write_text(f"[outbound]\nallow = {json.dumps(allowed)}\n")
        self.database = (env or {}).get("VALETKEY_DATABASE")
        self.server = Server(data, "serve", ("--connectors", str(connectors), *flags), env)

    def start(self):
        self.server.start()
        # Of two servers that start at once on an empty database, the one that did not name it waits to be let in.
        self.server.ready()
        flags = {
            "client-id": CLIENT_ID, "client-secret-file": "-", "authorize-url": f"{self.url}/auth",
            "token-url": f"http://127.0.0.1:{self.way.port}/token", "revoke-url": f"{self.url}/token/revocation",
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

    def pause(self):
        """The provider keeps everybody waiting until it goes on."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.kill_provider()
        self.way.stop()
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

    def consent(self, user, ttl=3600):
        """Signs that user in; the first access token lasts `ttl` seconds, later ones an hour."""
        instance = self.instance(user)
        self.make(f"ttl/{ttl}")
        walker = Walker()
        sign_in(walker, self.entry(instance)["authentication_link"], user)
        self.make("ttl/3600")
        assert self.entry(instance)["connected_account_status"] == "ACTIVE", walker.text
        wire = Wire(instance["url"])
        wire.instance, wire.walker = instance, walker
        return wire

    def run_out(self, user):
        """Returns when the provider itself holds no access token of that user to be alive."""
        end = time.monotonic() + 30
        while self.make(f"live/{user}", "GET")["live"]:
            assert time.monotonic() < end, "the token outlives its time"
            time.sleep(0.05)

    def refreshes(self):
        """How many refreshes the provider has granted."""
        return self.seen()["granted"].get("refresh_token", 0)

    def age(self, statement):
        """Changes rows as time would have (a release has no clock that could be moved), and says how many. The server
        must not run."""
        if self.database:
            counted = f"WITH changed AS ({statement} RETURNING 1) SELECT count(*) FROM changed"
            return int(postgres.psql(self.database, counted))
        with sqlite3.connect(self.server.data / "valetkey.sqlite") as opened:
            changed = opened.execute(statement).rowcount
        opened.close()
        return changed

    def account(self, user):
        """The account as the operator sees it."""
        (only,) = self.server.cli_json("account", "list", "--identifier", user)
        (whole,) = self.server.cli_json("account", "get", only["id"])
        return whole


def sign_in(walker, link, user):
    """From a link of ours over the provider's two pages, as far as the redirects lead."""
    walker.open(link)
    walker.submit("continue")
    walker.submit(login=user, password="any")
    walker.submit()
