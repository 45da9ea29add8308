"""A server whose connection leads to a stand-in of an app, and users who have signed in there."""

import json
import subprocess
from contextlib import contextmanager

from .described import CLIENT, SECRET
from .mcp import Wire
from .places import SCRIPTS, python
from .server import Server, clean_environment
from .walker import Walker


@contextmanager
def serving(folder, app, connector, name, identity, *flags):
    """A server with one connection, of this name, whose endpoints are the app's; `identity` is the path that says who
    signed in."""
    folder.mkdir()
    (folder / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
    server = Server(folder, "serve").start()
    try:
        endpoints = ["--authorize-url", f"{app.url}/authorize", "--token-url", f"{app.url}/token"]
        endpoints += ["--identity-url", f"{app.url}{identity}", "--api-base-url", app.url, *flags]
        client = ["--client-id", CLIENT, "--client-secret-file", "-"]
        server.cli("connection", "create", connector, "--name", name, *endpoints, *client, stdin=SECRET)
        yield server
    finally:
        server.stop()


def signed_in(server, user, config, connection, tools=()):
    """That user's wire on a config with one connection, once they have signed in."""
    instance = server.instance(user, config, [{"connection_name": connection, "tools": list(tools)}])
    (entry,) = server.links(instance).values()
    walker = Walker()
    walker.open(entry["authentication_link"])
    walker.submit("continue")
    (entry,) = server.links(instance).values()
    assert entry["connected_account_status"] == "ACTIVE", walker.text
    return Wire(instance["url"])


def official(wire, *calls):
    """What the official Python client sees of these calls."""
    command = [str(python("seed")), str(SCRIPTS / "mcp1.py"), wire.url, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
