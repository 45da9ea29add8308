"""Linear's tools through the official MCP client, against an app made from the schema in Linear's own SDK and read by
graphql-core, which nobody here wrote: it refuses documents and variables that the schema does not have."""

import json
import subprocess

import graphql
import pytest
from graphql.execution.values import get_variable_values

from kit.described import SECRET, Described
from kit.places import SCRIPTS, python
from kit.server import clean_environment
from kit.signed_in import official, serving, signed_in

TEAM, TODO, DOING = {"id": "t-1", "key": "ENG", "name": "Engineering"}, {"id": "s-1", "name": "Todo"}, {"id": "s-2", "name": "In Progress"}
STATES = {state["id"]: state for state in (TODO, DOING)}
PRIORITIES = ["No priority", "Urgent", "High", "Medium", "Low"]


class Linear(Described):
    """Documents are validated and executed by graphql-core, over issues that are kept. What a test has in `answers`, by the
    field of the root, is answered instead."""

    def __init__(self):
        super().__init__("linear")
        self.schema = graphql.build_schema("\n".join(self.digest["graphql"]))
        self.issues = {}

    def misfits(self, operation, query, body):
        document = graphql.parse(body["query"])
        wrong = graphql.validate(self.schema, document)
        (asked,) = document.definitions
        names = {one.variable.name.value for one in asked.variable_definitions or []}
        variables = body.get("variables", {})
        if not wrong:
            given = get_variable_values(self.schema, asked.variable_definitions or [], variables)
            wrong = given if isinstance(given, list) else []
        return [error.message for error in wrong] + [f"no variable {name}" for name in set(variables) - names]

    def refusal(self, wrong):
        return {"errors": [{"message": "; ".join(wrong), "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}

    def reply(self, asked):
        document, variables = graphql.parse(asked["body"]["query"]), asked["body"].get("variables", {})
        (field,) = document.definitions[0].selection_set.selections
        if field.name.value in self.answers:
            return self.answers[field.name.value]
        root = {name: getattr(self, name) for name in ("viewer", "issue", "issueCreate", "issueUpdate", "issueDelete")}
        done = graphql.execute(self.schema, document, root_value=root, variable_values=variables, field_resolver=resolved)
        return done.formatted

    def viewer(self):
        return {"id": "u-1", "email": "ada@example.com"}

    def found(self, id):
        for issue in self.issues.values():
            if id in (issue["id"], issue["identifier"]):
                return issue
        raise graphql.GraphQLError("Entity not found: Issue", extensions={"code": "INPUT_ERROR", "type": "invalid input"})

    def issue(self, id):
        return self.found(id)

    def issueCreate(self, input):
        number = len(self.issues) + 1
        kept = {"id": f"i-{number}", "identifier": f"ENG-{number}", "url": f"https://linear.app/x/issue/ENG-{number}", "state": TODO}
        self.issues[kept["id"]] = kept
        return {"success": True, "issue": self.changed(kept, input)}

    def issueUpdate(self, id, input):
        return {"success": True, "issue": self.changed(self.found(id), input)}

    def issueDelete(self, id):
        del self.issues[self.found(id)["id"]]
        return {"success": True}

    def changed(self, kept, input):
        kept |= {name: value for name, value in input.items() if name in ("title", "description", "estimate")}
        kept |= {"team": TEAM} if "teamId" in input else {}
        kept |= {"state": STATES[input["stateId"]]} if "stateId" in input else {}
        kept |= {"priorityLabel": PRIORITIES[input.get("priority", kept.get("priority", 0))]}
        return kept


def resolved(source, info, **arguments):
    """A member of what is kept; of what nobody said, the emptiest value that the schema takes."""
    value = source.get(info.field_name) if isinstance(source, dict) else None
    if callable(value):
        return value(**arguments)
    if value is None and graphql.is_non_null_type(info.return_type):
        kind = info.return_type.of_type
        empty = {"Boolean": False, "Int": 0, "Float": 0, "DateTime": "2026-11-20T09:00:00Z"}
        return [] if graphql.is_list_type(kind) else {} if graphql.is_object_type(kind) else empty.get(kind.name, "")
    return value


@pytest.fixture(scope="module")
def app():
    running = Linear().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    with serving(tmp_path_factory.mktemp("linear") / "data", app, "linear", "ISSUES", "/graphql", "--revoke-url", f"{app.url}/revoke") as running:
        yield running


@pytest.fixture(scope="module")
def wire(server):
    return signed_in(server, "ada", "issues", "ISSUES")


def test_signing_in_asks_for_scopes_with_commas_and_who_it_is_in_graphql(app, wire):
    (asked,) = app.asked_consent
    assert asked["actor"] == "user" and asked["prompt"] == "consent" and asked["code_challenge_method"] == "S256"
    assert "read" in asked["scope"].split(",")
    exchange = app.exchanges[0]
    assert exchange["kind"] == "application/x-www-form-urlencoded" and exchange["asked"]["client_secret"] == SECRET
    (who,) = [asked for asked in app.sent if "viewer" in asked["body"]["query"]]
    assert who["body"] == {"query": "{ viewer { id email } }"}


LISTED = {"id": "i-1", "identifier": "ENG-1", "title": "Fix the login page", "url": "https://linear.app/x", "priorityLabel": "High",
          "estimate": None, "dueDate": None, "updatedAt": "2026-11-20T09:00:00Z", "state": {"name": "Todo"}, "assignee": None,
          "team": {"key": "ENG"}}
HOSTILE = 'x") { id } } mutation { teamDelete(id: "t") { success } } #'


def test_an_issue_is_made_read_back_changed_and_deleted(app, wire):
    calls = [
        ["made", "linear_issue_create", {"teamId": "t-1", "title": HOSTILE, "description": "As *Markdown*.", "priority": "urgent"}],
        ["read", "linear_issue_get", {"issueId": "$made.identifier"}],
        ["changed", "linear_issue_update", {"issueId": "$made.id", "title": "Fix it", "stateId": "s-2"}],
        ["again", "linear_issue_get", {"issueId": "$made.id"}],
        ["deleted", "linear_issue_delete", {"issueId": "$made.id"}],
        ["gone", "linear_issue_get", {"issueId": "$made.id"}],
    ]
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    said = json.loads(ran.stdout)
    done = {name: answer.get("done") for name, answer in said.items()}
    assert done["made"]["title"] == HOSTILE and done["made"]["state"] == "Todo", (said, app.refused)
    assert {"title": HOSTILE, "description": "As *Markdown*.", "priority": "Urgent"}.items() <= done["read"].items()
    assert done["changed"]["title"] == "Fix it" and done["changed"]["state"] == "In Progress"
    assert done["again"]["title"] == "Fix it" and done["again"]["description"] == "As *Markdown*.", "what was not given stays"
    assert done["deleted"] == {"done": True} and "Entity not found" in said["gone"]["failed"]
    # What a model writes is in the variables and nowhere else.
    assert all("teamDelete" not in one["body"]["query"] for one in app.sent)


def test_the_official_client_lists_issues(app, wire):
    app.answers["issues"] = {"data": {"issues": {"nodes": [LISTED], "pageInfo": {"hasNextPage": True, "endCursor": "c-2"}}}}
    filters = {"assignee": "me", "state": "started", "labels": ["Bug"], "priority": "high", "first": 5}
    seen = official(wire, ["linear_issues_list", filters])
    assert len(seen["tools"]) == 62
    assert not seen["calls"][0]["is_error"], (seen["calls"], app.refused)
    listed = json.loads(seen["calls"][0]["text"])
    assert listed["issues"][0]["identifier"] == "ENG-1" and listed["next_after"] == "c-2"
    assert app.sent[-1]["body"]["variables"] == {"first": 5, "filter": {
        "assignee": {"isMe": {"eq": True}}, "labels": {"some": {"name": {"in": ["Bug"]}}}, "priority": {"eq": 2},
        "state": {"or": [{"name": {"eqIgnoreCase": "started"}}, {"type": {"eq": "started"}}]}}}


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
    del app.answers["issue"], app.answers["viewer"]


def test_what_the_schema_does_not_have_is_refused_by_the_app(app, wire):
    (call,) = official(wire, ["linear_graphql_query", {"query": "query { viewer { nmae } }"}])["calls"]
    assert call["is_error"] and "nmae" in call["text"]


def test_a_refresh_token_is_used_once(app, wire):
    app.answers["issues"] = {"data": {"issues": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}}
    app.ended.add(f"access-{app.count}")
    (call,) = official(wire, ["linear_issues_list", {}])["calls"]
    assert not call["is_error"], call
    exchange = app.exchanges[-1]
    assert exchange["asked"]["refresh_token"] == f"refresh-{app.count - 1}" and exchange["asked"]["client_secret"] == SECRET
    (call,) = official(wire, ["linear_issues_list", {}])["calls"]
    assert not call["is_error"] and app.exchanges[-1] == exchange, "the new one serves from then on"


def test_ending_the_account_revokes_the_newest_token_at_linear(app, server, wire):
    (account,) = server.cli_json("account", "list", "--identifier", "ada")
    server.cli("account", "disconnect", account["id"])
    ((kind, _, body),) = app.revoked
    assert kind == "application/x-www-form-urlencoded" and f"token=refresh-{app.count}" in body
