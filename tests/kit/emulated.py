"""emulate, an npm package which nobody here wrote, in the place of GitHub, Google, Slack and Linear.

It takes a token that it does not know for its first user's, so the first user of each is a decoy, whose name no answer may
have."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

from .places import NODE, NODE_MODULES
from .ports import neighbours

CLIENT, SECRET = "valetkey", "emulated-secret"
DECOY, ADA = "tripwire", "ada"
DECOYS, ADAS = f"{DECOY}@decoy.example", f"{ADA}@example.com"
# A token that a test itself looks with.
READER = "reads-what-is-there"
SERVICES = ("github", "google", "slack", "linear")


def seed(redirects):
    """What it begins with: the decoy, Ada, and our OAuth client with these redirect URIs."""
    client = {"client_id": CLIENT, "client_secret": SECRET, "name": "Valetkey", "redirect_uris": redirects}
    calendar = {"id": "primary", "user_email": ADAS, "summary": ADAS, "primary": True, "selected": True, "time_zone": "UTC"}
    return {
        "tokens": {READER: {"login": ADA, "scopes": ["channels:history"]}},
        "github": {
            "users": [{"login": DECOY, "email": DECOYS}, {"login": ADA, "email": ADAS}],
            "repos": [{"owner": ADA, "name": "notes", "auto_init": True}],
            "oauth_apps": [client],
        },
        "google": {
            "users": [{"email": DECOYS, "name": DECOY}, {"email": ADAS, "name": "Ada"}],
            "oauth_clients": [client],
            "calendars": [calendar],
        },
        "slack": {
            "team": {"name": "Acme", "domain": "acme"},
            "users": [{"name": DECOY, "email": DECOYS}, {"name": ADA, "real_name": "Ada", "email": ADAS}],
            "channels": [{"name": "general", "topic": "All"}],
            "oauth_apps": [client | {"app_id": "A1"}],
            "strict_scopes": True,
        },
        "linear": {
            "organization": {"name": "Acme", "url_key": "acme"},
            "users": [{"email": DECOYS, "name": DECOY}, {"email": ADAS, "name": "Ada"}],
            "teams": [{"key": "ENG", "name": "Engineering", "states": [{"name": "Todo", "type": "unstarted"}, {"name": "Done", "type": "completed"}]}],
            "oauth_apps": [client | {"actor": "user"}],
            "strict_scopes": True,
        },
    }


class Emulated:
    """Its services, each at a port of its own."""

    def __init__(self, folder):
        self.folder = folder
        # It takes ports one after the other.
        self.ports = neighbours(len(SERVICES))
        self.urls = {service: f"http://localhost:{port}" for service, port in zip(SERVICES, self.ports)}

    def start(self, redirects):
        file = self.folder / "seed.json"
        file.write_text(json.dumps(seed(redirects)))
        command = [str(NODE), str(NODE_MODULES / "emulate" / "dist" / "index.js"), "start"]
        command += ["--port", str(self.ports[0]), "--service", ",".join(SERVICES), "--seed", str(file)]
        with open(self.folder / "emulate.log", "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 60
        while not all(self.answers(url) for url in self.urls.values()):
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "emulate.log").read_text()
            time.sleep(0.1)
        return self

    def answers(self, url):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def asked(self, service, path, token, form=None):
        """What it answers to who shows this token; a form is posted."""
        data = urlencode(form).encode() if form else None
        request = urllib.request.Request(self.urls[service] + path, data, {"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self.process.kill()
        self.process.wait()
