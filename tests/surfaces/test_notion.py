"""Notion's tools through the official MCP client, against an app made from the digest of Notion's own SDK, which refuses
what that does not describe; and signing in as Notion has it: id and secret in the header, the rest as JSON, tokens that
change with every refresh."""

import json

import pytest

from kit.collector import until
from kit.described import Described, basic
from kit.signed_in import official, serving, signed_in
from kit.walker import Walker

PAGE = "59833787-2cf9-4fdf-8782-e53db20768a5"
WHO = {"object": "user", "id": "b-1", "name": "App", "type": "bot", "bot": {
    "owner": {"type": "user", "user": {"object": "user", "id": "u-1", "name": "Ada", "person": {"email": "ada@example.com"}}},
    "workspace_id": "w-1", "workspace_name": "Ada's Notion"}}


def row(name, status):
    return {"object": "page", "id": PAGE, "url": "https://www.notion.so/x", "parent": {"type": "data_source_id", "data_source_id": "d"},
            "properties": {"Name": {"id": "title", "type": "title", "title": [{"type": "text", "plain_text": name}]},
                           "Status": {"id": "a", "type": "status", "status": {"id": "1", "name": status}}}}


@pytest.fixture(scope="module")
def app():
    running = Described("notion").start()
    running.answers["getSelf"] = WHO
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    with serving(tmp_path_factory.mktemp("notion") / "data", app, "notion", "NOTES", "/v1/users/me", "--revoke-url", f"{app.url}/revoke") as running:
        yield running


@pytest.fixture(scope="module")
def wire(server):
    return signed_in(server, "ada", "notes", "NOTES")


def test_signing_in_names_the_client_in_the_header_and_sends_json(app, wire):
    (asked,) = app.asked_consent
    assert asked["owner"] == "user" and asked["response_type"] == "code"
    assert not {"scope", "code_challenge"} & set(asked)
    exchange = app.exchanges[0]
    assert exchange["kind"] == "application/json" and exchange["authorization"] == basic()
    assert set(exchange["asked"]) == {"grant_type", "code", "redirect_uri"}
    (who,) = [asked for asked in app.sent if asked["operation"] == "getSelf"]
    assert who["headers"]["notion-version"] == "2025-09-03"


def test_the_official_client_reads_and_changes_rows(app, wire):
    app.answers["getDatabase"] = {"object": "database", "id": "db", "data_sources": [{"id": "d", "name": "Tasks"}]}
    app.answers["queryDataSource"] = {"object": "list", "results": [row("Buy milk", "Open")], "next_cursor": "c-2", "has_more": True}
    app.answers["createPage"] = lambda asked: {"object": "page", "id": PAGE, "url": "https://www.notion.so/new"}
    app.answers["updateBlock"] = {"object": "block", "id": "b", "type": "to_do"}
    title = {"Name": {"title": [{"text": {"content": "Buy oat milk"}}]}}
    seen = official(
        wire,
        ["notion_database_query", {"database_id": "db", "filter": {"property": "Status", "status": {"equals": "Open"}}}],
        ["notion_database_insert_row", {"database_id": "db", "properties": title}],
        ["notion_block_update", {"block_id": "b", "type": "to_do", "text": "é" * 2001}],
    )
    assert len(seen["tools"]) == 51
    assert [call["is_error"] for call in seen["calls"]] == [False, False, False], (seen["calls"], app.refused)
    rows = json.loads(seen["calls"][0]["text"])
    assert rows["results"][0]["title"] == "Buy milk" and rows["results"][0]["properties"] == {"Status": "Open"}
    assert rows["next_start_cursor"] == "c-2" and rows["data_sources"] == [{"id": "d", "name": "Tasks"}]
    asked = {one["operation"]: one for one in app.sent}
    assert asked["queryDataSource"]["path"] == "/v1/data_sources/d/query"
    assert asked["createPage"]["body"] == {"parent": {"type": "database_id", "database_id": "db"}, "properties": title}
    pieces = asked["updateBlock"]["body"]["to_do"]["rich_text"]
    assert [len(piece["text"]["content"]) for piece in pieces] == [2000, 1]


def test_what_the_vendor_would_refuse_is_refused_here_and_told(app, wire):
    before = len(app.refused)
    (call,) = official(wire, ["notion_view_create", {"data_source_id": "d", "name": "V", "type": "table", "view_id": "v", "placement": {"type": "beside"}}])["calls"]
    assert call["is_error"] and "body.placement.type is none of" in call["text"]
    assert len(app.refused) == before + 1
    (call,) = official(wire, ["notion_page_get", {"page_id": "../users/me"}])["calls"]
    assert call["is_error"] and app.sent[-1]["operation"] != "getSelf"


def test_an_argument_can_name_another_version_of_the_api(app, wire):
    app.answers["listComments"] = {"object": "list", "results": [], "next_cursor": None, "has_more": False}
    (call,) = official(wire, ["notion_comments_fetch", {"block_id": PAGE, "notion_version": "2026-03-11"}])["calls"]
    assert not call["is_error"], call
    assert app.sent[-1]["headers"]["notion-version"] == "2026-03-11"


def test_a_token_that_has_ended_is_renewed_once_by_the_token_that_came_with_it(app, wire):
    app.answers["getPage"] = row("Buy milk", "Done")
    app.ended.add(f"access-{app.count}")
    (call,) = official(wire, ["notion_page_get", {"page_id": PAGE}])["calls"]
    assert not call["is_error"], call
    assert json.loads(call["text"])["title"] == "Buy milk"
    exchange = app.exchanges[-1]
    assert exchange["asked"] == {"grant_type": "refresh_token", "refresh_token": f"refresh-{app.count - 1}"}
    assert exchange["kind"] == "application/json" and exchange["authorization"] == basic()


def test_another_workspace_is_another_account_and_replaces_nothing_unasked(app, server, wire):
    """Notion lets whoever signs in pick the workspace anew; the same person in another one is asked about."""
    (account,) = server.cli_json("account", "list", "--identifier", "ada")
    link = server.api("POST", "/api/v1/connected_accounts/magic_link", {"connector": "NOTES", "identifier": "ada"})["link"]
    elsewhere = json.loads(json.dumps(WHO))
    elsewhere["bot"] |= {"workspace_id": "w-2", "workspace_name": "Work"}
    app.answers["getSelf"] = elsewhere
    walker = Walker()
    walker.open(link)
    walker.submit("continue")
    assert "This is another account" in walker.text and "ada@example.com, Work" in walker.text, walker.text
    (same,) = server.cli_json("account", "list", "--identifier", "ada")
    assert same["subject"] == account["subject"], same
    walker.submit("replace")
    (moved,) = server.cli_json("account", "list", "--identifier", "ada")
    assert moved["id"] == account["id"] and moved["subject"] != account["subject"], moved
    app.answers["getSelf"] = WHO
    # The grant that was replaced ends, in a task that the person does not wait for.
    until(lambda: app.revoked)
    assert [json.loads(body) for *_, body in app.revoked] == [{"token": f"refresh-{app.count - 1}"}]


def test_ending_the_account_revokes_it_at_notion(app, server, wire):
    (account,) = server.cli_json("account", "list", "--identifier", "ada")
    server.cli("account", "disconnect", account["id"])
    kind, authorization, body = app.revoked[-1]
    assert kind == "application/json" and authorization == basic()
    assert json.loads(body) == {"token": f"refresh-{app.count}"}
