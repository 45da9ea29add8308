"""Tool calls seen through AgentkitLogsService and AgentkitAnalyticsService: by REST, and by gRPC with the messages of the
official Python SDK."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from kit import scripts
from kit.connected import attempt, connected, fetch
from kit.server import Server

LOGS = "/api/v1/agentkit/tool_call_logs"
SERVICE = "/scalekit.v1.agentkit_logs.AgentkitLogsService"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("logs") / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def since(demo):
    """From here on the calls are ours: the demo has made some of its own by then."""
    return f"start_time={instant()}"


def instant(hours=0):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture(scope="module")
def called(demo, since):
    """Two calls of one user that were done, one that the app refused, and one of another user; the logs of the first."""
    ann, bob = connected(demo, "ann@logs"), connected(demo, "bob@logs", account=2)
    assert fetch(ann) is None and fetch(ann) is None
    fault = {"kind": "rate_limited", "status": 429, "retry_after": 3}
    demo.control("POST", "/faults", {"route": "gmail.users.messages.list", "times": 9, "fault": fault}, expect=204)
    assert fetch(ann) is not None
    demo.control("DELETE", "/faults", expect=204)
    assert attempt(bob, "googlecalendar_list_events") is None
    listed = demo.api("GET", f"{LOGS}?identifier=ann@logs")
    assert len(listed["tool_call_logs"]) == 3, listed
    return listed["tool_call_logs"]


def test_a_call_says_whose_it_was_and_how_it_ended(demo, called):
    refused, done, first = called
    assert [call["status"] for call in called] == ["provider_error", "success", "success"]
    assert (refused["error_code"], refused["error_tier"]) == ("RATE_LIMITED", "provider")
    assert refused["error_message"] and not done["error_message"] and not done["error_code"]
    assert first["started_at"] <= done["started_at"] <= refused["started_at"]
    account = next(
        row["id"] for row in demo.cli_json("account", "list", "--identifier", "ann@logs") if row["connection"] == "MY_GMAIL"
    )
    for call in called:
        assert (call["tool_name"], call["provider"], call["source"]) == ("gmail_fetch_mails", "GMAIL", "MCP")
        assert (call["identifier"], call["connection_name"]) == ("ann@logs", "MY_GMAIL")
        assert call["connected_account_id"] == account and call["execution_id"].startswith("exec_")
        assert demo.api("GET", f"{LOGS}/{call['execution_id']}") == call


def test_each_filter_leaves_what_fits(demo, since, called):
    account, connection = called[0]["connected_account_id"], called[0]["connection_id"]

    def count(query):
        return len(demo.api("GET", f"{LOGS}?{since}&{query}")["tool_call_logs"])

    assert count("") == 4
    assert count("status=success") == 3 and count("status=success&status=provider_error") == 4
    assert count("status=platform_error") == 0
    assert count("provider=GOOGLECALENDAR") == 1 and count("provider=GMAIL") == 3 and count("provider=NOTION") == 0
    assert count("source=MCP") == 4 and count("source=API") == 0
    assert count(f"connected_account_id={account}") == 3 and count(f"connection_id={connection}") == 3
    assert count("connection_name=my_gmail&identifier=bob@logs") == 0
    assert count(f"connection_name=MY_CALENDAR&connection_id={connection}") == 0
    assert count("agent_run_id=run-1") == 0
    assert count(f"end_time={instant(hours=1)}") == 4
    assert demo.api("GET", f"{LOGS}?start_time={instant(hours=1)}")["tool_call_logs"] == []


def test_pages_lead_on_and_back(demo, since, called):
    first = demo.api("GET", f"{LOGS}?{since}&page_size=3")
    assert len(first["tool_call_logs"]) == 3 and int(first["total_size"]) == 4 and not first["prev_page_token"]
    second = demo.api("GET", f"{LOGS}?{since}&page_size=3&page_token={first['next_page_token']}")
    assert len(second["tool_call_logs"]) == 1 and not second["next_page_token"]
    back = demo.api("GET", f"{LOGS}?{since}&page_size=3&page_token={second['prev_page_token']}")
    assert back["tool_call_logs"] == first["tool_call_logs"]


@pytest.mark.parametrize(
    "path, status, words",
    [
        (f"{LOGS}?status=failed", 400, "there is no 'failed'"),
        (f"{LOGS}?source=CLI", 400, "there is no 'CLI'"),
        (f"{LOGS}?page_token=zebra", 400, "page"),
        (f"{LOGS}?start_time=2026-02-01T00:00:00Z&end_time=2026-01-01T00:00:00Z", 400, "end_time"),
        (f"{LOGS}?connection_name=MY_GMIAL", 404, "MY_GMAIL"),
        (f"{LOGS}/exec_00000000000000000000000000", 404, "exec_00000000000000000000000000"),
        (f"{LOGS}/zebra", 404, "zebra"),
        ("/api/v1/agentkit/analytics/overview", 400, "start_time"),
        ("/api/v1/agentkit/analytics/overview?start_time=2020-01-01T00:00:00Z&end_time=2026-01-01T00:00:00Z", 400, "210 days"),
    ],
)
def test_what_is_wrong_is_refused_by_name(demo, called, path, status, words):
    answered, text = demo.answer("GET", path, token=demo.token())
    assert answered == status and words in json.loads(text)["message"], text


def test_sums_are_those_of_the_list(demo, since, called):
    span = f"{since}&end_time={instant(hours=2)}"
    sums = demo.api("GET", f"/api/v1/agentkit/analytics/overview?{span}")
    assert [int(sums[name]) for name in ("total", "success", "errors", "provider_errors")] == [4, 3, 1, 1]
    assert [(code["error_code"], int(code["count"])) for code in sums["top_error_codes"]] == [("RATE_LIMITED", 1)]
    assert [(one["provider"], int(one["total"])) for one in sums["connector_breakdown"]] == [("GMAIL", 3), ("GOOGLECALENDAR", 1)]
    parts = sums["time_series"]
    assert len(parts) == 25 and {int(part["bucket_duration_seconds"]) for part in parts} == {300}
    assert sum(int(part["total"]) for part in parts) == 4
    only = demo.api("GET", f"/api/v1/agentkit/analytics/overview?{span}&error_code=RATE_LIMITED&connection_name=MY_GMAIL")
    assert int(only["total"]) == 1


def test_the_sdks_messages_say_the_same(demo, called):
    token = demo.token()
    calls = [
        {"method": f"{SERVICE}/ListToolCallLogs", "message": {"identifier": "ann@logs"}, "tokens": [token]},
        {"method": f"{SERVICE}/GetToolCallLog", "message": {"execution_id": called[0]["execution_id"]}, "tokens": [token]},
        {"method": f"{SERVICE}/GetToolCallLog", "message": {"execution_id": ""}, "tokens": [token]},
        {"method": f"{SERVICE}/ListToolCallLogs", "message": {"status": ["failed"]}, "tokens": [token]},
    ]
    listed, one, empty, wrong = scripts.run("grpc_doors.py", asked={"target": f"localhost:{demo.http}", "calls": calls})
    executions = [call["execution_id"] for call in listed["message"]["tool_call_logs"]]
    assert executions == [call["execution_id"] for call in called]
    assert one["message"]["error_code"] == "RATE_LIMITED"
    assert empty["code"] == 3 and "execution_id" in empty["text"] and wrong["code"] == 3


def test_another_environment_sees_none_of_it(demo, called):
    demo.cli("environment", "create", "stranger")
    made = json.loads(demo.cli("client", "--environment", "stranger", "--json", "create", "theirs").stdout)[0]
    token = demo.token_of(made["client_id"], made["client_secret"])
    assert demo.api("GET", LOGS, token=token)["tool_call_logs"] == []
    assert demo.answer("GET", f"{LOGS}/{called[0]['execution_id']}", token=token)[0] == 404
    assert demo.answer("GET", f"{LOGS}?connected_account_id={called[0]['connected_account_id']}", token=token)[0] == 200
