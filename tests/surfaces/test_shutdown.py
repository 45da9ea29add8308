"""Told to stop while calls are in flight: what has begun ends and is recorded, nothing new is taken, and who looks
after the machine is told so from the first moment to the last."""

import json
import signal
import socket
import threading
import urllib.error
import urllib.request

import pytest

from kit import ports
from kit.collector import until
from kit.connected import connected
from kit.elsewhere import Elsewhere
from kit.hanging import hanging

LIST, SEND = "gmail.users.messages.list", "gmail.users.messages.send"
MAIL = {"to": "b@example.com", "subject": "s", "body": "b"}


class Call:
    """A tool call in a thread of its own."""

    def __init__(self, wire, tool, **arguments):
        self.said = self.lost = None

        def work():
            try:
                self.said = wire.call(tool, **arguments)
            except Exception as why:  # noqa: BLE001
                self.lost = why

        self.thread = threading.Thread(target=work)
        self.thread.start()

    def end(self):
        self.thread.join(timeout=60)
        assert not self.thread.is_alive()
        return self.said


@pytest.fixture
def stopping(fresh):
    """A demo with a listener for operations, a wire, and a way to begin calls that take long."""

    def start(text=""):
        (operations,) = ports.free(1)
        server = fresh()
        server.data.mkdir(mode=0o700)
        (server.data / "valetkey.toml").write_text(f'operations = "127.0.0.1:{operations}"\n{text}')
        server.start()
        wire = connected(server, "ann")
        server.operations = operations

        def begin(millis, route, tool, **arguments):
            server.control("POST", "/faults", {"route": route, "fault": {"kind": "slow", "millis": millis}}, None)
            call = Call(wire, tool, **arguments)
            # A fault that is no longer listed has met its request.
            until(lambda: server.control("GET", "/faults")["faults"] == [])
            assert 'valetkey_in_flight{limit="in_flight"} 1' in operations_say(server, "/metrics")[1]
            return call

        return server, begin

    return start


def operations_say(server, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.operations}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def takes_connections(server):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", server.http)) == 0


def records(server, *where, **wanted):
    found = server.cli_json("logs", "list", "--limit", "1000", *where)
    return [one for one in found if all(one[key] == value for key, value in wanted.items())]


def test_a_call_in_flight_ends_and_is_recorded_and_nothing_new_is_taken(stopping):
    server, begin = stopping()
    call = begin(3_000, SEND, "gmail_send_message", **MAIL)
    server.process.send_signal(signal.SIGTERM)
    until(lambda: operations_say(server, "/readyz")[0] == 503)
    assert "server: is stopping" in operations_say(server, "/readyz")[1]
    assert operations_say(server, "/healthz") == (200, "ok\n")
    until(lambda: not takes_connections(server))
    assert call.said is None, "it ended before the server was told to stop"
    failed, text = call.end()
    assert not failed and json.loads(text)["id"]
    assert server.process.wait(timeout=30) == 0
    (outcome,) = records(server, action="tool.call", phase="outcome")[-1:]
    assert '"outcome":"ok"' in outcome["detail"] or "'outcome': 'ok'" in str(outcome["detail"])


def test_a_call_that_does_not_end_is_cut_off_after_its_time(stopping):
    with hanging() as app:
        short = "[limits]\ndrain_seconds = 1\neffects_seconds = 1\n"
        server, _ = stopping(f'{short}[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
        wire = Elsewhere(server, "elsewhere", app.url, "gmail_send_message").connected("ann")
        call = Call(wire, "gmail_send_message", **MAIL)
        until(lambda: app.held)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
    assert call.end() is None and call.lost is not None
    assert "connections were cut off at shutdown" in server.words()
    assert "effects were still under way" in server.words()
    where = ("--environment", "elsewhere")
    intents = {one["subject"] for one in records(server, *where, action="tool.call", phase="intent")}
    outcomes = {one["subject"] for one in records(server, *where, action="tool.call", phase="outcome")}
    assert len(intents - outcomes) == 1, "what is not known is said to be"


def test_a_second_signal_ends_at_once_and_loses_nothing_that_was_acknowledged(stopping):
    server, begin = stopping()
    begin(60_000, LIST, "gmail_fetch_mails", max_results=1)
    server.process.send_signal(signal.SIGINT)
    until(lambda: operations_say(server, "/readyz")[0] == 503)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=15) == 1
    assert "stopped at once, as asked twice" in server.words()
    server.start()
    assert not connected(server, "ann").call("gmail_fetch_mails", max_results=1)[0]
