"""Glewlwyd, which nobody here wrote, as the sign-in service of the tests' own connector: an authorization server in C,
as unlike oidc-provider as there is. Its token endpoint refuses with 400 and nothing in the body, be it the grant that is
over or the client's secret that is wrong; it wants a nonce from who asks for `openid`; and it revokes nothing for who
does not authenticate. It takes Basic as it is, without form-encoding."""

import json
import os
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime

from . import ports
from .mcp import Wire
from .places import REPOSITORY, TOOLS
from .server import Server
from .walker import Walker

HOME = TOOLS / "glewlwyd"
CLIENT_ID, CLIENT_SECRET = "valetkey", "practice-secret-2"
PASSWORD = "password of the tests"
# Its ways in: access tokens that last, such that do not, and such that do not beside a refresh token that stays as it is.
LASTING, BRIEF, STAYING = "lasting", "brief", "staying"
WAYS = {
    LASTING: {"access-token-duration": 3600, "refresh-token-one-use": "always"},
    BRIEF: {"access-token-duration": 3, "refresh-token-one-use": "always"},
    STAYING: {"access-token-duration": 3, "refresh-token-one-use": "never"},
}


def libraries():
    return ":".join(str(path) for folder in ("usr/lib", "lib") for path in sorted((HOME / folder).glob("*-linux-gnu*")))


