"""Every tool of the catalogue on the wire, its user signed in: bad arguments are refused before anything leaves, what means ill
stays in its place, and what a tool costs in a model's context is what `tool list --weight` says."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kit.catalogue import every_tool, golden
from kit.mcp import Wire
from kit.server import Server

# Of the form that GitHub has, which a typed token is held to.
TOKEN = "ghp_thisIsTheOneThatWorks0123456789"
# It climbs, begins another header and another request, is a template, and names another host.
HOSTILE = "../../x\r\nX-Evil: 1\r\n\r\n{{ input }} https://evil.test/?y#z @evil.test:80"
WHO = b'{"id": 1, "login": "ann"}'
# Of everything that is wrong the first ten are told; two may be about one argument.
TOLD = 10


class App:
    """Answers everything with who signed in, and remembers what came."""

    def __init__(self):
        self.came = []
        app = self

        class Door(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                app.came.append((self.command, self.path, {name.lower() for name in self.headers}, self.headers.get("host")))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(WHO)))
                self.end_headers()
                self.wfile.write(WHO)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.place = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A demo whose connections all lead to one app, with the wire to every tool and the tools as they are listed."""
    app = App()
    data = tmp_path_factory.mktemp("every") / "data"
    data.mkdir(mode=0o700)
    (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["{app.place}"]\n')
    server = Server(data).start()

    def connect(connector, connection):
        given = {"oauth_token": {"access_token": TOKEN, "refresh_token": "", "scopes": []}}
        if connector == "githubpat":
            given = {"static_auth": {"details": {"token": TOKEN}}}
        owner = {"connector": connection, "identifier": "ann", "connected_account": {"authorization_details": given}}
        server.api("POST", "/api/v1/connected_accounts", owner)

    try:
        url, tools = every_tool(server, "ann", ["--api-base-url", f"http://{app.place}"], connect)
        app.came.clear()
        yield server, app, Wire(url), tools
    finally:
        server.stop()
        app.server.shutdown()


def wrong(schema):
    """A value of another type."""
    if schema["type"] == "array":
        return ["no object"] if schema["items"]["type"] == "object" else [{"x": 1}]
    return {"string": {"x": 1}, "object": "no object"}.get(schema["type"], "neither one nor the other")


def test_bad_arguments_are_refused_by_name_and_nothing_leaves(there):
    _, app, wire, tools = there
    looked = 0
    for name, tool in tools.items():
        schema, good = tool["inputSchema"], golden(name)
        required = schema.get("required", [])
        arguments = schema["properties"]
        refused = [({**good, "no_such_argument": "x"}, ["`no_such_argument`"])]
        if required:
            refused.append(({}, [f"`{argument}`" for argument in required]))
        if arguments:
            refused.append(({one: wrong(described) for one, described in arguments.items()}, []))
        for given, named in refused:
            said = wire.refused(name, **given)
            assert all(one in said for one in named[:TOLD]) and "/connect/" not in said, (name, given, said)
            told = [argument for argument in arguments if f"`{argument}" in said]
            assert named or len(told) >= min(TOLD // 2, len(arguments)), (name, said)
            looked += 1
    assert looked > 2 * len(tools) and not app.came, app.came[:3]


def test_what_means_ill_stays_in_its_place(there):
    _, app, wire, tools = there
    refused = 0
    for name, tool in tools.items():
        texts = {one: HOSTILE for one, schema in tool["inputSchema"]["properties"].items() if schema["type"] == "string" and "enum" not in schema}
        failed, said = wire.call(name, **{**golden(name), **texts})
        assert "/connect/" not in said, (name, said)
        refused += failed
    assert refused > 400, refused
    assert len(app.came) > 50, "free text is the app's to read"
    for method, path, headers, host in app.came:
        assert host == app.place and path.startswith("/") and "x-evil" not in headers, (method, path)
        assert not {".", ".."} & set(path.split("?")[0].split("/")), (method, path)


def test_the_weight_is_that_of_what_is_listed(there):
    server, _, _, tools = there
    rows = {row["tool"]: row for row in server.cli_json("tool", "list", "--weight")}
    weights = {}
    for name, tool in tools.items():
        shown = {key: tool[key] for key in ("name", "description", "inputSchema")}
        weights[name] = len(json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode())
    assert {name: row["bytes"] for name, row in rows.items()} == weights
    assert all(row["tokens"] == -(-row["bytes"] // 4) for row in rows.values())
    slack = {name: weight for name, weight in weights.items() if name.startswith("slack_")}
    done = server.cli("tool", "list", "slack", "--weight")
    note = f"{len(slack)} tools: {sum(slack.values())} bytes, about {-(-sum(slack.values()) // 4)} tokens"
    assert note in done.stdout + done.stderr, done.stderr[-300:]
    # Which the check of the shipped files holds, too.
    assert max(weights.values()) <= 4_100, max(weights, key=weights.get)
