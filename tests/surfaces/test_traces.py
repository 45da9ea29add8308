"""Traces, as a collector receives them that nobody here wrote."""

import json

import pytest

from kit.collector import collecting
from kit.connected import connected
from kit.server import Server

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A demo whose traces are collected, the wire of a connected user, and the collector."""
    with collecting() as collector:
        data = tmp_path_factory.mktemp("traced") / "data"
        data.mkdir(mode=0o700)
        (data / "valetkey.toml").write_text(collector.settings)
        server = Server(data).start()
        try:
            yield server, connected(server, "traced-user"), collector
        finally:
            server.stop()


def test_a_tool_call_is_one_trace_from_the_callers_span_to_the_tool(traced):
    server, wire, collector = traced
    joined = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    params = {"name": "gmail_fetch_mails", "arguments": {"max_results": 1, "query": "subject:marked-argument"}}
    failed, _ = wire.legacy("tools/call", params, headers=joined).said
    assert not failed
    call = collector.wait_for(lambda span: span["name"] == "tool.call" and span["trace"] == TRACE)
    request = collector.wait_for(lambda span: span["span"] == call["parent"])
    assert request["name"] == "POST /mcp/v1/{token}" and request["parent"] == CALLER
    attributes = request["attributes"]
    assert (attributes["surface"], attributes["route"], attributes["outcome"]) == ("mcp", "/mcp/v1/{token}", "200")
    assert attributes["actor"] == f"instance:{wire.instance['id']}" and attributes["request"].startswith("req_")
    told = call["attributes"]
    assert (told["tool"], told["connector"], told["outcome"]) == ("gmail_fetch_mails", "gmail", "ok")
    assert call["resource"]["service.name"] == "valetkey" and "service.version" in call["resource"]


def test_a_request_without_a_trace_begins_one(traced):
    server, _, collector = traced
    server.api("GET", "/api/v1/mcp/configs?page_size=7")
    span = collector.wait_for(lambda span: span["attributes"].get("route") == "/api/v1/mcp/configs")
    assert span["parent"] == "" and span["trace"] != TRACE and span["attributes"]["surface"] == "rest"


def test_attack_48_a_trace_holds_no_address_argument_or_credential(traced):
    server, wire, collector = traced
    server.answer("GET", "/api/v1/mcp/instances/inst_marked?token=marked-query", token="marked-bearer")
    server.answer("GET", "/marked-path/of-nobody")
    collector.wait_for(lambda span: span["attributes"].get("route") == "/api/v1/mcp/instances/{instance_id}")
    collector.wait_for(lambda span: span["attributes"].get("route") == "none")
    text = json.dumps(collector.spans)
    marked = ["marked-argument", "marked-query", "marked-bearer", "marked-path", "inst_marked", wire.token, "traced-user"]
    assert [word for word in marked if word in text] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[telemetry]\notlp_endpoint = "ftp://collector"\n', "telemetry.otlp_endpoint"),
        ('[telemetry]\notlp_endpoint = "http://localhost:4317"\nsample = 2.0\n', "telemetry.sample is 2"),
        ("[telemetry]\nsample = 0.5\n", "telemetry.otlp_endpoint"),
    ],
)
def test_a_collector_that_cannot_be_meant_is_refused(fresh, text, says):
    server = fresh(command="serve")
    server.data.mkdir(mode=0o700)
    (server.data / "valetkey.toml").write_text(text)
    assert says in server.refusal()


def test_a_collector_that_is_not_there_holds_nothing_up(fresh):
    server = fresh(command="serve")
    server.data.mkdir(mode=0o700)
    (server.data / "valetkey.toml").write_text('[telemetry]\notlp_endpoint = "http://127.0.0.1:9"\n')
    server.start()
    assert server.answer("GET", "/readyz")[0] == 200
    server.stop()
    assert server.process.returncode == 0
