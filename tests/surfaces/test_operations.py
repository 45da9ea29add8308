"""What looks after a server sees: health, metrics, logs."""

import json
import sqlite3
import urllib.request

import pytest

from kit import ports, scripts
from kit.collector import until
from kit.connected import connected
from kit.metrics import lint, metrics, value
from kit.server import Server

USER = "marked-user-of-nobody"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A demo that logs each request as JSON, and the wire of a connected user."""
    data = tmp_path_factory.mktemp("watched") / "data"
    data.mkdir(mode=0o700)
    (data / "valetkey.toml").write_text("[log]\naccess = true\n")
    server = Server(data, flags=["--log", "json"]).start()
    try:
        yield server, connected(server, USER)
    finally:
        server.stop()


def served(server, *settings):
    """The same server as `serve` with these settings."""
    server.data.mkdir(mode=0o700)
    (server.data / "valetkey.toml").write_text("\n".join(settings) + "\n")
    return server.start()


# Metrics


def test_promtool_finds_nothing_to_say_about_the_metrics(watched):
    server, wire = watched
    wire.call("gmail_fetch_mails", max_results=1)
    wire.legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": "x"}})
    assert lint(metrics(server)) == ""


def test_openmetrics_is_given_to_who_asks_for_it(watched):
    request = urllib.request.Request(f"{watched[0].url}/metrics", headers={"accept": "application/openmetrics-text"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
        assert answer.read().endswith(b"# EOF\n")


def test_calls_are_counted_by_tool_and_outcome(watched):
    server, wire = watched
    labels = {"connector": "gmail", "tool": "gmail_fetch_mails"}
    before = metrics(server)
    wire.done("gmail_fetch_mails", max_results=1)
    wire.refused("gmail_fetch_mails", max_results="many")
    after = metrics(server)
    for outcome in ("ok", "arguments"):
        counted = [value(text, "valetkey_tool_calls_total", outcome=outcome, **labels) for text in (before, after)]
        assert counted[1] == counted[0] + 1, outcome
    assert value(after, "valetkey_tool_call_duration_seconds_count", connector="gmail", outcome="ok") >= 1
    assert value(after, "valetkey_outbound_requests_total", hosts="allowed", outcome="2xx") > 0
    assert value(after, "valetkey_requests_total", surface="mcp", outcome="200") > 0
    assert value(after, "valetkey_database_commit_seconds_count") > 0
    assert value(after, "valetkey_consents_total", outcome="connected") >= 2
    assert value(after, "valetkey_open_connections", listener="http") >= 1
    assert value(after, "valetkey_journal_healthy") == 1


def test_attack_7_metrics_and_readiness_hold_nothing_of_a_user_or_environment(watched):
    server, wire = watched
    server.answer("GET", "/api/v1/mcp/configs?marked-query=1", token="marked-token")
    server.answer("MARKED", "/marked-path")
    environment = server.cli_json("environment", "list")[0]
    account = server.cli_json("account", "list", "--identifier", USER)[0]
    words = [USER, wire.token, wire.instance["id"], environment["id"], environment["name"], account["id"], "MY_GMAIL"]
    words += ["marked-query", "marked-token", "MARKED", "marked-path", str(server.data)]
    text = metrics(server) + server.answer("GET", "/readyz")[1]
    assert "valetkey_tool_calls_total" in text or wire.tools()
    assert [word for word in words if word in text] == []


# Doors


def status_of(port, path, host=None, tls=None):
    scheme = "https" if tls else "http"
    request = urllib.request.Request(f"{scheme}://localhost:{port}{path}", headers={"host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10, context=tls) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_metrics_are_off_the_listeners_of_a_public_server(fresh):
    server = fresh(command="serve")
    (operations,) = ports.free(1)
    settings = ['public_url = "https://keys.example.com"', f'operations = "127.0.0.1:{operations}"']
    served(server, *settings)
    host = "keys.example.com"
    assert status_of(server.http, "/metrics", host) == 404
    assert status_of(server.http, "/readyz", host) == 200 == status_of(server.http, "/healthz", "10.0.0.9")
    for path in ("/metrics", "/readyz", "/healthz"):
        assert status_of(operations, path, "10.0.0.9") == 200, path
    for path in ("/openapi.json", "/oauth/token", "/"):
        assert status_of(operations, path) in (404, 421), path


def test_metrics_are_on_a_public_listener_that_is_named(fresh):
    server = served(fresh(command="serve"), 'public_url = "https://keys.example.com"', 'metrics = ["http"]')
    assert status_of(server.http, "/metrics", "10.0.0.9") == 200
    assert status_of(server.http, "/openapi.json", "10.0.0.9") == 421


# Health


def test_readiness_names_each_part_as_text_and_as_json(watched):
    server, _ = watched
    assert server.answer("GET", "/healthz") == (200, "ok\n")
    status, text = server.answer("GET", "/readyz")
    assert status == 200 and text.splitlines()[0] == "ready"
    status, told = server.answer("GET", "/readyz", headers={"accept": "application/json"}.items())
    parts = dict.fromkeys(("database", "journal", "keys", "installation", "clock", "server"), "ok")
    assert (status, json.loads(told)) == (200, {"ready": True, "parts": parts})


def grpc_health(server):
    env = server.sdk_env()
    asked = {"target": f"localhost:{server.tls}", "ca": env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]}
    return scripts.run("grpc_health.py", asked=asked)


def test_a_journal_that_cannot_be_written_is_said_everywhere_until_it_can(fresh):
    server = fresh().start()
    wire = connected(server, "ann")
    assert grpc_health(server) == "SERVING"
    other = sqlite3.connect(server.data / "valetkey.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "recorded" in wire.refused("gmail_fetch_mails", max_results=1)
    until(lambda: server.answer("GET", "/readyz")[0] == 503)
    text = server.answer("GET", "/readyz")[1]
    assert text.startswith("not ready\n") and "journal: cannot be written" in text and "database: ok" in text
    assert str(server.data) not in text and "sqlite" not in text
    until(lambda: grpc_health(server) == "NOT_SERVING")
    assert value(metrics(server), "valetkey_journal_healthy") == 0
    assert value(metrics(server), "valetkey_database_errors_total", error="locked") >= 1
    assert server.answer("GET", "/healthz") == (200, "ok\n")
    other.execute("ROLLBACK")
    other.close()
    until(lambda: server.answer("GET", "/readyz")[0] == 200)
    until(lambda: grpc_health(server) == "SERVING")
    assert wire.done("gmail_fetch_mails", max_results=1)


# Logs


def lines(server):
    found = [json.loads(line) for line in server.words().splitlines() if line.startswith("{")]
    assert found
    return found


def test_each_request_is_a_line_whose_fields_can_be_asked_for(watched):
    server, wire = watched
    wire.done("gmail_fetch_mails", max_results=1)
    until(lambda: any(line.get("surface") == "mcp" for line in lines(server)))
    line = [line for line in lines(server) if line.get("surface") == "mcp"][-1]
    assert (line["route"], line["outcome"], line["method"]) == ("/mcp/v1/{token}", "200", "POST")
    assert line["actor"] == f"instance:{wire.instance['id']}" and line["request"].startswith("req_")
    assert line["environment"].startswith("env_") and line["duration_ms"] > 0


def test_the_request_id_that_a_caller_is_told_is_in_the_log(watched):
    server, _ = watched
    status, text = server.answer("GET", "/api/v1/mcp/configs/cfg_nobody", token=server.token())
    assert status == 404
    (detail,) = json.loads(text)["details"]
    told = detail["request_info"]["request_id"]
    until(lambda: any(line.get("request") == told for line in lines(server)))
    (line,) = [line for line in lines(server) if line.get("request") == told]
    assert (line["surface"], line["outcome"]) == ("rest", "404")


def test_attack_72_nothing_of_a_request_steers_a_terminal_that_shows_the_log(fresh):
    server = fresh(command="serve", flags=["-vv"]).start()
    escape = "\x1b]0;owned\x07\x1b[2J"
    for path in (f"/{escape}", f"/api/v1/{escape}", f"/mcp/v1/{escape}", f"/connect/{escape}"):
        server.answer("GET", urllib.request.quote(path), headers={"user-agent": urllib.request.quote(escape)}.items())
    until(lambda: "route=" in server.words())
    assert "\x1b" not in server.words() and "\x07" not in server.words()
