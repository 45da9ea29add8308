"""A remote MCP server whose every answer a test writes itself, and a server of ours with connections to some."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .mcp import MODERN, Wire
from .server import Server
from .walker import Walker


# Between two parts of an answer, so that they arrive one after the other.
PAUSE = 0.1


class Scripted:
    """A server of the modern era. `tools` are listed; `calls` has, by a tool's name, what makes the answer to a call of it: a
    result, or a status with headers and all that is sent, part after part."""

    def __init__(self, tools, calls):
        self.tools, self.calls, self.seen = tools, calls, []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, headers, parts = scripted.answer(asked)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(sum(map(len, parts)))}.items():
                    self.send_header(name, value)
                self.end_headers()
                for part in parts:
                    self.wfile.write(part)
                    time.sleep(PAUSE if len(parts) > 1 else 0)

        class Listening(ThreadingHTTPServer):
            request_queue_size = 512
            daemon_threads = True

        self.listening = Listening(("127.0.0.1", 0), Handler)
        self.port = self.listening.server_address[1]
        threading.Thread(target=self.listening.serve_forever, daemon=True).start()

    def answer(self, asked):
        self.seen.append(asked["method"])
        match asked["method"]:
            case "server/discover":
                result = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
            case "tools/list":
                result = {"tools": self.tools}
            case _:
                result = self.calls[asked["params"]["name"]](asked)
        if isinstance(result, tuple):
            return result
        return 200, {}, [json.dumps(whole(asked, result={"resultType": "complete", **result})).encode()]

    def stop(self):
        self.listening.shutdown()
        self.listening.server_close()


def whole(asked, **part):
    """A message in answer to another."""
    return {"jsonrpc": "2.0", "id": asked.get("id"), **part}


def plain(name, **more):
    return {"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}, **more}


class Scene:
    """A server of ours with a connection to each, without sign-in, called by its name in capitals."""

    def __init__(self, folder, **servers):
        self.servers = servers
        (folder / "data").mkdir()
        (folder / "connectors").mkdir()
        for name, server in servers.items():
            text = f"connector: {name}\ndisplay_name: {name.title()}\nupstream: mcp\nauth: [{{kind: none}}]\n"
            (folder / "connectors" / f"{name}.yaml").write_text(f"{text}url: http://{self.host(name)}:{server.port}/mcp\n")
        allow = ", ".join(f'"{self.host(name)}:{server.port}"' for name, server in servers.items())
        (folder / "data" / "valetkey.toml").write_text(f"[outbound]\nallow = [{allow}]\n")
        self.server = Server(folder / "data", "serve", ("--connectors", str(folder / "connectors")))

    def host(self, name):
        """Two that are on one machine are at two hosts all the same."""
        return ("127.0.0.1", "localhost")[list(self.servers).index(name)]

    def start(self):
        self.server.start()
        for name in self.servers:
            self.server.cli("connection", "create", name, "--name", name.upper())
        return self

    def wire(self, user, name):
        """A wire to a user's instance on one of them, signed in."""
        instance = self.server.instance(user, f"on-{name}", [{"connection_name": name.upper(), "tools": []}])
        (entry,) = self.server.links(instance).values()
        Walker().open(entry["authentication_link"]).submit("continue")
        return Wire(instance["url"])

    def stop(self):
        self.server.stop()
        for server in self.servers.values():
            server.stop()
