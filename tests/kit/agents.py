"""A server whose users sign in for their agents at oidc-provider, which nobody here wrote."""

import base64
import hashlib
import json
import secrets
import subprocess
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import ports
from .node import placed
from .places import NODE
from .server import Server
from .walker import Walker

CLIENT, SECRET = "valetkey", "users: a secret/with+signs&more"
# Nothing listens there: a walker is stopped before it arrives.
AGENT = "http://127.0.0.1:9/desk"
CONFIG = "agents"


class SignedIn:
    """The server, its provider, and a config that wants its users signed in; they are known by their e-mail address."""

    def __init__(self, folder, provider=None):
        self.provider = provider or Oidc(folder)
        data = folder / "data"
        data.mkdir()
        secret = data / "users-secret"
        secret.write_text(self.provider.secret)
        secret.chmod(0o600)
        (data / "valetkey.toml").write_text(
            f'[outbound]\nallow = ["{urlsplit(self.provider.issuer).netloc}"]\n'
            f'[user_sign_in.development]\nissuer = "{self.provider.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret_file = "{secret}"\nidentifier = "{self.provider.identifier}"\n'
        )
        self.server = Server(data, "serve").start()
        self.server.ready()
        self.provider.start(f"{self.server.url}/mcp/oauth/callback")
        self.server.cli(
            "connection", "create", "gmail", "--name", "MAIL", "--client-id", "desk", "--client-secret-file", "-",
            stdin="mail secret",
        )
        self.instance("nobody")
        self.server.cli("config", "set", CONFIG, "--sign-in", "true")

    def stop(self):
        self.provider.stop()
        self.server.stop()

    def instance(self, user):
        return self.server.instance(user, CONFIG, [{"connection_name": "MAIL", "tools": []}])

    def allow(self, url, user, halt="/desk"):
        """Somebody who signs in as this is asked by an agent, and says yes; `halt` catches the way back."""
        walker = Walker()
        walker.halt = halt
        walker.open(url).submit("allow")
        return self.provider.sign_in(walker, user)

    def records(self, action):
        return [one for one in self.server.cli_json("logs", "list", "--limit", "200") if one["action"] == action]


class Oidc:
    """oidc-provider, whose people sign in by any name and any password."""

    identifier, secret = "email", SECRET

    def __init__(self, folder):
        (port,) = ports.free(1)
        self.folder, self.port, self.issuer, self.process = folder, port, f"http://127.0.0.1:{port}", None

    def start(self, callback):
        log = self.folder / "oidc.log"
        command = [
            str(NODE), str(placed("oidc.mjs")), str(self.port), str(self.folder / "oidc.json"), CLIENT, SECRET, callback,
        ]
        with open(log, "ab") as opened:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=opened, text=True)
        assert self.process.stdout.readline().strip() == "listening", log.read_text()

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def sign_in(self, walker, user):
        return walker.submit(login=user, password="any").submit()


class ByHand:
    """An agent whose every request a test writes."""

    def __init__(self, url):
        self.url = url
        status, headers, _ = ask(url, {"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert status == 401, status
        self.challenge = headers["www-authenticate"]
        self.resource = get(self.challenge.split('resource_metadata="')[1].rstrip('"'))
        (issuer,) = self.resource["authorization_servers"]
        parts = urlsplit(issuer)
        self.server = get(f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}")
        status, _, said = ask(self.server["registration_endpoint"], {"client_name": "By hand", "redirect_uris": [AGENT]})
        assert status == 201, said
        self.client = json.loads(said)["client_id"]
        self.verifier = secrets.token_urlsafe(32)

    def asks(self, **changes):
        """Where the person is sent."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        says = {
            "response_type": "code", "client_id": self.client, "redirect_uri": AGENT, "state": "theirs",
            "code_challenge": challenge, "code_challenge_method": "S256", "resource": self.url, **changes,
        }
        kept = {name: value for name, value in says.items() if value is not None}
        return f"{self.server['authorization_endpoint']}?{urlencode(kept)}"

    def answered(self, walker):
        """What the agent is told."""
        assert walker.where.startswith(AGENT), (walker.where, walker.text)
        return dict(parse_qsl(urlsplit(walker.where).query))

    def token(self, **changes):
        """The token endpoint's status and answer."""
        says = {"client_id": self.client, **changes}
        kept = {name: value for name, value in says.items() if value is not None}
        status, headers, said = ask(self.server["token_endpoint"], urlencode(kept))
        assert headers["cache-control"] == "no-store"
        return status, json.loads(said)

    def exchange(self, code, **changes):
        says = {"grant_type": "authorization_code", "code": code, "redirect_uri": AGENT, "code_verifier": self.verifier}
        return self.token(**{**says, **changes})

    def refresh(self, token, **changes):
        return self.token(grant_type="refresh_token", refresh_token=token, **changes)

    def opens(self, token, url=None):
        """The status of a request with this access token."""
        return ask(url or self.url, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, token)[0]


def ask(url, body, token=None):
    """A POST of JSON, or of a form that is given as text: status, headers, text."""
    form = isinstance(body, str)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, (body if form else json.dumps(body)).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)
