"""Six connectors at emulate, which nobody here wrote: a person signs in through its consent pages in a browser, and the official
MCP client makes, reads, changes and deletes. It looks at no token's end, so nothing of that is shown by it."""

import json
from collections import namedtuple

import pytest

from kit.emulated import ADA, ADAS, CLIENT, DECOY, READER, SECRET, Emulated
from kit.mcp import Wire
from kit.server import Server
from kit.signed_in import official

# A browser's pages and clients' starts, most of the time.
pytestmark = pytest.mark.waits

# Where each connector's sign-in and requests are, at the service that plays it.
APPS = {
    "github": ("github", "/login/oauth/authorize", "/login/oauth/access_token", "/user"),
    "gmail": ("google", "/o/oauth2/v2/auth", "/oauth2/token", "/oauth2/v2/userinfo"),
    "googlecalendar": ("google", "/o/oauth2/v2/auth", "/oauth2/token", "/oauth2/v2/userinfo"),
    "googledrive": ("google", "/o/oauth2/v2/auth", "/oauth2/token", "/oauth2/v2/userinfo"),
    "slack": ("slack", "/oauth/v2/authorize", "/api/oauth.v2.access", "/api/auth.test"),
    "linear": ("linear", "/oauth/authorize", "/oauth/token", "/graphql"),
}


Played = namedtuple("Played", "server apps")


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    """The server, with a connection for each connector, and emulate, which knows where they send people back to."""
    folder = tmp_path_factory.mktemp("emulate")
    apps = Emulated(folder)
    data = folder / "data"
    data.mkdir()
    allowed = [f"localhost:{port}" for port in apps.ports] + [f"127.0.0.1:{port}" for port in apps.ports]
    (data / "valetkey.toml").write_text(f"[outbound]\nallow = {json.dumps(allowed)}\n")
    server = Server(data, "serve").start()
    redirects = []
    for connector, (service, authorize, token, identity) in APPS.items():
        url = apps.urls[service]
        flags = ["--authorize-url", url + authorize, "--token-url", url + token, "--identity-url", url + identity]
        flags += ["--api-base-url", url, "--client-id", CLIENT, "--client-secret-file", "-"]
        server.cli("connection", "create", connector, "--name", connector.upper(), *flags, stdin=SECRET)
        (connection,) = server.cli_json("connection", "get", connector.upper())
        redirects.append(connection["redirect_uri"])
    apps.start(redirects)
    yield Played(server, apps)
    apps.stop()
    server.stop()


def signed_in(server, person, connector, *tools):
    """Ada's tools, after she has signed in as herself; the decoy could be chosen too."""
    tools = [f"{connector}_{tool}" for tool in tools]
    instance = server.instance(ADA, f"with-{connector}", [{"connection_name": connector.upper(), "tools": tools}])
    (entry,) = server.links(instance).values()
    person.open(entry["authentication_link"])
    person.press_continue()
    choice = person.page.locator("button.user-btn")
    choice.first.wait_for()
    assert {DECOY in words for words in choice.all_inner_texts()} == {True, False}
    choice.filter(has_text=ADAS).click()
    (entry,) = server.links(instance).values()
    assert entry["connected_account_status"] == "ACTIVE", person.words()
    return At(Wire(instance["url"]), connector)


class At:
    """An app as the official client sees it; the decoy in an answer is a failure."""

    def __init__(self, wire, connector):
        self.wire, self.connector = wire, connector

    def seen(self, tool, **arguments):
        (seen,) = official(self.wire, (f"{self.connector}_{tool}", arguments))["calls"]
        assert DECOY not in seen["text"], seen
        return seen

    def call(self, tool, **arguments):
        seen = self.seen(tool, **arguments)
        assert not seen["is_error"], seen
        return json.loads(seen["text"])

    def refused(self, tool, **arguments):
        seen = self.seen(tool, **arguments)
        assert seen["is_error"], seen
        return seen["text"]


def test_a_token_that_nobody_was_given_is_the_decoys(emulated):
    """Else no answer could have shown it."""
    seen = emulated.apps.asked("github", "/user", "nonsense")
    assert seen["login"] == DECOY


def test_issues_and_comments_at_github(emulated, person):
    comments = ("issue_comment_create", "issue_comments_list", "issue_comment_delete")
    at = signed_in(emulated.server, person, "github", "issue_create", "issue_get", "issue_update", *comments)
    repo = {"owner": ADA, "repo": "notes"}
    it = repo | {"issue_number": at.call("issue_create", **repo, title="It rains", body="In the cellar.")["number"]}
    kept = at.call("issue_get", **it)
    assert (kept["title"], kept["body"], kept["author"], kept["state"]) == ("It rains", "In the cellar.", ADA, "open")
    comment = at.call("issue_comment_create", **it, body="Still.")
    (listed,) = at.call("issue_comments_list", **it)["comments"]
    assert (listed["id"], listed["body"], listed["author"]) == (comment["id"], "Still.", ADA)
    assert at.call("issue_comment_delete", **repo, comment_id=comment["id"]) == {"deleted": True}
    assert at.call("issue_comments_list", **it) == {"comments": []}
    at.call("issue_update", **it, state="closed", title="It rained")
    kept = at.call("issue_get", **it)
    assert (kept["title"], kept["body"], kept["state"], kept["closed_by"]) == ("It rained", "In the cellar.", "closed", ADA)
    assert "GitHub has no such thing" in at.refused("issue_get", **repo, issue_number=99)


