"""Limits, reached from outside: each has its name in the answer and in the metrics, and none is anybody else's."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.collector import until
from kit.connected import connected
from kit.elsewhere import Elsewhere
from kit.hanging import hanging
from kit.mcp import Wire, request
from kit.sdks import OLDEST, SDKS, called
from kit.server import Server

pytestmark = pytest.mark.waits

LIMITS = """
[limits]
in_flight = 60
in_flight_per_environment = 12
in_flight_per_account = 4
in_flight_per_host = 6
host_wait_seconds = 2
first_byte_seconds = 6
idle_seconds = 2
connect_seconds = 2
mcp_seconds = 20
mcp_body_bytes = 65536
api_body_bytes = 16384
answer_bytes = 100000
"""


def allowing(server, apps, text=""):
    """The server with these settings, and these apps of the test's allowed."""
    server.data.mkdir(mode=0o700)
    allow = ", ".join(f'"127.0.0.1:{app.port}"' for app in apps)
    (server.data / "valetkey.toml").write_text(f"[outbound]\nallow = [{allow}]\n{text}")
    return server.start()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A demo with small limits, an app that never answers, and one that begins to answer and stops."""
    half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{"
    with hanging() as silent, hanging(half) as stopping:
        server = Server(tmp_path_factory.mktemp("limits") / "data")
        allowing(server, [silent, stopping], LIMITS)
        try:
            yield server, silent, stopping
        finally:
            server.stop()


def refusals(server, limit):
    text = server.answer("GET", "/metrics")[1]
    found = re.search(rf'^valetkey_refusals_total{{limit="{limit}"}} (\d+)', text, re.MULTILINE)
    return int(found[1]) if found else 0


def in_flight(server, limit="in_flight"):
    text = server.answer("GET", "/metrics")[1]
    return int(re.search(rf'^valetkey_in_flight{{limit="{limit}"}} (\d+)', text, re.MULTILINE)[1])


def fetch(wire):
    return wire.call("gmail_fetch_mails", max_results=1)


def test_attack_74_an_environment_that_floods_a_dead_app_slows_no_other_down(small):
    """Eighty calls of twenty users at an app that never answers, where twelve may be in flight and six of them at one app: those
    that wait for the app take no place of their environment, and another environment's user goes on all the while."""
    server, silent, _ = small
    neighbour = connected(server, "neighbour")
    flood = Elsewhere(server, "flooding", silent.url)
    wires = [flood.connected(f"user-{number}") for number in range(20)]
    with ThreadPoolExecutor(80) as pool:
        calls = [pool.submit(fetch, wire) for wire in wires for _ in range(4)]
        until(lambda: in_flight(server, "in_flight_per_host") == 6)
        assert in_flight(server, "in_flight_per_environment") <= 6
        said = []
        while not all(call.done() for call in calls):
            failed, text = fetch(neighbour)
            assert not failed, text
            said.append(text)
        assert len(said) > 3, "the neighbour was not served meanwhile"
        words = [call.result() for call in calls]
    assert all(failed for failed, _ in words)
    assert silent.most <= 6, f"{silent.most} requests were at the host at once"
    assert any("in_flight_per_host" in text for _, text in words), words[:3]
    assert not any("in_flight_per_environment" in text for _, text in words), "its other apps had their places"
    assert refusals(server, "in_flight_per_host") > 0
    until(lambda: in_flight(server) == 0)
    assert not fetch(neighbour)[0]


def test_one_account_is_told_which_limit_it_has_reached(small):
    server, silent, _ = small
    wire = Elsewhere(server, "one-account", silent.url).connected("ann")
    with ThreadPoolExecutor(22) as pool:
        said = [call.result() for call in [pool.submit(fetch, wire) for _ in range(22)]]
    busy = [text for failed, text in said if "in_flight_per_account" in text and "4 times as many wait" in text]
    assert len(busy) == 2 and "4 calls are in flight for this account" in busy[0] and "try again" in busy[0]


def test_an_sdk_is_told_which_limit_it_has_reached_and_its_call_is_not_made(small):
    server, silent, _ = small
    there = Elsewhere(server, "sdks-at-a-limit", silent.url)
    wire, env = there.connected("ann"), there.sdk_env()
    (account,) = there.cli("account", "list")
    with ThreadPoolExecutor(20 + len(SDKS)) as pool:
        calls = [pool.submit(fetch, wire) for _ in range(20)]
        until(lambda: in_flight(server, "in_flight_per_account") == 4)
        tried = [pool.submit(called, env, sdk, account["id"], "gmail_get_message_by_id", {"message_id": "by-sdk"}) for sdk in SDKS]
        said = dict(zip(SDKS, [one.result() for one in tried]))
        assert all(call.result()[0] for call in calls)
    for sdk, raised in said.items():
        kind = "ScalekitBadRequestException" if sdk in OLDEST else "ScalekitToolRateLimitException"
        assert (raised["class"], raised["code"]) == (kind, "TOOL_ERROR"), raised
        assert "4 calls are in flight for this account, which is the limit (in_flight_per_account)" in raised["text"]
    assert not [one for one in silent.taken if b"by-sdk" in one]
    assert [one for one in silent.taken if b"/messages" in one], "the others came"


