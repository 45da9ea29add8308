"""GitHub's issues at the provider lab, through the official MCP client; and signing in as GitHub has it, at a stand-in: the
token endpoint answers in forms and fails with status 200, an OAuth App's tokens do not end, a GitHub App's rotate."""

import json
import subprocess
from urllib.parse import urlencode

import pytest

from kit.connected import at_lab, connected
from kit.described import Described
from kit.places import SCRIPTS, python
from kit.server import Server, clean_environment
from kit.signed_in import serving, signed_in

ADA = {"login": "ada", "id": 1, "type": "User"}


class GitHub(Described):
    """`rotates` is whether it is a GitHub App that signs in."""

    def __init__(self):
        super().__init__("github")
        self.rotates = False

    def granted(self, asked):
        tokens = {**self.tokens(), "scope": "repo,gist"}
        if not self.rotates:
            del tokens["refresh_token"]
        tokens |= {"expires_in": "28800", "refresh_token_expires_in": "15897600"} if self.rotates else {}
        return 200, "application/x-www-form-urlencoded; charset=utf-8", urlencode(tokens)

    def ended_grant(self):
        return 200, "application/x-www-form-urlencoded; charset=utf-8", urlencode({"error": "bad_refresh_token", "error_description": "Gone."})

    def unauthorized(self):
        return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}

    def refusal(self, wrong):
        return {"message": "; ".join(wrong)}


@pytest.fixture(scope="module")
def app():
    running = GitHub().start()
    running.answers |= {"users/get-authenticated": ADA, "issues/get": {"number": 1, "title": "It rains", "state": "open", "user": ADA}}
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    with serving(tmp_path_factory.mktemp("github") / "data", app, "github", "CODE", "/user") as running:
        yield running


TOOLS = ["github_issue_get", "github_repo_get"]


def code(server, user):
    return signed_in(server, user, f"code-{user}", "CODE", TOOLS)


def account(server, user):
    (found,) = server.cli_json("account", "list", "--identifier", user)
    return found


def test_a_token_that_does_not_end_is_used_until_it_is_refused(app, server):
    wire = code(server, "ada")
    where = {"owner": "o", "repo": "r", "issue_number": 1}
    assert wire.done("github_issue_get", **where)["title"] == "It rains"
    # What is answered in a form says no end, and nothing is renewed.
    assert app.exchanges[-1]["asked"]["grant_type"] == "authorization_code"
    # A token that was revoked at GitHub cannot be renewed: the answer says how to sign in again.
    app.ended.add(f"access-{app.count}")
    before = len(app.exchanges)
    words = wire.refused("github_issue_get", **where)
    assert "/connect/" in words and len(app.exchanges) == before, words
    assert account(server, "ada")["status"] == "EXPIRED"


def test_a_github_apps_tokens_rotate_and_their_end_is_told_with_status_200(app, server):
    app.rotates = True
    app.answers["repos/get"] = {"full_name": "o/r", "name": "r", "private": False}
    wire = code(server, "eve")
    app.ended.add(f"access-{app.count}")
    wire.done("github_repo_get", owner="o", repo="r")
    assert app.exchanges[-1]["asked"]["refresh_token"] == f"refresh-{app.count - 1}"
    wire = code(server, "fay")
    app.ended.add(f"access-{app.count}")
    app.count += 1  # What the app holds valid from here on nobody was given.
    assert "/connect/" in wire.refused("github_repo_get", owner="o", repo="r")
    assert account(server, "fay")["status"] == "EXPIRED"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A demo with a connection to the lab's GitHub, where Alex owns the repository `alex/boat`."""
    running = Server(tmp_path_factory.mktemp("github-lab") / "data").start()
    at_lab(running, "github", "LAB", identity="/user")
    yield running
    running.stop()


def at(lab, user, calls, account=1):
    """What the official client is answered, by name; `account` is whose of the lab's people it is."""
    calls = [[name, f"github_{tool}", {"owner": "alex", "repo": "boat", **arguments}] for name, tool, arguments in calls]
    tools = list(dict.fromkeys(tool for _, tool, _ in calls))
    wire = connected(lab, user, user, [{"connection_name": "LAB", "tools": tools}], account)
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    said = json.loads(ran.stdout)
    return {name: answer.get("done", answer.get("failed")) for name, answer in said.items()}


def test_an_issues_life(lab):
    title, body = "Fix `{{ login }}` & the \"rest\"", "Grüße\r\n# A heading"
    this, said = {"issue_number": "$made.number"}, {"comment_id": "$said.id"}
    seen = at(lab, "alex", [
        ["made", "issue_create", {"title": title, "body": body, "labels": ["bug", "Wish"], "assignees": ["sam"]}],
        ["read", "issue_get", this],
        ["said", "issue_comment_create", {**this, "body": "Done."}],
        ["reworded", "issue_comment_update", {**said, "body": "Done, I think."}],
        ["comments", "issue_comments_list", this],
        ["labels", "issue_labels_set", {**this, "labels": ["wish"]}],
        ["closed", "issue_update", {**this, "state": "closed", "state_reason": "completed"}],
        ["open", "issues_list", {}],
        ["again", "issue_get", this],
        ["deleted", "issue_comment_delete", said],
        ["none", "issue_comments_list", this],
        ["first", "issues_list", {"state": "all", "per_page": 1}],
        ["second", "issues_list", {"state": "all", "per_page": 1, "page": "$first.next_page"}],
        ["gone", "issue_get", {"issue_number": 4711}],
        ["missing", "issue_comment_delete", said],
        ["empty", "issue_create", {"title": " "}],
    ])
    read = seen["read"]
    assert (read["title"], read["body"], read["labels"], read["author"]) == (title, body, ["bug", "Wish"], "alex")
    assert read["assignees"] == ["sam"] and read["state"] == "open"
    assert [one["body"] for one in seen["comments"]["comments"]] == ["Done, I think."]
    assert (seen["again"]["state"], seen["again"]["title"], seen["again"]["labels"]) == ("closed", title, ["Wish"])
    assert [one["title"] for one in seen["open"]["issues"]] == ["The canoe leaks"]
    assert seen["none"] == {"comments": []}
    assert [one["issues"][0]["title"] for one in (seen["first"], seen["second"])] == [title, "The canoe leaks"]
    assert "has no such thing" in seen["gone"] and "has no such thing" in seen["missing"]
    assert "Validation Failed" in seen["empty"]


def test_who_may_not_push_is_told_so_and_who_lacks_a_scope_that(lab):
    seen = at(lab, "sam", [
        ["made", "issue_create", {"title": "It creaks", "labels": ["bug"]}],
        ["read", "issue_get", {"issue_number": "$made.number"}],
        ["label", "label_create", {"name": "creaks"}],
        ["others", "issue_comments_list", {"issue_number": 1}],
        ["not_mine", "issue_comment_delete", {"comment_id": "$others.comments.0.id"}],
    ], account=2)
    assert seen["read"]["labels"] == [] and seen["read"]["author"] == "sam"
    assert "has no such thing" in seen["label"]
    assert "Must have admin rights to Repository" in seen["not_mine"]
