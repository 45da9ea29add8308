"""Another environment of the same server, made on the command line: a Gmail connection that signs in at the lab and
whose API is wherever a test says."""

import json

from .mcp import Wire
from .walker import Walker

CLIENT, SECRET = "elsewhere-client", "elsewhere-secret"


class Elsewhere:
    def __init__(self, server, name, api, tool="gmail_fetch_mails"):
        self.server, self.name = server, name
        server.cli("environment", "create", name)
        flags = ["--authorize-url", f"{server.lab_url}/o/oauth2/v2/auth", "--token-url", f"{server.lab_url}/token"]
        flags += ["--identity-url", f"{server.lab_url}/v1/userinfo", "--api-base-url", api]
        flags += ["--client-id", CLIENT, "--client-secret-file", "-"]
        (made,) = self.cli("connection", "create", "gmail", "--name", "MAIL", *flags, stdin=SECRET)
        client = {"id": CLIENT, "secret": SECRET, "redirect_uris": [made["redirect_uri"]]}
        server.control("POST", "/clients", client, expect=None)
        self.cli("config", "create", "mail", "--connection", f"MAIL={tool}")

    def cli(self, noun, *arguments, stdin=None):
        done = self.server.cli(noun, "--environment", self.name, "--json", *arguments, stdin=stdin)
        return json.loads(done.stdout)

    def sdk_env(self):
        """The environment of a shell whose SDKs are a new client of this environment."""
        (client,) = self.cli("client", "create", "sdk")
        secret = {"SCALEKIT_CLIENT_ID": client["client_id"], "SCALEKIT_CLIENT_SECRET": client["client_secret"]}
        return self.server.sdk_env() | secret

    def connected(self, user):
        """The wire to that user's instance, after consent."""
        (made,) = self.cli("instance", "ensure", "mail", user)
        (entry,) = self.cli("instance", "auth", made["id"])
        Walker().connect(entry["link"])
        return Wire(made["url"])
