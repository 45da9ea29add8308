"""Slack's tools through the official MCP client, against an app made from the digest of Slack's own SDK that keeps its messages;
and signing in as Slack has it: a bot's token and the person's in one answer, tokens that change with every refresh, and
failures in good answers."""

import json
import subprocess
from urllib.parse import parse_qsl

import pytest

from kit.described import Described
from kit.places import SCRIPTS, python
from kit.server import clean_environment
from kit.signed_in import serving, signed_in


class Slack(Described):
    """It has one channel. A person's tokens are `access-N`; the bot's is no good for what these tools do."""

    def __init__(self):
        super().__init__("slack")
        self.messages, self.limited = [], 0
        self.no = None

    def operation(self, method, path):
        """Slack takes both methods for what only asks."""
        return super().operation(method, path) or super().operation("GET", path)

    def granted(self, asked):
        mine = {**self.tokens(), "token_type": "user", "expires_in": 43200, "scope": "chat:write,channels:history"}
        if asked.get("grant_type") == "refresh_token":
            # A refreshed person's token stands in the answer itself.
            return 200, "application/json", json.dumps({"ok": True, **mine})
        bot = {"access_token": "xoxb-of-the-bot", "token_type": "bot", "scope": "chat:write", "bot_user_id": "B1"}
        return 200, "application/json", json.dumps({"ok": True, **bot, "authed_user": {"id": "U1", **mine}, "team": {"id": "T1"}})

    def ended_grant(self):
        return 200, "application/json", json.dumps({"ok": False, "error": "invalid_refresh_token"})

    def unauthorized(self):
        return 200, {"ok": False, "error": "token_expired"}

    def revoking(self, _, body):
        """It takes a good access token, without a word of who sends it, and has one status for all that it says."""
        token = dict(parse_qsl(body.decode()))["token"]
        if self.no or not token.startswith("access-") or token in self.ended:
            return 200, self.no or {"ok": False, "error": "invalid_auth"}, False
        self.ended.add(token)
        return 200, {"ok": True, "revoked": True}, True

    def refusal(self, wrong):
        return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": wrong}}

    def reply(self, asked):
        body, query = asked["body"] or {}, dict(asked["query"])
        if (body.get("channel") or query.get("channel") or "C1") != "C1":
            return {"ok": False, "error": "channel_not_found"}
        if asked["operation"] == "chat.postMessage":
            self.messages.insert(0, {"type": "message", "user": "U1", "ts": f"17638000{len(self.messages):02}.000100", "text": body["text"]})
            return {"ok": True, "channel": "C1", "ts": self.messages[0]["ts"], "message": self.messages[0]}
        if asked["operation"] == "conversations.history":
            return {"ok": True, "messages": self.messages, "response_metadata": {"next_cursor": ""}}
        if asked["operation"] in ("chat.update", "chat.delete"):
            (found,) = [one for one in self.messages if one["ts"] == body["ts"]] or [None]
            if found is None:
                return {"ok": False, "error": "message_not_found"}
            if asked["operation"] == "chat.delete":
                self.messages.remove(found)
            found |= {"text": body["text"]} if "text" in body else {}
            return {"ok": True, "channel": "C1", "ts": body["ts"], "text": found["text"]}
        return super().reply(asked)


@pytest.fixture(scope="module")
def app():
    running = Slack().start()
    running.answers["auth.test"] = {"ok": True, "user_id": "U1", "user": "ada", "team": "Acme", "team_id": "T1"}
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, app):
    with serving(tmp_path_factory.mktemp("slack") / "data", app, "slack", "TEAM", "/api/auth.test", "--revoke-url", f"{app.url}/revoke") as running:
        yield running


def team(server, user):
    return signed_in(server, user, f"team-{user}", "TEAM")


@pytest.fixture(scope="module")
def wire(server):
    return team(server, "ada")


def test_the_persons_token_is_asked_for_and_kept_and_not_the_bots(app, wire):
    (asked,) = app.asked_consent
    assert "chat:write" in asked["user_scope"].split(",") and "scope" not in asked
    (who,) = [one for one in app.sent if one["operation"] == "auth.test"]
    assert who["headers"]["authorization"] == "Bearer access-1"


def test_a_message_is_sent_read_back_changed_and_deleted(app, wire):
    text = "Grüße, <@U2> & {{all}}\r\nX-Evil: 1"
    calls = [
        ["sent", "slack_send_message", {"channel": "C1", "text": text}],
        ["read", "slack_fetch_conversation_history", {"channel": "C1"}],
        ["changed", "slack_update_message", {"channel": "C1", "ts": "$sent.ts", "text": "Done."}],
        ["again", "slack_fetch_conversation_history", {"channel": "C1"}],
        ["deleted", "slack_delete_message", {"channel": "C1", "ts": "$sent.ts"}],
        ["none", "slack_fetch_conversation_history", {"channel": "C1"}],
        ["gone", "slack_update_message", {"channel": "C1", "ts": "$sent.ts", "text": "?"}],
        ["elsewhere", "slack_send_message", {"channel": "C9", "text": "x"}],
    ]
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    said = json.loads(ran.stdout)
    assert not app.refused, app.refused
    (message,) = said["read"]["done"]["messages"]
    assert (message["text"], message["user"]) == (text, "U1"), "as it was written, in its place"
    assert [one["text"] for one in said["again"]["done"]["messages"]] == ["Done."]
    assert said["none"]["done"]["messages"] == []
    # A good status with `ok: false` is a failure, and told as what it is.
    assert "message_not_found" in said["gone"]["failed"] and "Check the id" in said["gone"]["failed"]
    assert "channel_not_found" in said["elsewhere"]["failed"]


def test_a_refresh_token_is_used_once_and_its_end_is_told_with_status_200(app, server, wire):
    app.ended.add(f"access-{app.count}")
    wire.done("slack_fetch_conversation_history", channel="C1")
    assert app.exchanges[-1]["asked"]["refresh_token"] == f"refresh-{app.count - 1}"
    other = team(server, "bob")
    app.ended.add(f"access-{app.count}")
    app.count += 1  # What the app holds valid from here on nobody was given.
    words = other.refused("slack_fetch_conversation_history", channel="C1")
    assert "/connect/" in words, words
    (account,) = server.cli_json("account", "list", "--identifier", "bob")
    assert account["status"] == "EXPIRED", account


def test_ending_an_account_revokes_the_persons_access_token_and_a_good_status_is_no_yes(app, server):
    who, gone, later = app.answers["auth.test"], "its tokens are gone, here and at the vendor", "the vendor has not revoked them yet"
    said = []
    for user, no in [("cleo", None), ("dan", {"ok": False, "error": "access_denied"}), ("eve", {"ok": True, "revoked": False})]:
        # Somebody else each time: what another account may live on is left.
        app.answers["auth.test"], app.no = {**who, "user_id": f"U-{user}", "user": user}, no
        team(server, user)
        (account,) = server.cli_json("account", "list", "--identifier", user)
        said.append(server.cli("account", "disconnect", account["id"]).stdout)
        app.answers["auth.test"], app.no = who, None
        if user == "cleo":
            token = f"access-{app.count}"
    assert [word for word, told in zip([gone, later, later], said) if word not in told] == [], said
    assert app.revoked[0] == ("application/x-www-form-urlencoded", None, f"token={token}"), app.revoked
