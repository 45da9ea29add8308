"""Attack 78 from outside: clients that ask for long answers and don't read them. The process holds no more than its budget
says, others are served, and who doesn't read is let go."""

import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kit.collector import until
from kit.mcp import Wire, request
from kit.metrics import metrics, value
from kit.server import Server
from kit.walker import Walker

pytestmark = pytest.mark.waits

MIB = 1 << 20
TEXT = "x" * (4 * MIB)
# Who waits for room gives up before who doesn't read is let go.
LIMITS = f"""
[limits]
bytes_in_flight = {256 * MIB}
bytes_in_flight_per_environment = {128 * MIB}
write_seconds = 15
mcp_seconds = 12
"""
TOOL = {"name": "tell", "inputSchema": {"type": "object", "properties": {"short": {"type": "boolean"}}}}


class LongWinded(BaseHTTPRequestHandler):
    """A remote MCP server with one tool, whose result has four megabytes unless it is to be short."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        params, answer = asked.get("params", {}), {"jsonrpc": "2.0", "id": asked.get("id")}
        match asked["method"]:
            case "initialize":
                version = params["protocolVersion"]
                answer["result"] = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "l", "version": "1"}}
            case "tools/list":
                answer["result"] = {"tools": [TOOL]}
            case "tools/call":
                text = "ok" if params["arguments"].get("short") else TEXT
                answer["result"] = {"content": [{"type": "text", "text": text}]}
            case _:
                answer["error"] = {"code": -32601, "message": "no such method"}
        body = json.dumps(answer).encode() if "id" in asked else b""
        self.send_response(200 if body else 202)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # Its caller gave up.

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A server with a connection to that one in two environments."""
    app = ThreadingHTTPServer(("127.0.0.1", 0), LongWinded)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("unread")
    (folder / "data").mkdir(mode=0o700)
    (folder / "connectors").mkdir()
    text = f"connector: long\ndisplay_name: Long\nupstream: mcp\nurl: http://127.0.0.1:{app.server_port}/mcp\n"
    (folder / "connectors" / "long.yaml").write_text(f"{text}auth: [{{kind: none}}]\n")
    (folder / "data" / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.server_port}"]\n{LIMITS}')
    server = Server(folder / "data", "serve", ("--connectors", str(folder / "connectors"))).start()
    try:
        server.cli("environment", "create", "other")
        for environment in ("development", "other"):
            server.cli("connection", "create", "long", "--name", "LONG", "--environment", environment)
            server.cli("config", "create", "long", "--connection", "LONG", "--environment", environment)
        yield server
    finally:
        server.stop()
        app.shutdown()


def connected(server, user, environment="development"):
    """The wire to that user's instance, signed in."""
    cli = lambda *arguments: server.cli_json("instance", *arguments, "--environment", environment)
    (made,) = cli("ensure", "long", user)
    (entry,) = cli("auth", made["id"])
    if entry.get("link"):
        Walker().open(entry["link"]).submit("continue")
    return Wire(made["url"])


def tell(wire, **arguments):
    """A call of the tool, by the name that it has here."""
    (name,) = [name for name in wire.tools() if name.endswith("tell")]
    failed, text = wire.call(name, **arguments)
    assert not failed, text[:300]
    return text


@contextmanager
def unread(wires, count):
    """So many calls of each, on sockets that take next to nothing and are not read."""
    sockets = []
    try:
        for wire in wires:
            for number in range(count):
                one = socket.socket()
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.connect((wire.parts.hostname, wire.parts.port))
                body = json.dumps(request("tools/call", {"name": "long_tell", "arguments": {}}, number))
                head = f"POST {wire.parts.path} HTTP/1.1\r\nhost: {wire.parts.netloc}\r\naccept: application/json\r\n"
                one.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
                sockets.append(one)
        yield sockets
    finally:
        for one in sockets:
            one.close()


def resident(server):
    """What the process holds, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def taken(server):
    """How many bytes of its budget are taken."""
    return value(metrics(server), "valetkey_in_flight", limit="bytes_in_flight")


def refused(server):
    return value(metrics(server), "valetkey_refusals_total", limit="bytes_in_flight_per_environment")


def test_attack_78_answers_that_nobody_reads_stay_within_the_budget_and_keep_nobody_waiting(there):
    server = there
    wires = [connected(server, f"user-{number}") for number in range(8)]
    neighbour = connected(server, "neighbour", "other")
    assert TEXT in tell(wires[0])
    before, most, slowest = resident(server), 0, 0.0
    with unread(wires, 10) as sockets:
        end = time.monotonic() + 13
        while time.monotonic() < end:
            for look in (server.answers, lambda: tell(neighbour, short=True)):
                begun = time.monotonic()
                assert look()
                slowest = max(slowest, time.monotonic() - begun)
            most = max(most, resident(server))
            time.sleep(0.1)
        # There was no room for all, and those who waited are told so when their time is over.
        until(lambda: refused(server) > 0, 40)
        # Nobody took a byte more than the system keeps, and all are let go.
        until(lambda: taken(server) == 0, 90)
        received = [all_of(one) for one in sockets]
    told = [text for text in received if b"(bytes_in_flight_per_environment)" in text]
    assert told and all(b"don't repeat the call" in text or b"before trying again" in text for text in told), told[:1]
    cut_off = [text for text in received if 10_000 < len(text) < len(TEXT)]
    assert cut_off, f"whoever did not read is served still: {sorted(map(len, received))}"
    # Far more than it takes, for a machine that is slow; a process that answers nobody takes longer.
    assert slowest < 15, f"others waited for {slowest} s"
    # Without a budget for what is given it is 290; what the allocator keeps of it differs from run to run.
    assert most - before < 220 * MIB, f"{(most - before) // MIB} MiB for answers that nobody reads"
    assert TEXT in tell(wires[0])


def all_of(one):
    """What comes on a socket within a moment, or until it ends."""
    one.settimeout(1)
    received = b""
    try:
        while more := one.recv(1 << 20):
            received += more
    except OSError:
        pass
    return received


def test_attack_78_who_hangs_up_gives_its_room_back(there):
    wire = connected(there, "user-0")
    with unread([wire], 2):
        until(lambda: taken(there) >= 2 * len(TEXT), 20)
    until(lambda: taken(there) == 0, 20)
