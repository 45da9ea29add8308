"""ToolService by both official SDKs, unmodified and over TLS: calls, lists, the search, and the adapters that stand on them."""

import json

import pytest

from kit import node, scripts, sdks
from kit.connected import connected
from kit.sdks import OLDEST, PYTHON, SDKS
from kit.walker import Walker

USER = "tools-service"


@pytest.fixture(scope="module")
def account(demo):
    """The id of the user's account, signed in."""
    connected(demo, USER, config="tools-service", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])
    return account_of(demo, USER, "MY_GMAIL")


def account_of(server, user, connection):
    path = f"/api/v1/connected_accounts/details?connector={connection}&identifier={user}"
    return server.api("GET", path)["connected_account"]["id"]


@pytest.fixture(scope="module")
def seen(demo, account):
    return scripts.run("tools_service.py", USER, account, env=demo.sdk_env())


@pytest.fixture
def fails(demo):
    """Makes the next calls of a route of the lab go wrong; nothing of it is left afterwards."""

    def add(route, kind, times=1, **how):
        demo.control("POST", "/faults", {"route": route, "times": times, "fault": {"kind": kind, **how}}, expect=204)

    yield add
    demo.control("DELETE", "/faults", expect=204)


@pytest.mark.parametrize("how", ["by_id", "by_connection", "by_user"])
def test_a_tool_is_called_with_each_way_to_name_the_account(seen, how):
    assert seen[how]["messages"] == 2
    assert seen[how]["execution"].startswith("exec_")


@pytest.mark.parametrize(
    ("case", "kind", "code", "words"),
    [
        ("unknown_tool", "ScalekitBadRequestException", "INVALID_ARGUMENT", ["tool not found", "gmail_fetch_mails"]),
        ("of_another", "ScalekitBadRequestException", "INVALID_ARGUMENT", ["GOOGLECALENDAR", "MY_GMAIL"]),
        ("nobody", "ScalekitBadRequestException", "INVALID_ARGUMENT", ["no connected account for GMAIL"]),
        ("arguments", "ScalekitToolException", "TOOL_ERROR", ["max_results"]),
        ("garbage", "ScalekitBadRequestException", "INVALID_ARGUMENT", ["page_token"]),
    ],
)
def test_what_is_refused_says_why(seen, case, kind, code, words):
    raised = seen[case]
    assert (raised["class"], raised["code"]) == (kind, code), raised
    assert all(word in raised["text"] for word in words), raised


def test_lists_have_everything_in_pages(seen, account):
    assert seen["total"] == len(seen["gmail"]) > 5 and "gmail_fetch_mails" in seen["gmail"]
    assert seen["pages"] == seen["gmail"][:6]
    assert {"name", "description", "input_schema", "display_name", "annotations"} <= set(seen["definition"])
    assert seen["metadata"] == {"status": "checked against the vendor"}
    assert {"read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint"} <= set(seen["annotations"])
    assert seen["scoped"] == [len(seen["gmail"]), len(seen["gmail"]), [account]]
    assert seen["few"] == ["gmail_fetch_mails"]


def test_the_search_finds_and_says_what_is_ready(seen, account):
    assert "gmail_fetch_mails" in seen["found"]
    assert ["MY_GMAIL", 1, account] in seen["ready"]


def test_langchains_adapter_calls_through_the_account(seen):
    assert seen["langchain"] == seen["gmail"]
    assert "max_results" in seen["schema"]
    assert "messages" in seen["invoked"] and "exec_" in seen["invoked"]
    assert seen["failing"].startswith("Error executing tool gmail_get_message_by_id")


def test_google_adks_adapter_declares_and_calls(demo, account, seen):
    calls = json.dumps([{"max_results": 1}, {"max_result": 1}])
    adk = scripts.run("google_adk.py", USER, "gmail_fetch_mails", calls, env=demo.sdk_env(), environment="adk")
    assert adk["tools"] == adk["declared"] == seen["gmail"]
    done, wrong = adk["said"]
    assert "messages" in done and "exec_" in done
    assert wrong.startswith("Error executing tool gmail_fetch_mails") and "max_results" in wrong


MAIL = {"to": "ada@example.com", "subject": "once", "body": "only once"}
DENIED = json.dumps({"error": {"code": 403, "message": "Delegation denied", "status": "PERMISSION_DENIED"}})


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    ("fault", "kind", "plain", "oldest"),
    [
        (
            {"kind": "refused", "status": 403, "body": DENIED},
            "ScalekitToolForbiddenException", "ScalekitForbiddenException", "ScalekitForbiddenException",
        ),
        (
            {"kind": "rate_limited", "retry_after": 600},
            "ScalekitToolRateLimitException", "ScalekitTooManyRequestsException", "ScalekitBadRequestException",
        ),
        (
            {"kind": "server_error", "handled": True},
            "ScalekitToolException", "ScalekitToolException", "ScalekitInternalServerException",
        ),
    ],
)
def test_a_failing_app_is_one_of_the_tools_classes_and_nothing_is_sent_twice(
    demo, account, fails, fault, kind, plain, oldest, sdk
):
    fails("gmail.users.messages.send", times=9, **fault)
    # The same call would be answered with how it failed, for five seconds: each is another one.
    raised = called(demo, sdk, account, subject=fault["kind"])
    (left,) = [one["times"] for one in demo.control("GET", "/faults")["faults"]]
    assert (raised["class"], raised["code"]) == (oldest if sdk in OLDEST else kind, "TOOL_ERROR"), raised
    assert sdk not in PYTHON or sdk in OLDEST or plain in raised["kinds"]
    assert left == 8, "the app got it once"


