"""GitHub's tools through the official MCP client, against an app made from GitHub's own description that keeps its issues and
comments; and signing in as GitHub has it: the token endpoint answers in forms and fails with status 200, an OAuth App's tokens
do not end, a GitHub App's rotate."""

import json
import subprocess
from urllib.parse import urlencode

import pytest

from kit.described import Described
from kit.places import SCRIPTS, python
from kit.server import clean_environment
from kit.signed_in import serving, signed_in

ADA = {"login": "ada", "id": 1, "type": "User"}


class GitHub(Described):
    """`rotates` is whether it is a GitHub App that signs in."""

    def __init__(self):
        super().__init__("github")
        self.issues, self.comments, self.rotates = {}, {}, False

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

    def reply(self, asked):
        kept = {
            "issues/create": self.created, "issues/get": self.issue, "issues/update": self.updated,
            "issues/create-comment": self.commented, "issues/list-comments": self.listed, "issues/delete-comment": self.deleted,
        }
        return kept[asked["operation"]](asked) if asked["operation"] in kept else super().reply(asked)

    def created(self, asked):
        number = len(self.issues) + 1
        body = {**asked["body"], "labels": [{"name": name} for name in asked["body"].get("labels", [])]}
        self.issues[number] = {"number": number, "state": "open", "user": ADA, "html_url": f"https://github.com/o/r/issues/{number}", **body}
        return self.issues[number]

    def issue(self, asked):
        return self.issues[int(asked["path"].split("/")[5])]

    def updated(self, asked):
        self.issue(asked).update(asked["body"])
        return self.issue(asked)

    def commented(self, asked):
        number = len(self.comments) + 1
        self.comments[number] = {"id": number, "user": ADA, "html_url": f"https://github.com/o/r/issues/1#{number}", **asked["body"]}
        return self.comments[number]

    def listed(self, asked):
        return list(self.comments.values())

    def deleted(self, asked):
        del self.comments[int(asked["path"].split("/")[6])]


@pytest.fixture(scope="module")
def app():
    running = GitHub().start()
    running.answers["users/get-authenticated"] = ADA
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    with serving(tmp_path_factory.mktemp("github") / "data", app, "github", "CODE", "/user") as running:
        yield running


TOOLS = ["github_issue_create", "github_issue_get", "github_issue_update", "github_issue_comment_create",
         "github_issue_comments_list", "github_issue_comment_delete", "github_repo_get"]


def code(server, user):
    return signed_in(server, user, f"code-{user}", "CODE", TOOLS)


def account(server, user):
    (found,) = server.cli_json("account", "list", "--identifier", user)
    return found


def test_an_issues_life_with_a_token_that_does_not_end(app, server):
    wire = code(server, "ada")
    where = {"owner": "o", "repo": "r"}
    title, body = "Fix `{{ login }}` & the \"rest\"", "Grüße\r\n# A heading"
    calls = [
        ["made", "github_issue_create", {**where, "title": title, "body": body, "labels": ["bug"]}],
        ["read", "github_issue_get", {**where, "issue_number": "$made.number"}],
        ["changed", "github_issue_update", {**where, "issue_number": "$made.number", "state": "closed", "state_reason": "completed"}],
        ["again", "github_issue_get", {**where, "issue_number": "$made.number"}],
        ["said", "github_issue_comment_create", {**where, "issue_number": "$made.number", "body": "Done."}],
        ["comments", "github_issue_comments_list", {**where, "issue_number": "$made.number"}],
        ["deleted", "github_issue_comment_delete", {**where, "comment_id": "$said.id"}],
        ["none", "github_issue_comments_list", {**where, "issue_number": "$made.number"}],
    ]
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    said = json.loads(ran.stdout)
    assert all("done" in answer for answer in said.values()), (said, app.refused)
    read = said["read"]["done"]
    assert (read["title"], read["body"], read["labels"], read["author"]) == (title, body, ["bug"], "ada")
    assert said["again"]["done"]["state"] == "closed" and said["again"]["done"]["title"] == title
    assert [one["body"] for one in said["comments"]["done"]["comments"]] == ["Done."]
    assert said["none"]["done"] == {"comments": []}
    # What is answered in a form says no end, and nothing is renewed.
    assert app.exchanges[-1]["asked"]["grant_type"] == "authorization_code"
    # A token that was revoked at GitHub cannot be renewed: the answer says how to sign in again.
    app.ended.add(f"access-{app.count}")
    before = len(app.exchanges)
    words = wire.refused("github_issue_get", **where, issue_number=1)
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
