"""Linear's tools through the official MCP client, against an app made from the schema in Linear's own SDK and read by
graphql-core, which nobody here wrote: it refuses documents and variables that the schema does not have."""

import json
import subprocess

import graphql
import pytest
from graphql.execution.values import get_variable_values

from kit.described import CLIENT, SECRET, Described
from kit.mcp import Wire
from kit.places import SCRIPTS, python
from kit.server import Server, clean_environment
from kit.walker import Walker

ISSUE = {"id": "i-1", "identifier": "ENG-1", "title": "Fix the login page", "url": "https://linear.app/x", "priorityLabel": "High",
         "estimate": None, "dueDate": None, "updatedAt": "2026-11-20T09:00:00Z", "state": {"name": "Todo"}, "assignee": None, "team": {"key": "ENG"}}


class Linear(Described):
    """`answers` is by root field."""

    def __init__(self):
        super().__init__("linear")
        self.schema = graphql.build_schema("\n".join(self.digest["graphql"]))

    def misfits(self, operation, query, body):
        document = graphql.parse(body["query"])
        wrong = graphql.validate(self.schema, document)
        (asked,) = document.definitions
        names = {one.variable.name.value for one in asked.variable_definitions}
        variables = body.get("variables", {})
        if not wrong:
            given = get_variable_values(self.schema, asked.variable_definitions or [], variables)
            wrong = given if isinstance(given, list) else []
        return [error.message for error in wrong] + [f"no variable {name}" for name in set(variables) - names]

    def refusal(self, wrong):
        return {"errors": [{"message": "; ".join(wrong), "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}

    def reply(self, asked):
        (field,) = graphql.parse(asked["body"]["query"]).definitions[0].selection_set.selections
        answer = self.answers[field.name.value]
        return answer(asked["body"].get("variables", {})) if callable(answer) else answer


@pytest.fixture(scope="module")
def app():
    running = Linear().start()
    running.answers["viewer"] = {"data": {"viewer": {"id": "u-1", "email": "ada@example.com"}}}
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    data = tmp_path_factory.mktemp("linear") / "data"
    data.mkdir()
    (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
    running = Server(data, "serve").start()
    flags = ["--authorize-url", f"{app.url}/authorize", "--token-url", f"{app.url}/token", "--revoke-url", f"{app.url}/revoke"]
    flags += ["--identity-url", f"{app.url}/graphql", "--api-base-url", app.url]
    running.cli("connection", "create", "linear", "--name", "ISSUES", *flags, "--client-id", CLIENT, "--client-secret-file", "-", stdin=SECRET)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def wire(server):
    instance = server.instance("ada", "issues", [{"connection_name": "ISSUES", "tools": []}])
    (entry,) = server.links(instance).values()
    walker = Walker()
    walker.open(entry["authentication_link"])
    walker.submit("continue")
    (entry,) = server.links(instance).values()
    assert entry["connected_account_status"] == "ACTIVE", walker.text
    return Wire(instance["url"])


def official(wire, *calls):
    """What the official Python client sees of these calls."""
    command = [str(python("seed")), str(SCRIPTS / "mcp1.py"), wire.url, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_signing_in_asks_for_scopes_with_commas_and_who_it_is_in_graphql(app, wire):
    (asked,) = app.asked_consent
    assert asked["actor"] == "user" and asked["prompt"] == "consent" and asked["code_challenge_method"] == "S256"
    assert "read" in asked["scope"].split(",")
    exchange = app.exchanges[0]
    assert exchange["kind"] == "application/x-www-form-urlencoded" and exchange["asked"]["client_secret"] == SECRET
    (who,) = [asked for asked in app.sent if "viewer" in asked["body"]["query"]]
    assert who["body"] == {"query": "{ viewer { id email } }"}


def test_the_official_client_lists_and_makes_issues(app, wire):
    app.answers["issues"] = {"data": {"issues": {"nodes": [ISSUE], "pageInfo": {"hasNextPage": True, "endCursor": "c-2"}}}}
    app.answers["issueCreate"] = {"data": {"issueCreate": {"issue": ISSUE}}}
    hostile = 'x") { id } } mutation { teamDelete(id: "t") { success } } #'
    seen = official(
        wire,
        ["linear_issues_list", {"assignee": "me", "state": "started", "labels": ["Bug"], "priority": "high", "first": 5}],
        ["linear_issue_create", {"teamId": "t-1", "title": hostile, "priority": "urgent", "labelIds": ["l-1"]}],
    )
    assert len(seen["tools"]) == 62
    assert [call["is_error"] for call in seen["calls"]] == [False, False], (seen["calls"], app.refused)
    listed = json.loads(seen["calls"][0]["text"])
    assert listed["issues"][0]["identifier"] == "ENG-1" and listed["next_after"] == "c-2"
    asked, made = app.sent[-2:]
    assert asked["body"]["variables"] == {"first": 5, "filter": {
        "assignee": {"isMe": {"eq": True}}, "labels": {"some": {"name": {"in": ["Bug"]}}}, "priority": {"eq": 2},
        "state": {"or": [{"name": {"eqIgnoreCase": "started"}}, {"type": {"eq": "started"}}]}}}
    # What a model writes is in the variables and nowhere else.
    assert made["body"]["variables"]["input"] == {"teamId": "t-1", "title": hostile, "priority": 1, "labelIds": ["l-1"]}
    assert "teamDelete" not in made["body"]["query"]


def test_errors_in_a_good_answer_are_failures_and_a_part_is_told(app, wire):
    missing = {"message": "Entity not found: Issue", "extensions": {"code": "INPUT_ERROR", "type": "invalid input"}}
    app.answers["issue"] = {"data": None, "errors": [missing]}
    who = {"id": "u-1", "name": "Ada", "displayName": "ada", "email": "ada@example.com", "active": True, "admin": False,
           "guest": False, "isMe": True, "timezone": "Europe/Berlin", "organization": None, "teams": {"nodes": []}}
    app.answers["viewer"] = {"data": {"viewer": who}, "errors": [{"message": "No workspace", "extensions": {"code": "FORBIDDEN"}}]}
    failed, part = official(wire, ["linear_issue_get", {"issueId": "ENG-9"}], ["linear_viewer_get", {}])["calls"]
    assert failed["is_error"] and "Entity not found: Issue" in failed["text"] and "Check the id" in failed["text"]
    assert not part["is_error"]
    told = json.loads(part["text"])
    assert told["name"] == "Ada" and "No workspace" in told["not_read"]["reason"]


def test_what_the_schema_does_not_have_is_refused_by_the_app(app, wire):
    (call,) = official(wire, ["linear_graphql_query", {"query": "query { viewer { nmae } }"}])["calls"]
    assert call["is_error"] and "nmae" in call["text"]


def test_refresh_tokens_change_with_every_use(app, wire):
    app.answers["issues"] = {"data": {"issues": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}}
    for _ in range(2):
        app.ended.add(f"access-{app.count}")
        (call,) = official(wire, ["linear_issues_list", {}])["calls"]
        assert not call["is_error"], call
        assert app.exchanges[-1]["asked"]["refresh_token"] == f"refresh-{app.count - 1}"
