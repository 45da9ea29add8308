"""Clients that nobody here wrote, unmodified, at a user's URL: the official Python and TypeScript clients of both
generations, FastMCP's, langchain-mcp-adapters, Google ADK's toolset, mcp-remote (which stands before clients that know stdio
alone), and the MCP Inspector."""

import json
import subprocess

import pytest

from kit.connected import connected
from kit.inspector import ERAS, inspect
from kit.mcp import GOOGLE_TOOLS, Wire
from kit.node import placed
from kit.places import NODE, SCRIPTS, python
from kit.server import clean_environment

# By the era that each one opens with, if it tells.
CLIENTS = {
    "mcp1": "2025-11-25", "mcp2": "2026-07-28", "langchain_tools": None,
    "typescript1": "2025-11-25", "typescript2": "2026-07-28", "fastmcp_client": None, "remote": None, "google_adk_mcp": None,
}
# Those whose packages are not with most of the others.
ENVIRONMENTS = {"mcp2": "mcp2", "fastmcp_client": "agents", "google_adk_mcp": "adk"}
TELLING = [client for client in CLIENTS if CLIENTS[client]]
FETCH = ["gmail_fetch_mails", {"query": "subject:invoice", "max_results": 1}]


@pytest.fixture(scope="module")
def wire(demo):
    return connected(demo, "clients")


def begun_with(client):
    """What runs that client's script."""
    if client.startswith("typescript"):
        return [str(NODE), str(placed("mcp.mjs")), client[-1]]
    if client == "remote":
        return [str(NODE), str(placed("remote.mjs"))]
    return [str(python(ENVIRONMENTS.get(client, "seed"))), str(SCRIPTS / f"{client}.py")]


def run(client, url, calls):
    """What that client saw at the URL."""
    command = [*begun_with(client), url, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("client", CLIENTS)
def test_lists_and_calls(wire, client):
    seen = run(client, wire.url, [FETCH, ["googlecalendar_list_events", {"query": "Dentist"}]])
    # Google's toolset sorts what it was given.
    assert seen["tools"] == (sorted(wire.tools()) if client == "google_adk_mcp" else wire.tools())
    assert seen.get("version") == CLIENTS[client]
    mails, events = (json.loads(call["text"]) for call in seen["calls"])
    assert [mail["subject"] for mail in mails["messages"]] == ["Invoice 2026-118"]
    assert [event["summary"] for event in events["events"]] == ["Dentist"]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_model_can_mend_is_a_result_that_it_can_read(wire, client):
    wrong = [["gmail_fetch_mails", {"max_results": 501}], ["gmail_get_message_by_id", {"message_id": "0000000000000000"}]]
    seen = run(client, wire.url, wrong)
    assert [call["is_error"] for call in seen["calls"]] == [True, True]
    assert "max_results" in seen["calls"][0]["text"]
    assert "not found" in seen["calls"][1]["text"].lower()


@pytest.mark.parametrize("client", TELLING)
def test_an_argument_that_is_not_there_is_named_with_the_nearest(wire, client):
    (call,) = run(client, wire.url, [["gmail_fetch_mails", {"max_result": 1}]])["calls"]
    assert call["is_error"] and "Did you mean `max_results`?" in call["text"]


@pytest.mark.parametrize("client", TELLING)
def test_an_unknown_tool_is_a_protocol_error(wire, client):
    (call,) = run(client, wire.url, [["gmail_fetch_everything", {}]])["calls"]
    assert call["code"] == -32602 and call["text"].endswith("unknown tool 'gmail_fetch_everything'")


@pytest.mark.parametrize("client", CLIENTS)
def test_before_consent_a_call_ends_with_the_link_and_not_with_an_exception(demo, client):
    instance = demo.instance(f"clients-new-{client.replace('_', '-')}")
    seen = run(client, instance["url"], [FETCH])
    (call,) = seen["calls"]
    assert call["is_error"] and f"{demo.url}/connect/" in call["text"]
    assert len(seen["tools"]) == GOOGLE_TOOLS
    if "instructions" in seen:
        assert "MY_GMAIL" in seen["instructions"] and "MY_CALENDAR" in seen["instructions"]


@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_finds_no_fault_with_the_tools(wire, era):
    code, out, err = inspect(wire.url, era, "--method", "tools/list", "--strict")
    assert code == 0, err
    assert [tool["name"] for tool in json.loads(out)["tools"]] == wire.tools()


@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_calls_a_tool(wire, era):
    code, out, err = inspect(
        wire.url, era, "--method", "tools/call", "--tool-name", "gmail_fetch_mails", "--tool-arg", "query=subject:invoice",
        "--tool-arg", "max_results=1",
    )
    assert code == 0, err
    result = json.loads(out)
    assert json.loads(result["content"][0]["text"])["messages"][0]["subject"] == "Invoice 2026-118"


@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_shows_the_link_before_consent(demo, era):
    url = Wire(demo.instance(f"clients-new-inspector-{era}")["url"]).url
    _, out, err = inspect(url, era, "--method", "tools/call", "--tool-name", "gmail_fetch_mails")
    assert f"{demo.url}/connect/" in out + err
