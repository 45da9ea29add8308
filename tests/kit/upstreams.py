"""Remote MCP servers that nobody here wrote, and a server of ours with a connection to each."""

import subprocess
import time
import urllib.error
import urllib.request

from . import ports
from .hanging import Hanging
from .mcp import Wire
from .places import NODE, NODE_MODULES, SCRIPTS, python
from .server import Server
from .walker import Walker

PACKAGES = NODE_MODULES / "@modelcontextprotocol"
EVERYTHING = PACKAGES / "server-everything" / "dist" / "index.js"
DEMO = PACKAGES / "sdk" / "dist" / "esm" / "examples" / "server" / "simpleStreamableHttp.js"

# Name, path, how to sign in.
KINDS = {
    "fastopen": ("/mcp", "{kind: none}"),
    "fastbearer": ("/mcp", "{kind: bearer, label: Token}"),
    "fastoauth": ("/mcp", "{kind: oauth2}"),
    "everything": ("/mcp", "{kind: none}"),
    "everysse": ("/sse", "{kind: none}"),
    "tsdemo": ("/mcp", "{kind: oauth2}"),
}
# One that takes requests and never answers.
HANGING = "hangs"


class Upstreams:
    """The servers, and ours, called by a connector's name in capitals."""

    def __init__(self, folder):
        self.folder, self.processes, self.hanging = folder, [], Hanging()
        names = [*KINDS, "tsdemo_auth"]
        self.ports = dict(zip(names, ports.free(len(names))))
        self.commands = {
            "fastopen": [python("agents"), SCRIPTS / "upstream_server.py", str(self.ports["fastopen"]), "open"],
            "fastbearer": [python("agents"), SCRIPTS / "upstream_server.py", str(self.ports["fastbearer"]), "bearer"],
            "fastoauth": [python("agents"), SCRIPTS / "upstream_server.py", str(self.ports["fastoauth"]), "oauth"],
            "everything": [NODE, EVERYTHING, "streamableHttp"],
            "everysse": [NODE, EVERYTHING, "sse"],
            "tsdemo": [NODE, DEMO, "--oauth", "--oauth-strict"],
        }
        data = folder / "data"
        data.mkdir()
        connectors = folder / "connectors"
        connectors.mkdir()
        for name, (path, auth) in KINDS.items():
            host = "localhost" if name == "tsdemo" else "127.0.0.1"
            text = f"connector: {name}\ndisplay_name: {name.title()}\nupstream: mcp\n"
            text += f"url: http://{host}:{self.ports[name]}{path}\nauth: [{auth}]\n"
            text += "transport: sse\n" if name == "everysse" else ""
            (connectors / f"{name}.yaml").write_text(text)
        text = f"connector: {HANGING}\ndisplay_name: Hangs\nupstream: mcp\n"
        (connectors / f"{HANGING}.yaml").write_text(f"{text}url: {self.hanging.url}/mcp\nauth: [{{kind: none}}]\n")
        self.ports[HANGING] = self.hanging.port
        allow = [f'"{host}:{port}"' for port in self.ports.values() for host in ("127.0.0.1", "localhost")]
        (data / "valetkey.toml").write_text(f"[outbound]\nallow = [{', '.join(allow)}]\n")
        self.server = Server(data, "serve", ("--connectors", str(connectors)))

    def run(self, name, **more):
        env = {"PATH": "/usr/bin:/bin", "PORT": str(self.ports[name]), "HOME": str(self.folder)}
        env |= {"MCP_PORT": str(self.ports[name]), "MCP_AUTH_PORT": str(self.ports["tsdemo_auth"])}
        log = (self.folder / f"{name}.log").open("w")
        env |= more
        process = subprocess.Popen(self.commands[name], stdout=log, stderr=log, env=env)
        self.processes.append(process)
        return process

    def start(self):
        for name in KINDS:
            self.run(name)
        for name in KINDS:
            self.answers(name)
        self.server.start()
        for name in [*KINDS, HANGING]:
            self.server.cli("connection", "create", name, "--name", name.upper())
        return self

    def again(self, name, **more):
        """The server started anew, with these variables in its environment."""
        at = list(self.commands).index(name)
        self.processes[at].kill()
        self.processes[at].wait(10)
        self.run(name, **more)
        self.processes[at] = self.processes.pop()
        self.answers(name)

    def answers(self, name):
        host = "localhost" if name == "tsdemo" else "127.0.0.1"
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://{host}:{self.ports[name]}/nowhere", timeout=5)
            except urllib.error.HTTPError:
                return
            except OSError:
                assert time.monotonic() < end, (self.folder / f"{name}.log").read_text()
                time.sleep(0.1)
            else:
                return

    def wire(self, user, *names, tools=None):
        """The user's instance with these connections."""
        mappings = [{"connection_name": name.upper(), "tools": tools or []} for name in names]
        instance = self.server.instance(user, "-".join([*names, "few" if tools else "all"]), mappings)
        wire = Wire(instance["url"])
        wire.links = {
            name: entry["authentication_link"] for name, entry in self.server.links(instance).items()
            if entry["connected_account_status"] != "ACTIVE"
        }
        return wire

    def connected(self, user, *names, tools=None, **fields):
        """The same with every connection signed in."""
        wire = self.wire(user, *names, tools=tools)
        for link in wire.links.values():
            walker = Walker().open(link)
            asked = {name: value for name, value in fields.items() if f"name=\"field.{name}\"" in walker.text}
            walker.submit("continue", **{f"field.{name}": value for name, value in asked.items()})
            assert walker.status == 200 and "is connected" in walker.text, (walker.status, walker.passed, walker.text)
        return wire

    def stop(self):
        self.server.stop()
        self.hanging.stop()
        for process in self.processes:
            process.kill()
            process.wait(10)
