"""Bytes as no honest client sends them, at both protocols: smuggled requests, floods, and clients that only wait."""

import re
import socket
import time
from pathlib import Path

import pytest

from kit import scripts
from kit.collector import until
from kit.server import Server

pytestmark = pytest.mark.waits


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that loses patience soon."""
    server = Server(tmp_path_factory.mktemp("wire") / "data", command="serve")
    server.data.mkdir(mode=0o700)
    limits = "head_seconds = 2\nbody_seconds = 2\nwrite_seconds = 2\nconnections = 64\n"
    (server.data / "valetkey.toml").write_text(f"[limits]\n{limits}")
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def still_serving(server):
    """Whatever a test does, the next client is served and memory stays what it was."""
    before = memory(server)
    yield
    assert server.answer("GET", "/keys")[0] == 200
    assert memory(server) - before < 100 * 1024


def memory(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def exchange(server, sent, timeout=30):
    """What comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.http), timeout=timeout) as one:
        received = b""
        try:
            one.sendall(sent)
            while piece := one.recv(65536):
                received += piece
        except ConnectionError:
            pass
        return received


def statuses(received):
    return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3})", received, re.MULTILINE)]


# Attack 39: a request within a request. `HIDDEN` is what a proxy would take for a body.

HIDDEN = b"GET /keys HTTP/1.1\r\nhost: localhost:%d\r\nconnection: close\r\n\r\n"
HEAD = b"POST /openapi.json HTTP/1.1\r\nhost: localhost:%d\r\n"

SMUGGLED = {
    "length and chunks": b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"content-length: 0\r\ncontent-length: 60\r\n\r\n",
    "two lengths in one": b"content-length: 0, 60\r\n\r\n",
    "a length with a sign": b"content-length: +0\r\n\r\n",
    "a negative length": b"content-length: -1\r\n\r\n",
    "a length in hex": b"content-length: 0x0\r\n\r\n",
    "a length that overflows": b"content-length: 18446744073709551616\r\n\r\n",
    "an unknown coding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": b"transfer-encoding: identity\r\ntransfer-encoding: chunked\r\ncontent-length: 60\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare CR": b"x: a\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL in a header": b"x: a\x00b\r\n\r\n",
    "a chunk size that overflows": b"transfer-encoding: chunked\r\n\r\n10000000000000000\r\n",
    "a negative chunk": b"transfer-encoding: chunked\r\n\r\n-1\r\n",
    "a chunk without its end": b"transfer-encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n",
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_attack_39_no_request_is_found_within_another(server, how):
    port = server.http
    received = exchange(server, HEAD % port + SMUGGLED[how] + HIDDEN % port)
    assert b'"keys"' not in received, f"the hidden request was answered: {received[:600]!r}"
    assert len(statuses(received)) <= 1, statuses(received)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /keys HTTP/1.1\r\n\r\n",
        b"GET /keys HTTP/1.1\r\nhost: localhost:%d\r\nhost: evil.example\r\n\r\n",
        b"GET http://evil.example/keys HTTP/1.1\r\nhost: localhost:%d\r\n\r\n",
        b"GET /keys HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost:%d\r\n\r\n",
        b"GET /keys\r\n\r\n",
        b"GET /keys HTTP/9.9\r\nhost: localhost:%d\r\n\r\n",
        b"GET /ke\nys HTTP/1.1\r\nhost: localhost:%d\r\n\r\n",
        b"CONNECT localhost:%d HTTP/1.1\r\nhost: localhost:%d\r\n\r\n",
    ],
)
def test_attack_39_a_head_that_can_be_read_in_two_ways_gets_nothing(server, head):
    port = server.http
    received = exchange(server, head.replace(b"%d", str(port).encode()))
    assert b'"keys"' not in received and all(status >= 400 for status in statuses(received)), received[:300]


# Attack 53: clients that only wait.


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /keys HTTP/1.1\r\nhost: ",
        b"PRI * HTTP/2.0\r\n",
        b"POST /oauth/token HTTP/1.1\r\nhost: localhost:%d\r\ncontent-length: 100\r\n\r\ngrant",
        b"POST /mcp/v1/vkm_x HTTP/1.1\r\nhost: localhost:%d\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
    ids=["nothing", "half a head", "half a preface", "half a form", "half a message"],
)
def test_attack_53_who_begins_and_waits_is_given_up(server, begun):
    received = exchange(server, begun.replace(b"%d", str(server.http).encode()))
    assert all(status >= 400 for status in statuses(received)), received[:300]


def test_attack_53_heads_that_come_drop_by_drop_are_given_up(server):
    with socket.create_connection(("127.0.0.1", server.http), timeout=30) as one:
        one.sendall(b"GET /keys HTTP/1.1\r\n")
        with pytest.raises(OSError):
            for _ in range(300):
                one.sendall(b"x: y\r\n")
                time.sleep(0.1)


def test_attack_53_a_client_that_reads_nothing_is_cut_off(server):
    """Pipelined requests, so that the answers are longer than what the system takes in its place."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(30)
        one.connect(("127.0.0.1", server.http))
        wanted = b"GET /openapi.json HTTP/1.1\r\nhost: localhost:%d\r\n\r\n" % server.http
        with pytest.raises(ConnectionError):
            while True:
                one.sendall(wanted * 50)


def test_attack_53_more_connections_than_seats_wait_and_those_who_do_nothing_make_room(server):
    idle = [socket.create_connection(("127.0.0.1", server.http), timeout=30) for _ in range(64)]
    try:
        assert server.answer("GET", "/keys")[0] == 200, "the idle ones were not given up"
    finally:
        for one in idle:
            one.close()


# HTTP/2: floods.


@pytest.mark.parametrize(
    ("attack", "goaway"),
    [
        ("rapid_reset", 11), ("settings_flood", None), ("ping_flood", None), ("continuation_flood", None),
        ("shut_window", None), ("zero_increments", None),
    ],
)
def test_attack_53_a_flood_of_frames_ends_its_connection_and_no_other(server, attack, goaway):
    told = scripts.run("h2_attacks.py", asked={"port": server.http, "attack": attack}, environment="otel")
    assert told["closed"], told
    if goaway is not None:
        assert told["goaway"] == goaway, "ENHANCE_YOUR_CALM"


def test_attack_53_streams_beyond_the_limit_of_a_connection_are_refused(server):
    told = scripts.run("h2_attacks.py", asked={"port": server.http, "attack": "too_many_streams"}, environment="otel")
    assert told["sent"] > 128
    until(lambda: server.answer("GET", "/keys")[0] == 200)
