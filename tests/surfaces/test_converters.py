"""Every tool's definition, put through what clients and model vendors make of it: google-genai, openai's and anthropic's
strict modes, openai-agents, LangChain with its adapters, and the Vercel AI SDK."""

import json
import subprocess

import pytest

from kit.catalogue import every_tool
from kit.mcp import Wire
from kit.node import placed
from kit.places import NODE
from kit.scripts import run
from kit.server import Server, clean_environment

PYTHON = [
    "google-genai", "google-genai, strictly", "openai, strict", "openai-agents, strict", "anthropic", "anthropic, strict",
    "langchain-google-genai", "langchain-openai, strict", "langchain-anthropic",
]
# What all of them take in a tool's schema. Gemini's API knows two formats, of which one is an `enum`; the strict modes
# refuse bounds, patterns and defaults; google-genai fails on `additionalProperties: false`.
TAKEN = {"type", "description", "properties", "required", "items", "enum", "format"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo of one's own, with a connection of every connector."""
    server = Server(tmp_path_factory.mktemp("converters") / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["catalogue", "control plane"])
def listed(request, demo):
    """All tools, as one instance lists those of the catalogue (a remote server's are known once somebody signed in), and
    as the control plane lists its own to a client's token. With where they are: an address, and a token where it takes one."""
    return catalogue(demo) if request.param == "catalogue" else control(demo)


def control(demo):
    url, token = f"{demo.url}/mcp", demo.token()
    listing = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
    tools = Wire(url).raw(body=listing, headers=headers).result["tools"]
    return (url, token), {tool["name"]: tool for tool in tools}


def catalogue(demo):
    url, tools = every_tool(demo, "converters")
    return (url,), tools


@pytest.fixture(scope="module")
def converted(listed):
    return run("converters.py", *listed[0], environment="converters", timeout=300)


@pytest.fixture(scope="module")
def vercel(listed):
    command = [str(NODE), str(placed("converters.mjs")), *listed[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def schemas(schema):
    """A schema and all within it."""
    yield schema
    for inner in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from schemas(inner)


def named(made):
    """The arguments' schema in whatever a converter made, in lower case."""
    if isinstance(made, list):
        return named(made[0])
    for key in ("function_declarations", "functionDeclarations", "function", "parameters", "parameters_json_schema", "input_schema"):
        if isinstance(made.get(key), (dict, list)) and made[key]:
            return named(made[key])
    return made


def test_only_what_all_take_is_listed(listed):
    for name, tool in listed[1].items():
        for schema in schemas(tool["inputSchema"]):
            assert set(schema) <= TAKEN, (name, schema)
            assert isinstance(schema["type"], str) and schema.get("format", "date-time") == "date-time", (name, schema)
            assert (schema["type"] == "array") == ("items" in schema), (name, schema)
            assert all(isinstance(one, str) and one for one in schema.get("enum", [])), (name, schema)


@pytest.mark.parametrize("converter", PYTHON)
def test_a_converter_takes_every_tool_whole(listed, converted, converter):
    assert set(converted[converter]) == set(listed[1])
    for name, seen in converted[converter].items():
        assert "made" in seen and not seen["warned"], (name, seen)
        keeps(listed[1][name]["inputSchema"], named(seen["made"]), name)


@pytest.mark.parametrize("vendor", ["google", "openai", "anthropic"])
def test_vercels_sdk_takes_every_tool_whole(listed, vercel, vendor):
    assert set(vercel[vendor]) == set(listed[1])
    for name, made in vercel[vendor].items():
        keeps(listed[1][name]["inputSchema"], made, name)


def keeps(schema, made, name):
    """Nothing that was listed is lost on the way."""
    assert set(made["properties"]) == set(schema["properties"]), name
    assert set(schema.get("required", [])) <= set(made.get("required") or []), name
    for argument, described in schema["properties"].items():
        seen = made["properties"][argument]
        # An enum may stand for its type.
        kind = seen.get("type", "string" if "enum" in seen else None)
        kind = kind[0] if isinstance(kind, list) else kind
        # LangChain's Google adapter makes text of an object whose members are not listed; its JSON is taken as well.
        as_text = described["type"] == "object" and not described.get("properties") and kind.lower() == "string"
        assert kind.lower() == described["type"] or as_text, (name, argument, seen)
        assert described["description"] in seen["description"], (name, argument, seen)
        if "enum" in described:
            assert seen["enum"] == described["enum"], (name, argument, seen)


@pytest.mark.parametrize("listed", ["catalogue"], indirect=True)
def test_what_is_checked_is_stricter_than_what_is_listed(demo, listed):
    wire = Wire(listed[0][0])
    for arguments, words in [
        ({"surprise": 1}, "no argument `surprise`"), ({"max_results": 501}, "`max_results` must be 500 or less"),
        ({"format": "whole"}, "`format` must be one of"), ({"query": "x" * 1_000_000}, "`query` is too long"),
    ]:
        assert words in wire.refused("gmail_fetch_mails", **arguments)
    said = wire.refused("googlecalendar_create_event", summary="x", start_datetime="2" * 1_000_000)
    assert "`start_datetime` is too long: it has 64 characters at most" in said
