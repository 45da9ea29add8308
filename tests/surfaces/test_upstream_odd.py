"""Remote servers that do what the protocol lets them and few do: errors on HTTP 400, progress in fractions, more tools than are
taken, structures that are no objects, failures with pictures. What they say is carried, and what is left out is said."""

import json

import pytest

from kit.mcp import request
from kit.scripted import Scene, Scripted, plain, whole

MANY = 1_100


def progress(asked):
    token = asked["params"]["_meta"]["progressToken"]
    told = [{"progressToken": token, "progress": done, "total": 1.0, "message": f"at {done}"} for done in (0.25, 0.5, 0.5, 0.75)]
    messages = [{"jsonrpc": "2.0", "method": "notifications/progress", "params": params} for params in told]
    messages.append(whole(asked, result={"resultType": "complete", "content": []}))
    events = [f"event: message\ndata: {json.dumps(message)}\n\n".encode() for message in messages]
    return 200, {"Content-Type": "text/event-stream"}, events


def unknown(asked):
    error = {"code": -32602, "message": "Unknown tool: gone"}
    return 400, {}, [json.dumps(whole(asked, error=error)).encode()]


FAILURE = {
    "isError": True,
    "content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}, {"type": "text", "text": "see the picture"}],
}
CALLS = {
    "parts": progress,
    "gone": unknown,
    "fails": lambda _: FAILURE,
    "list": lambda _: {"content": [], "structuredContent": [1, 2]},
}


@pytest.fixture(scope="module")
def odd():
    return Scripted([plain(name) for name in (*CALLS, *(f"t{n}" for n in range(MANY)))], CALLS)


@pytest.fixture(scope="module")
def scene(odd, tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("odd"), odd=odd)
    try:
        yield scene.start()
    finally:
        scene.stop()


@pytest.fixture(scope="module")
def wire(scene):
    return scene.wire("ann", "odd")


def test_a_list_that_is_cut_says_so(scene, wire):
    listed = wire.legacy("tools/list").result
    assert len(listed["tools"]) == 1_000
    (missing,) = listed["_meta"]["valetkey/missing"]
    assert missing.startswith("ODD: it lists more tools than are taken")
    (account,) = scene.server.cli_json("account", "list")
    assert "more tools than are taken" in scene.server.cli("account", "tools", account["id"]).stdout


def test_progress_in_fractions_stays_so_and_increases(wire):
    message = request("tools/call", {"name": "odd_parts", "arguments": {}, "_meta": {"progressToken": "p"}})
    told = wire.post(message, {"MCP-Protocol-Version": "2025-11-25", "Accept": "application/json, text/event-stream"})
    events = [json.loads(line[6:]) for line in told.body.decode().splitlines() if line.startswith("data: ")]
    assert [event["params"]["progress"] for event in events[:-1]] == [0.25, 0.5, 0.75]
    assert all(event["params"]["total"] == 1 for event in events[:-1]) and "result" in events[-1]


def test_an_unknown_tool_on_http_400_is_one_and_the_list_is_asked_for_anew(odd, wire):
    wire.tools()
    before = odd.seen.count("tools/list")
    said = wire.refused("odd_gone")
    assert "Unknown tool: gone" in said and "may have carried it out" not in said
    wire.tools()
    assert odd.seen.count("tools/list") == before + 1


def test_what_a_failure_shows_beside_its_words_is_said(wire):
    said = wire.refused("odd_fails")
    assert "see the picture" in said and "pictures (1), not shown" in said


def test_a_structure_that_is_no_object_arrives(wire):
    arguments = {"name": "odd_list", "arguments": {}}
    assert wire.modern("tools/call", arguments).result["structuredContent"] == [1, 2]
    legacy = wire.legacy("tools/call", arguments).result
    assert "structuredContent" not in legacy and legacy["content"][0]["text"] == "[1,2]"
