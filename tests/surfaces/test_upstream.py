"""Remote MCP servers as connections, against servers that nobody here wrote: FastMCP without and with sign-in and dynamic
registration, the protocol's server-everything over both transports, and the TypeScript SDK's OAuth demo, whose authorization
server is another one and takes tokens for its own resource only."""

import json

import pytest

from kit.upstreams import Upstreams


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory):
    running = Upstreams(tmp_path_factory.mktemp("upstreams"))
    try:
        yield running.start()
    finally:
        running.stop()


def listed(wire):
    return {tool["name"]: tool for tool in wire.legacy("tools/list").result["tools"]}


def call(wire, tool, era="legacy", **arguments):
    return getattr(wire, era)("tools/call", {"name": tool, "arguments": arguments}).result


def test_a_modern_server_without_sign_in_is_served_whole(upstreams):
    wire = upstreams.connected("ann", "fastopen")
    tools = listed(wire)
    assert tools["fastopen_add"]["annotations"] == {
        "title": "Add numbers", "readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True,
    }
    (dotted,) = [tool for name, tool in tools.items() if name.startswith("fastopen_dotted_name_")]
    assert dotted["annotations"]["idempotentHint"] and not dotted["annotations"]["openWorldHint"]
    assert not dotted["annotations"]["destructiveHint"] and not dotted["annotations"]["readOnlyHint"]
    for era in ("legacy", "modern"):
        done = call(wire, "fastopen_add", era, a=2, b=3)
        assert done["structuredContent"] == {"result": 5} and done["content"][0]["text"] == "5", done
        assert call(wire, dotted["name"], era, text="hm")["content"][0]["text"] == "hm"
        picture, words = call(wire, "fastopen_picture", era)["content"]
        assert (picture["type"], picture["mimeType"], words["text"]) == ("image", "image/png", "a point")


def test_what_can_be_mended_is_said_and_nothing_poses_as_ours(upstreams):
    wire = upstreams.connected("ann", "fastopen")
    assert "`b` is missing" in wire.refused("fastopen_add", a=1)
    assert "not of type integer" in wire.refused("fastopen_add", a=1, b="x")
    said = wire.refused("fastopen_fails")
    assert "it went wrong" in said and "Link for the user" not in said
    unknown = wire.legacy("tools/call", {"name": "fastopen_nothing", "arguments": {}})
    assert unknown.code == -32602


def test_a_whitelist_holds_for_what_a_server_lists(upstreams):
    wire = upstreams.connected("bob", "fastopen", tools=["fastopen_add"])
    assert list(listed(wire)) == ["fastopen_add"]
    assert wire.legacy("tools/call", {"name": "fastopen_picture", "arguments": {}}).code == -32602
    assert call(wire, "fastopen_add", a=1, b=1)["content"][0]["text"] == "2"


def test_a_token_is_typed_sent_and_never_given_back(upstreams):
    wire = upstreams.wire("ann", "fastbearer")
    assert list(listed(wire)) == ["fastbearer_sign_in"]
    assert "/connect/" in wire.refused("fastbearer_sign_in")
    assert "/connect/" in wire.refused("fastbearer_add", a=1, b=2), "a tool known from before says the same"
    wire = upstreams.connected("ann", "fastbearer", token="the-right-token")
    assert "fastbearer_add" in listed(wire) and "fastbearer_sign_in" not in listed(wire)
    echoed = json.dumps(call(wire, "fastbearer_echo_headers"))
    assert "authorization" in echoed.lower() and "the-right-token" not in echoed


def test_signing_in_finds_the_server_and_registers_by_itself(upstreams):
    wire = upstreams.connected("ann", "fastoauth")
    assert call(wire, "fastoauth_add", a=20, b=22)["structuredContent"] == {"result": 42}
    (connection,) = [one for one in upstreams.server.cli_json("connection", "list") if one["name"] == "FASTOAUTH"]
    assert connection
    log = upstreams.server.cli("logs", "list").stdout
    assert "connection.discovered" in log and "tool.call" in log
    other = upstreams.connected("bob", "fastoauth")
    assert "fastoauth_add" in listed(other)
    registered = (upstreams.folder / "fastoauth.log").read_text().count("POST /register")
    assert registered == 1, "the client is the connection's, not a user's"


def test_an_authorization_server_elsewhere_gives_tokens_for_this_resource_only(upstreams):
    wire = upstreams.connected("ann", "tsdemo")
    assert "tsdemo_greet" in listed(wire)
    greeted = call(wire, "tsdemo_greet", name="Ann")
    assert "Ann" in greeted["content"][0]["text"], greeted


@pytest.mark.parametrize("name", ["everything", "everysse"])
def test_the_protocols_own_server_over_both_transports(upstreams, name):
    wire = upstreams.connected("ann", name)
    tools = listed(wire)
    assert f"{name}_echo" in tools and len(tools) > 5
    assert "hello" in call(wire, f"{name}_echo", message="hello")["content"][0]["text"]
    kinds = {part["type"] for part in call(wire, f"{name}_get-tiny-image")["content"]}
    assert "image" in kinds
    assert call(wire, f"{name}_get-sum", a=1, b=2)["content"][0]["text"].count("3") >= 1


def test_a_session_that_the_server_forgot_is_opened_anew(upstreams):
    wire = upstreams.connected("cy", "everything")
    assert "one" in call(wire, "everything_echo", message="one")["content"][0]["text"]
    process = upstreams.processes[list(upstreams.commands).index("everything")]
    process.kill()
    process.wait(10)
    upstreams.processes.append(upstreams.run("everything"))
    upstreams.answers("everything")
    assert "two" in call(wire, "everything_echo", message="two")["content"][0]["text"]


def test_one_dead_server_costs_only_itself(upstreams):
    wire = upstreams.connected("dee", "fastopen", "fastbearer", token="the-right-token")
    assert {name.split("_")[0] for name in listed(wire)} == {"fastopen", "fastbearer"}
    fresh = upstreams.connected("eve", "fastopen", "fastbearer", token="the-right-token")
    process = upstreams.processes[list(upstreams.commands).index("fastbearer")]
    process.kill()
    process.wait(10)
    try:
        answer = fresh.legacy("tools/list").result
        assert {tool["name"].split("_")[0] for tool in answer["tools"]} == {"fastopen"}
        (missing,) = answer["_meta"]["valetkey/missing"]
        assert missing.startswith("FASTBEARER: ")
        assert call(fresh, "fastopen_add", a=1, b=1)["content"][0]["text"] == "2"
        assert "can't be listed" in fresh.refused("fastbearer_add", a=1, b=1)
        assert "fastbearer_add" in listed(wire), "what was listed a moment ago is still there"
        assert "cannot be reached" in wire.refused("fastbearer_add", a=1, b=1)
    finally:
        upstreams.run("fastbearer")
        upstreams.answers("fastbearer")


def test_the_apps_own_code_lists_and_calls_a_remote_tool(upstreams):
    upstreams.connected("ann", "fastopen")
    body = {"identifier": "ann", "filter": {"connection_names": ["FASTOPEN"]}}
    path = "/api/v1/tools/scoped?identifier=ann&filter.connection_names=FASTOPEN"
    names = {one["tool"]["definition"]["name"] for one in upstreams.server.api("GET", path)["tools"]}
    assert "fastopen_add" in names, body
    call = {"tool_name": "fastopen_add", "identifier": "ann", "connector": "FASTOPEN", "params": {"a": 1, "b": 4}}
    answer = upstreams.server.api("POST", "/api/v1/execute_tool", call)
    assert answer["data"] == {"result": {"result": 5}} and answer["execution_id"]