def test_attack_53_an_app_that_stops_in_its_answer_costs_its_limit(small):
    server, _, stopping = small
    wire = Elsewhere(server, "stopping", stopping.url).connected("ann")
    failed, text = fetch(wire)
    assert failed and "gave no whole answer within 2 s" in text, text


def test_bodies_beyond_their_limits_are_refused_and_counted(small):
    server, *_ = small
    wire = connected(server, "bodies")
    before = refusals(server, "mcp_body_bytes"), refusals(server, "api_body_bytes")
    answer = wire.post({**request("tools/list"), "padding": "x" * 70_000})
    assert answer.status == 413 and "65536 bytes" in answer.body.decode()
    token = server.token()
    status, text = server.answer("POST", "/api/v1/mcp/configs", {"name": "x" * 20_000}, token)
    assert status == 413 and "16384 bytes" in text
    assert refusals(server, "mcp_body_bytes") == before[0] + 1
    assert refusals(server, "api_body_bytes") == before[1] + 1
    status, text = server.answer("POST", "/oauth/token", b"grant_type=" + b"x" * 20_000, headers=FORM.items())
    assert (status, json.loads(text)["error"]) == (400, "invalid_request")


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("text", ["in_flight = 0", "api_body_bytes = 3", "idle_seconds = 99999", "in_flght = 3"])
def test_a_limit_that_protects_nothing_or_is_misspelt_is_refused(fresh, text):
    server = fresh(command="serve")
    server.data.mkdir(mode=0o700)
    (server.data / "valetkey.toml").write_text(f"[limits]\n{text}\n")
    assert text.split(" ")[0] in server.refusal()


# Attack 52: what is small to send and large to hold.


def memory(server):
    """The most that the server has held, in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


BOMBS = {
    "deep arrays": b"[" * 500_000,
    "deep objects": b'{"a":' * 300_000,
    "a huge list": b"[" + b"0," * 1_000_000 + b"0]",
    "a huge number": b'{"page_size": ' + b"9" * 500_000 + b"}",
    "invalid UTF-8": b'{"name": "\xff\xfe\xf0\x28"}',
    "an unpaired surrogate": rb'{"name": "\ud800"}',
    "a repeated member": b'{"name": "a", "name": "b"}',
    "a thousand repeated members": b"{" + b'"name": "a",' * 1_000 + b'"name": "b"}',
    "many members": b"{" + b",".join(b'"k%d": 1' % number for number in range(60_000)) + b"}",
    "NUL": b"\x00" * 1_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_attack_52_a_bomb_is_refused_on_every_wire_and_costs_no_memory(demo, bomb):
    wire = connected(demo, "bombs")
    token = demo.token()
    before = memory(demo)
    arguments = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gmail_fetch_mails","arguments":%s}}'
    answers = [
        demo.answer("POST", "/api/v1/mcp/configs", BOMBS[bomb], token),
        demo.answer("PUT", "/api/v1/mcp/configs/cfg_1", BOMBS[bomb], token),
    ]
    kind = {"Content-Type": "application/json", "Accept": "application/json"}
    for body in (BOMBS[bomb], arguments % BOMBS[bomb]):
        answer = wire.raw("POST", body, kind)
        answers.append((answer.status, answer.body.decode(errors="replace")))
    for status, text in answers:
        refused = 400 <= status < 500 or '"error"' in text or '"isError":true' in text
        assert refused and status < 500, (bomb, status, text[:300])
    assert memory(demo) - before < 100 * 1024, "a bomb took more than 100 MiB"
    assert demo.answer("GET", "/readyz")[0] == 200


def test_attack_52_a_hundred_megabytes_are_not_read(demo):
    wire = connected(demo, "megabytes")
    before = memory(demo)
    for path, headers in (
        (wire.parts.path, {"Content-Type": "application/json"}),
        ("/api/v1/mcp/configs", {"authorization": f"Bearer {demo.token()}", "content-type": "application/json"}),
        ("/oauth/token", FORM),
        ("/connect/abc", FORM),
    ):
        try:
            status = Wire(f"{demo.url}{path}").raw("POST", b" " * 100_000_000, headers).status
        except OSError:
            # It answered and hung up while the rest was still being sent.
            continue
        assert status in (400, 403, 413), path
    assert memory(demo) - before < 100 * 1024, "it was read into memory"
    assert demo.answer("GET", "/readyz")[0] == 200


def test_attack_52_a_batch_has_a_bounded_number_of_messages(demo):
    wire = connected(demo, "batches")
    batch = [{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in range(10_000)]
    answer = wire.raw("POST", json.dumps(batch).encode(), {"Content-Type": "application/json"})
    assert answer.status == 400 and "a batch has 1 to" in answer.body.decode()