def test_an_ended_sign_in_is_the_tools_own_401_with_a_link_and_leads_to_no_second_try(demo):
    user = "tools-service-ended"
    connected(demo, user, config="tools-service", account=2)
    ended = account_of(demo, user, "MY_GMAIL")
    demo.api("POST", f"/api/v1/connected_accounts/{ended}:disconnect", {})
    for sdk in SDKS:
        raised = called(demo, sdk, ended)
        kind = "ScalekitBadRequestException" if sdk in OLDEST else "ScalekitToolUnauthorizedException"
        assert (raised["class"], raised["code"]) == (kind, "TOOL_ERROR"), raised
        assert f"Link for the user: {demo.url}/connect/" in raised["text"], raised
        assert sdk not in PYTHON or raised["tokens"] == 1, "it took the app's 401 for its own"
    link = raised["text"].split("Link for the user: ")[1].split()[0]
    Walker().connect(link, 2)
    assert called(demo, "seed", ended)["class"] is None, "the same call, once the user has signed in again"


def called(demo, sdk, account, **other):
    return sdks.called(demo.sdk_env(), sdk, account, "gmail_send_message", MAIL | other)


def run_node(demo, *arguments):
    return node.run("tools.mjs", *arguments, env=demo.sdk_env())


def test_the_node_sdk_calls_a_tool_first_of_all_and_lists(demo, account, seen):
    ours = run_node(demo, "@scalekit-sdk/node", USER, account)
    assert ours["cold"][0] == 1 and ours["cold"][1].startswith("exec_"), "its first request has no token"
    assert ours["scoped"] == seen["scoped"]
    first, total, rest = ours["available"]
    assert first == 5 and total == first + rest >= len(seen["gmail"])
    assert ours["names"] == seen["gmail"]
    assert ours["unknown"]["class"] == "ScalekitBadRequestException" and "tool not found" in ours["unknown"]["text"]


def test_a_call_is_recorded_with_its_source(demo, account):
    body = {
        "tool_name": "gmail_fetch_mails", "connected_account_id": account, "params": {"max_results": 1},
        "agent_run_id": "run-7",
    }
    done = demo.api("POST", "/api/v1/execute_tool", body)
    (record,) = demo.cli_json("logs", "list", "--subject", done["execution_id"])
    said = json.loads(record["detail"]) if isinstance(record["detail"], str) else record["detail"]
    assert (said["source"], said["agent_run"], said["outcome"]) == ("API", "run-7", "ok"), record


MANY = 217


def test_adapters_take_a_connector_of_217_tools_at_once(fresh, tmp_path):
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "many.yaml").write_text(many())
    server = fresh(command="demo", flags=["--connectors", str(folder)]).start()
    made = server.api("POST", "/api/v1/connections", {"provider_key": "MANY", "type": "OAUTH", "key_id": "MY_MANY"})
    assert made["connection"]["key_id"] == "MY_MANY"
    token = {"oauth_token": {"access_token": "taken", "scopes": ["all"]}}
    owner = {"connector": "MY_MANY", "identifier": "ann", "connected_account": {"authorization_details": token}}
    server.api("POST", "/api/v1/connected_accounts", owner)
    seen = scripts.run("many_tools.py", "ann", env=server.sdk_env())
    assert seen == {"langchain": MANY, "openai": MANY}
    adk = scripts.run("google_adk.py", "ann", "many_get_thing_1", "[]", env=server.sdk_env(), environment="adk")
    assert len(adk["declared"]) == MANY


def many():
    """A connector file with so many tools."""
    head = """
connector: many
display_name: Many
upstream: http
base_url: https://api.many.example
proxy_url: https://api.many.example
hosts: [api.many.example]
description: {kind: manual, url: "https://many.example/docs", read_on: "2026-11-28"}
auth:
  - kind: oauth2
    authorize_url: https://login.many.example/authorize
    token_url: https://login.many.example/token
    refresh: {rotates: false, lost_answer: retry_now}
default_scopes: [all]
tools:
"""
    tool = """  many_get_thing_{n}:
    title: Get thing {n}
    description: Gets thing number {n} of the user by its id, with its name and its colour.
    effect: read
    operation: things.get
    request: {{method: GET, path: "/things/{n}/{{id}}"}}
    scopes: {{any: [all]}}
    input:
      id: {{type: string, description: The id of the thing as a list shows it., required: true, map: path.id}}
      most: {{type: integer, description: How much of it is wanted at most., minimum: 1, maximum: 50, map: query.most}}
    example: {{id: a}}
"""
    return head + "".join(tool.format(n=n) for n in range(MANY))
