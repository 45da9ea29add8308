"""EventsService by both official SDKs, unmodified and over TLS: what happened to a user's account, page by page."""

import json
import subprocess

import pytest

from kit import scripts
from kit.node import placed
from kit.places import NODE
from kit.walker import Walker

USER = "events-user"
ALL = "/api/v1/events/paginated"
CONNECTED_ACCOUNT = 41


@pytest.fixture(scope="module")
def account(demo):
    """The id of the user's account, which was made, got a link and was signed in."""
    body = {"connector": "MY_GMAIL", "identifier": USER, "connected_account": {}}
    made = demo.api("POST", "/api/v1/connected_accounts", body)["connected_account"]["id"]
    Walker().connect(demo.api("POST", "/api/v1/connected_accounts/magic_link", {"id": made})["link"])
    return made


@pytest.fixture(scope="module")
def seen(demo, account):
    return scripts.run("events.py", account, env=demo.sdk_env())


def types(page):
    return [event["type"].removeprefix("connected_account.") for event in page["events"]]


def test_what_happened_is_there_newest_first(seen, account):
    assert types(seen["all"]) == ["status_updated", "oauth_succeeded", "magic_link_generated", "created"]
    newest = seen["all"]["events"][0]
    assert newest["id"].startswith("evt_") and newest["object"] == "ConnectedAccount" and newest["spec_version"] == "1"
    data = newest["data"]
    assert (data["id"], data["identifier"], data["provider"]) == (account, USER, "GMAIL")
    assert (data["old_status"], data["status"]) == ("PENDING_AUTH", "ACTIVE")
    assert not [name for name in data if "token" in name or "secret" in name]


def test_pages_lead_on_and_back(seen):
    assert types(seen["first"]) + types(seen["second"]) == types(seen["all"])
    assert seen["back"]["events"] == seen["first"]["events"]
    assert (seen["first"]["previous"], seen["second"]["next"]) == ("", "")


def test_each_filter_leaves_what_fits(seen):
    assert types(seen["created"]) == ["created"]
    assert types(seen["from_the_server"]) == types(seen["until_later"]) == types(seen["all"])
    assert types(seen["from_a_directory"]) == types(seen["later"]) == []
    assert 4 <= seen["without_filter"] <= 10


def test_what_is_wrong_is_refused_in_the_sdks_classes(seen):
    assert seen["garbage"]["class"] == seen["misspelt"]["class"] == "ScalekitBadRequestException", seen
    assert "connected_account.created" in seen["misspelt"]["text"]
    assert seen["nobody"]["class"] == "ScalekitNotFoundException" and "ca_none" in seen["nobody"]["text"]


def test_node_sees_the_same(demo, account, seen):
    command = [NODE, placed("events.mjs"), account]
    done = subprocess.run(command, env=demo.sdk_env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    node = json.loads(done.stdout)
    for page in ("first", "second", "back", "created"):
        assert node[page] == [event["type"] for event in seen[page]["events"]]
    assert node["object"] == CONNECTED_ACCOUNT
    assert node["garbage"]["class"] == "ScalekitBadRequestException" and "page" in node["garbage"]["text"]
    assert node["nobody"]["class"] == "ScalekitNotFoundException"


def test_attack_7_another_environments_ids_are_not_found(demo, account):
    demo.cli("environment", "create", "events-stranger")
    made = json.loads(demo.cli("client", "--environment", "events-stranger", "--json", "create", "theirs").stdout)[0]
    token = demo.token_of(made["client_id"], made["client_secret"])
    connection = demo.cli_json("connection", "get", "MY_GMAIL")[0]["id"]
    assert demo.api("POST", ALL, {}, token)["events"] == []
    for wanted in ({"connected_account_id": account}, {"connection_id": connection}):
        status, text = demo.answer("POST", ALL, wanted, token)
        assert status == 404 and "not found" in text, text