def test_mails_and_drafts_at_google(emulated, person):
    drafts = ("create_draft", "get_draft", "list_drafts", "delete_draft")
    at = signed_in(emulated.server, person, "gmail", "send_message", "get_message_by_id", "fetch_mails", "trash_message", *drafts)
    sent = {"message_id": at.call("send_message", to=ADAS, subject="Grüße", body="Bis morgen.")["id"]}
    kept = at.call("get_message_by_id", **sent)
    assert (kept["subject"], kept["text"], kept["from"]) == ("Grüße", "Bis morgen.", ADAS)
    assert at.call("fetch_mails", query="in:sent")["messages"][0]["subject"] == "Grüße"
    draft = {"draft_id": at.call("create_draft", to=ADAS, subject="Later", body="Nine?")["id"]}
    kept = at.call("get_draft", **draft)
    assert (kept["message"]["subject"], kept["message"]["text"]) == ("Later", "Nine?")
    assert [one["id"] for one in at.call("list_drafts")["drafts"]] == [draft["draft_id"]]
    assert at.call("delete_draft", **draft)["deleted"]
    assert at.call("list_drafts")["drafts"] == []
    assert "TRASH" in at.call("trash_message", **sent)["labelIds"]


def test_events_at_google(emulated, person):
    """One event can't be asked for or changed there."""
    at = signed_in(emulated.server, person, "googlecalendar", "create_event", "list_events", "delete_event")
    begins = {"start_datetime": "2026-11-23T09:00:00", "timezone": "Europe/Berlin", "event_duration_minutes": 45}
    made = at.call("create_event", summary="Review", **begins)
    day = {"time_min": "2026-11-23T00:00:00Z", "time_max": "2026-11-24T00:00:00Z"}
    (kept,) = at.call("list_events", **day)["events"]
    assert (kept["id"], kept["summary"]) == (made["id"], "Review")
    assert (kept["start"]["dateTime"], kept["end"]["dateTime"]) == ("2026-11-23T09:00:00+01:00", "2026-11-23T09:45:00+01:00")
    assert at.call("delete_event", event_id=made["id"])["deleted"]
    assert at.call("list_events", **day)["events"] == []


def test_files_at_google(emulated, person):
    """None can be deleted there, and a search does not look at names."""
    at = signed_in(emulated.server, person, "googledrive", "create_folder", "create_file", "get_file_metadata", "update_file_metadata", "search_files")
    folder = at.call("create_folder", name="Invoices")["id"]
    file = at.call("create_file", name="notes.md", mime_type="text/markdown", content="# Notes", parent_folder_id=folder)["id"]
    kept = at.call("get_file_metadata", file_id=file)
    assert (kept["name"], kept["mimeType"], kept["parents"]) == ("notes.md", "text/markdown", [folder])
    assert at.call("update_file_metadata", file_id=folder, name="Bills")["name"] == "Bills"
    found = {one["id"]: one["name"] for one in at.call("search_files", query="trashed = false")["files"]}
    assert found == {folder: "Bills", file: "notes.md"}


def test_messages_at_slack(emulated, person):
    """Its methods that read take no GET, as Slack's do, so what is there is asked of it directly. It holds calls to the scopes
    that were granted."""
    at = signed_in(emulated.server, person, "slack", "send_message", "update_message", "add_reaction", "delete_message")
    there = at.call("send_message", channel="general", text="Hello")
    channel, message = {"channel": there["channel"]}, {"ts": there["ts"]}
    at.call("update_message", **channel, **message, text="Hello all")
    assert at.call("add_reaction", **channel, name="thumbsup", timestamp=there["ts"]) == {"added": True}
    history = lambda: emulated.apps.asked("slack", "/api/conversations.history", READER, channel)["messages"]
    (kept,) = [one for one in history() if one["ts"] == there["ts"]]
    assert (kept["text"], [one["name"] for one in kept["reactions"]]) == ("Hello all", ["thumbsup"])
    at.call("delete_message", **channel, **message)
    assert all(one["ts"] != there["ts"] for one in history())


def test_issues_at_linear(emulated, person):
    """Its schema lacks much of Linear's own, so an issue is read back by a document of the caller's."""
    at = signed_in(emulated.server, person, "linear", "teams_list", "issue_create", "issue_update", "issue_delete", "graphql_query")
    (team,) = at.call("teams_list")["teams"]
    made = at.call("issue_create", teamId=team["id"], title="Fix the login page")
    assert made["identifier"].startswith("ENG-") and made["state"] == "Todo"
    assert at.call("issue_update", issueId=made["id"], title="Fix the page")["title"] == "Fix the page"
    ask = {"query": "query($id: String!) { issue(id: $id) { title creator { email } } }", "variables": json.dumps({"id": made["id"]})}
    assert at.call("graphql_query", **ask) == {"issue": {"title": "Fix the page", "creator": {"email": ADAS}}}
    assert at.call("issue_delete", issueId=made["id"]) == {"done": True}
    assert at.call("graphql_query", **ask) == {"issue": None}