class Glewlwyd:
    """The program itself, on a database of its own, with users who sign in by their name."""

    def __init__(self, folder):
        (self.port,) = ports.free(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder, self.process = folder, None
        self.database = folder / "glewlwyd.sqlite"
        self.admin = Walker()

    def start(self):
        self._write()
        self.run()
        self._furnish()
        return self

    def _write(self):
        """An empty database and the settings."""
        schema = HOME / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
        with sqlite3.connect(self.database) as made:
            made.executescript(schema.read_text())
        made.close()
        modules = HOME / "usr/lib/glewlwyd"
        lines = [
            f"port={self.port}", 'bind_address="127.0.0.1"', f'external_url="{self.url}"', 'login_url="login.html"',
            'api_prefix="api"', 'log_mode="file"', 'log_level="INFO"', f'log_file="{self.folder}/glewlwyd.log"',
            "cookie_secure=0", 'admin_scope="g_admin"', 'profile_scope="g_profile"', 'hash_algorithm="SHA512"',
            f'user_module_path="{modules}/user"', f'client_module_path="{modules}/client"',
            f'user_auth_scheme_module_path="{modules}/scheme"', f'plugin_module_path="{modules}/plugin"',
            f'database = {{ type = "sqlite3"; path = "{self.database}"; }};',
        ]
        (self.folder / "glewlwyd.conf").write_text("\n".join(lines) + "\n")

    def run(self):
        """Runs it on what it has; also again after `stop`."""
        env = {**os.environ, "LD_LIBRARY_PATH": libraries()}
        command = [str(HOME / "usr/bin/glewlwyd"), "-c", str(self.folder / "glewlwyd.conf")]
        with open(self.folder / "glewlwyd.out", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        end = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "glewlwyd.out").read_text()
            time.sleep(0.05)

    def _answers(self):
        try:
            urllib.request.urlopen(f"{self.url}/config", timeout=2).close()
            return True
        except OSError:
            return False

    def _furnish(self):
        """The ways in, and a scope for their users."""
        self.told(self.admin, "POST", "/api/auth/", {"username": "admin", "password": "password"})
        for name, own in WAYS.items():
            parameters = {
                **own,
                "iss": f"{self.url}/{name}", "jwt-type": "sha", "jwt-key-size": "256", "key": f"{name} key of the tests" * 4,
                "code-duration": 60, "refresh-token-duration": 86400, "allow-non-oidc": True, "auth-type-code-enabled": True,
                "auth-type-code-revoke-replayed": True, "auth-type-refresh-enabled": True, "pkce-allowed": True,
                "pkce-required": True, "introspection-revocation-allowed": True,
                "introspection-revocation-allow-target-client": True,
                **{f"auth-type-{kind}-enabled": False for kind in ("token", "implicit", "password", "client", "none", "device")},
            }
            plugin = {"module": "oidc", "name": name, "display_name": name, "enabled": True, "parameters": parameters}
            self.told(self.admin, "POST", "/api/mod/plugin/", plugin)
        scope = {"name": "notes", "display_name": "Notes", "description": "Notes", "password_required": True, "scheme": {}}
        self.told(self.admin, "POST", "/api/scope/", scope)

    def client(self, secret, *redirect_uris, method="POST"):
        """Registers us, or changes what it knows of us."""
        about = {
            "client_id": CLIENT_ID, "name": "Valetkey", "confidential": True, "client_secret": secret, "password": secret,
            "redirect_uri": list(redirect_uris), "authorization_type": ["code", "refresh_token"],
            "token_endpoint_auth_method": ["client_secret_basic"], "scope": [], "enabled": True,
        }
        self.told(self.admin, method, "/api/client/" + (CLIENT_ID if method == "PUT" else ""), about)

    def told(self, walker, method, path, body=None):
        """One call of its own API as that visitor; its answer."""
        status, _, text = walker.tell(method, f"{self.url}{path}", body)
        assert status == 200, f"{method} {path}: {status} {text}"
        return json.loads(text) if text else None

    def somebody(self, name):
        """A visitor who is signed in there as a new user of that name."""
        self.told(self.admin, "POST", "/api/user/", {
            "username": name, "name": name, "password": PASSWORD, "scope": ["openid", "notes", "g_profile"], "enabled": True,
        })
        walker = Walker()
        self.told(walker, "POST", "/api/auth/", {"username": name, "password": PASSWORD})
        return walker

    def granted(self, walker, way):
        """The refresh tokens that this user has given out there and that are alive."""
        return [one for one in self.told(walker, "GET", f"/api/{way}/token?limit=100") if one["enabled"]]

    def withdraw(self, walker, way):
        """The user takes all of them back."""
        for one in self.granted(walker, way):
            self.told(walker, "DELETE", f"/api/{way}/token/{urllib.parse.quote(one['token_hash'], safe='')}")

    def said(self):
        """What it has logged."""
        return (self.folder / "glewlwyd.log").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


class Guarded:
    """A server with a connection to each way into one Glewlwyd, called by its name in capitals."""

    def __init__(self, folder, scopes=("openid", "notes"), secret=CLIENT_SECRET, client_auth="basic"):
        self.provider = Glewlwyd(folder)
        connectors, data = folder / "connectors", folder / "data"
        connectors.mkdir()
        data.mkdir()
        shipped = (REPOSITORY / "tests" / "connectors" / "guarded.yaml").read_text()
        assert "default_scopes: [openid, notes]" in shipped
        assert "token_client_auth: basic" in shipped
        written = shipped.replace("default_scopes: [openid, notes]", f"default_scopes: [{', '.join(scopes)}]")
        written = written.replace("token_client_auth: basic", f"token_client_auth: {client_auth}")
        (connectors / "guarded.yaml").write_text(written)
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{self.provider.port}"]\n')
        self.scopes, self.secret = scopes, secret
        self.server = Server(data, "serve", ("--connectors", str(connectors)))

    def start(self):
        self.provider.start()
        self.server.start()
        self.redirects = [self._connect(way.upper(), way) for way in WAYS]
        self.provider.client(self.secret, *self.redirects)
        return self

    def _connect(self, name, way):
        base = f"{self.provider.url}/api/{way}"
        flags = {
            "client-id": CLIENT_ID, "client-secret-file": "-", "authorize-url": f"{base}/auth", "token-url": f"{base}/token",
            "revoke-url": f"{base}/revoke", "identity-url": f"{base}/userinfo", "api-base-url": base,
        }
        given = [part for flag, value in flags.items() for part in (f"--{flag}", value)]
        self.server.cli("connection", "create", "guarded", "--name", name, *given, stdin=self.secret)
        (connection,) = self.server.cli_json("connection", "get", name)
        return connection["redirect_uri"]

    def instance(self, user, way=LASTING):
        return self.server.instance(user, f"guarded-{way}", [{"connection_name": way.upper(), "tools": []}])

    def entry(self, instance):
        """The instance's one connection: status and a fresh link."""
        (only,) = self.server.links(instance).values()
        return only

    def consent(self, user, way=LASTING):
        """Signs a new user in; gives the wire to their instance, with `walker`, who is that user there."""
        instance = self.instance(user, way)
        wire = Wire(instance["url"])
        wire.instance, wire.walker = instance, self.provider.somebody(user)
        self.allow(wire.walker, self.entry(instance)["authentication_link"])
        assert self.entry(instance)["connected_account_status"] == "ACTIVE", wire.walker.text
        return wire

    def allow(self, walker, link):
        """From a link of ours over Glewlwyd's question to its answer. Its pages are scripts: what they send is sent here."""
        walker.open(link).submit("continue")
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(walker.where).query)
        assert walker.where.startswith(f"{self.provider.url}/login.html?"), walker.where
        self.provider.told(walker, "PUT", f"/api/auth/grant/{CLIENT_ID}", {"scope": " ".join(self.scopes)})
        walker.open(f"{asked['callback_url'][0]}&g_continue")

    def account(self, user):
        """The account as the operator sees it."""
        (only,) = self.server.cli_json("account", "list", "--identifier", user)
        (whole,) = self.server.cli_json("account", "get", only["id"])
        return whole

    def run_out(self, user):
        """Returns when the account's access token has ended."""
        end = time.monotonic() + 30
        while datetime.fromisoformat(self.account(user)["token_ends_at"]) > datetime.now(UTC):
            assert time.monotonic() < end, "the token outlives its time"
            time.sleep(0.05)

    def stop(self):
        self.provider.stop()
        self.server.stop()
