"""Remote MCP servers that ask their users, by the protocol's own SDKs, and a server of ours with a connection to each."""

import json
import subprocess
import time
import urllib.error
import urllib.request

from . import ports
from .mcp import Wire
from .node import placed
from .places import NODE, SCRIPTS, python
from .server import Server, clean_environment
from .walker import Walker

PATHS = {"python": "/mcp", "typescript": "/"}


class Asking:
    """The servers, and ours, with a config over both that passes questions on and one that does not."""

    def __init__(self, folder):
        self.ports = dict(zip(PATHS, ports.free(len(PATHS))))
        commands = {
            "python": [python("mcp2"), SCRIPTS / "asking_upstream.py", self.ports["python"]],
            "typescript": [NODE, placed("asking.mjs"), self.ports["typescript"]],
        }
        (folder / "connectors").mkdir()
        for name, path in PATHS.items():
            text = f"connector: {name}\ndisplay_name: {name.title()} asks\nupstream: mcp\n"
            text += f"url: http://127.0.0.1:{self.ports[name]}{path}\nauth: [{{kind: none}}]\n"
            (folder / "connectors" / f"{name}.yaml").write_text(text)
        (folder / "data").mkdir()
        allow = ", ".join(f'"127.0.0.1:{port}"' for port in self.ports.values())
        (folder / "data" / "valetkey.toml").write_text(f"[outbound]\nallow = [{allow}]\n")
        self.server = Server(folder / "data", "serve", ("--connectors", str(folder / "connectors")))
        self.processes = []
        for name, command in commands.items():
            log = (folder / f"{name}.log").open("w")
            self.processes.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=clean_environment()))

    def start(self):
        for name, port in self.ports.items():
            end = time.monotonic() + 60
            while not there(port):
                assert time.monotonic() < end, name
                time.sleep(0.1)
        self.server.start()
        for name in PATHS:
            self.server.cli("connection", "create", name, "--name", name.upper())
        return self

    def url(self, user, config, questions=True):
        """The URL of a user's instance of a config, with every connection signed in."""
        instance = self.server.instance(user, config, [{"connection_name": name.upper(), "tools": []} for name in PATHS])
        (found,) = self.server.cli_json("config", "get", config)
        if found["questions"] != questions:
            self.server.cli("config", "set", config, "--questions", str(questions).lower())
        for entry in self.server.links(instance).values():
            if entry["connected_account_status"] != "ACTIVE":
                Walker().open(entry["authentication_link"]).submit("continue")
        return instance["url"]

    def wire(self, user, config, questions=True):
        return Wire(self.url(user, config, questions))

    def stop(self):
        self.server.stop()
        for process in self.processes:
            process.kill()
            process.wait(10)


def there(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/nowhere", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def answered(url, tool, arguments, *answers):
    """What one call by the protocol's own Python client came to, whose user answers so."""
    command = [str(python("mcp2")), str(SCRIPTS / "answering.py"), url, tool, json.dumps(arguments), json.dumps(answers)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
