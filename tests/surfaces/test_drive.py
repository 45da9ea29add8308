"""Drive at the provider lab, through the official Python client: files with what is in them made, found, read, changed,
moved, shared, commented on and deleted. And who reaches all tools of a connection: a call that lacks a scope gives the
link that asks for it, and works after that."""

import base64
import json
import subprocess

import pytest

from kit.connected import at_lab, connected
from kit.places import SCRIPTS, python
from kit.server import Server, clean_environment
from kit.walker import Walker

AUTH = "https://www.googleapis.com/auth/"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo of this file's own, with connections to Drive and to a mailbox that asks for fixed scopes."""
    server = Server(tmp_path_factory.mktemp("drive") / "data").start()
    at_lab(server, "googledrive", "MY_DRIVE")
    at_lab(server, "gmail", "FIXED", "--scope", "openid", "--scope", f"{AUTH}gmail.readonly")
    yield server
    server.stop()


def session(demo, family, calls):
    """The answers by name, of a user who has just the tools that are called."""
    calls = [[name, f"googledrive_{tool}", arguments] for name, tool, arguments in calls]
    tools = list(dict.fromkeys(tool for _, tool, _ in calls))
    wire = connected(demo, f"drive-{family}", f"drive-{family}", [{"connection_name": "MY_DRIVE", "tools": tools}])
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    return json.loads(ran.stdout)


def done(answers, *but):
    """The data of the calls, of which only those named may have failed."""
    failed = {name: answer["failed"] for name, answer in answers.items() if "failed" in answer}
    assert set(failed) == set(but), failed
    return {name: answer.get("done") for name, answer in answers.items()} | failed


def test_a_files_life(demo):
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n\x00\xff").decode()
    said = done(session(demo, "life", [
        ["folder", "create_folder", {"name": "Trip"}],
        ["text", "create_file", {
            "name": "plan.md", "mime_type": "text/markdown", "content": "# Plan\n\nGrüße, it's \"Zoë\".",
            "parent_folder_id": "$folder.id"}],
        ["document", "create_file", {
            "name": "Plan", "mime_type": "application/vnd.google-apps.document", "content": "# Plan",
            "content_type": "text/markdown"}],
        ["picture", "create_file", {"name": "cat.png", "content_base64": picture}],
        ["read", "export_file", {"file_id": "$text.id", "mime_type": "text/plain"}],
        ["exported", "export_file", {"file_id": "$document.id", "mime_type": "text/plain"}],
        ["bytes", "export_file", {"file_id": "$picture.id", "mime_type": "image/png"}],
        ["found", "search_content", {"search_term": "it's \"Zoë\""}],
        ["queried", "search_files", {"query": "name contains 'plan' and 'me' in owners", "order_by": "name", "page_size": 1}],
        ["renamed", "update_file_metadata", {"file_id": "$text.id", "name": "plan-2.md", "starred": True}],
        ["moved", "move_file", {"file_id": "$picture.id", "new_parent_id": "$folder.id"}],
        ["inside", "list_folder_contents", {"folder_id": "$folder.id"}],
        ["copy", "copy_file", {"file_id": "$text.id", "name": "copy.md"}],
        ["binned", "trash_file", {"file_id": "$copy.id"}],
        ["back", "untrash_file", {"file_id": "$copy.id"}],
        ["details", "get_file_metadata", {"file_id": "$copy.id"}],
        ["deleted", "delete_file", {"file_id": "$copy.id"}],
        ["gone", "get_file_metadata", {"file_id": "$copy.id"}],
        ["again", "trash_file", {"file_id": "$picture.id"}],
        ["emptied", "empty_trash", {}],
        ["about", "get_about", {}],
        ["wrong", "search_files", {"query": "name is plan"}],
    ]), "gone", "wrong")
    assert said["read"]["text"] == "# Plan\n\nGrüße, it's \"Zoë\"." and said["read"]["mime_type"] == "text/markdown"
    assert said["exported"]["text"] == "# Plan" and said["document"]["mimeType"].endswith("document")
    assert base64.b64decode(said["bytes"]["data"]) == base64.b64decode(picture) and said["bytes"]["size"] == 10
    assert [file["id"] for file in said["found"]["files"]] == [said["text"]["id"]]
    assert len(said["queried"]["files"]) == 1 and said["queried"]["next_page_token"]
    assert said["renamed"]["name"] == "plan-2.md" and said["renamed"]["starred"]
    assert [file["name"] for file in said["inside"]["files"]] == ["cat.png", "plan-2.md"]
    assert (said["binned"]["trashed"], said["back"]["trashed"], said["details"]["trashed"]) == (True, False, False)
    assert said["emptied"] == {"emptied": True} and said["about"]["user"]["emailAddress"] == "alex@lab.example"
    assert "404" in said["gone"] and "400" in said["wrong"]


def test_a_long_text_is_read_in_portions(demo):
    text = "".join(f"line {number} of many, in ÄÖÜ\n" for number in range(2000))
    said = done(session(demo, "portions", [
        ["made", "create_file", {"name": "long.txt", "content": text}],
        ["one", "export_file", {"file_id": "$made.id", "mime_type": "text/plain"}],
        ["two", "export_file", {"file_id": "$made.id", "mime_type": "text/plain", "offset": "$one.next_offset"}],
        ["three", "export_file", {"file_id": "$made.id", "mime_type": "text/plain", "offset": "$two.next_offset"}],
    ]))
    assert said["one"]["text"] + said["two"]["text"] + said["three"]["text"] == text
    assert "next_offset" not in said["three"]


def test_sharing_and_comments(demo):
    said = done(session(demo, "sharing", [
        ["file", "create_file", {"name": "Offer", "content": "500"}],
        ["shared", "share_file", {
            "file_id": "$file.id", "type": "user", "role": "reader", "email_address": "sam@lab.example",
            "send_notification_email": False}],
        ["wider", "update_permission", {"file_id": "$file.id", "permission_id": "$shared.id", "role": "writer"}],
        ["one", "get_permission", {"file_id": "$file.id", "permission_id": "$shared.id"}],
        ["all", "list_permissions", {"file_id": "$file.id"}],
        ["asked", "create_comment", {"file_id": "$file.id", "content": "Is this final?"}],
        ["answered", "create_reply", {
            "file_id": "$file.id", "comment_id": "$asked.id", "content": "It is.", "action": "resolve"}],
        ["reworded", "update_reply", {
            "file_id": "$file.id", "comment_id": "$asked.id", "reply_id": "$answered.id", "content": "Yes."}],
        ["thread", "get_comment", {"file_id": "$file.id", "comment_id": "$asked.id"}],
        ["replies", "list_replies", {"file_id": "$file.id", "comment_id": "$asked.id"}],
        ["comments", "list_comments", {"file_id": "$file.id"}],
        ["removed", "delete_comment", {"file_id": "$file.id", "comment_id": "$asked.id"}],
        ["none", "list_comments", {"file_id": "$file.id"}],
        ["unshared", "delete_permission", {"file_id": "$file.id", "permission_id": "$shared.id"}],
        ["nobody", "get_permission", {"file_id": "$file.id", "permission_id": "$shared.id"}],
        ["nowhere", "share_file", {"file_id": "$file.id", "type": "user", "role": "reader"}],
    ]), "nobody", "nowhere")
    assert said["one"] == {**said["shared"], "role": "writer"} and said["one"]["emailAddress"] == "sam@lab.example"
    assert [rule["role"] for rule in said["all"]["permissions"]] == ["owner", "writer"]
    assert said["thread"]["resolved"] and said["thread"]["replies"][0]["content"] == "Yes."
    assert said["replies"]["replies"][0]["author"]["me"] and len(said["comments"]["comments"]) == 1
    assert said["none"]["comments"] == [] and "404" in said["nobody"] and "400" in said["nowhere"]


def follow(demo, words):
    """The link in an answer, followed to its end."""
    (link,) = [word for word in words.split() if f"{demo.url}/connect/" in word]
    Walker().connect(link)


def test_who_reaches_all_tools_is_asked_for_more_when_a_call_needs_it(demo):
    wire = connected(demo, "all-gmail", "all-gmail", [{"connection_name": "MY_GMAIL", "tools": []}])
    mail = wire.done("gmail_fetch_mails", max_results=1, query="in:inbox")["messages"][0]["id"]
    words = wire.refused("gmail_trash_message", message_id=mail)
    assert f"{AUTH}gmail.modify" in words
    follow(demo, words)
    assert "TRASH" in wire.done("gmail_trash_message", message_id=mail)["labelIds"]
    words = wire.refused("gmail_create_filter", **{"from": "news@example.com", "should_archive": True})
    assert "gmail.settings.basic" in words
    follow(demo, words)
    wire.done("gmail_create_filter", **{"from": "news@example.com", "should_archive": True})
    # The second consent took nothing of the first away.
    assert "TRASH" not in wire.done("gmail_untrash_message", message_id=mail)["labelIds"]


def test_what_the_app_itself_misses_is_asked_for_too(demo):
    """With `drive.file` Drive lets an app change what it made, and says of other files that the consent is missing."""
    wire = connected(demo, "all-drive", "all-drive", [{"connection_name": "MY_DRIVE", "tools": []}])
    own = wire.done("googledrive_create_file", name="ours.txt", content="x")["id"]
    assert wire.done("googledrive_update_file_metadata", file_id=own, starred=True)["starred"]
    budget = wire.done("googledrive_search_files", query="name = 'budget.csv'")["files"][0]["id"]
    words = wire.refused("googledrive_share_file", file_id=budget, type="anyone", role="reader")
    follow(demo, words)
    assert wire.done("googledrive_share_file", file_id=budget, type="anyone", role="reader")["type"] == "anyone"


def test_where_a_granted_scope_was_not_enough_the_next_one_is_asked_for(demo):
    """Into a folder that the app did not make it may put nothing with `drive.file`, which was granted: asking for that again
    would lead nowhere."""
    wire = connected(demo, "into-drive", "into-drive", [{"connection_name": "MY_DRIVE", "tools": []}])
    folder = wire.done("googledrive_search_files", query="name = 'Planning'")["files"][0]["id"]
    words = wire.refused("googledrive_create_folder", name="Maps", parent_folder_id=folder)
    follow(demo, words)
    assert wire.done("googledrive_create_folder", name="Maps", parent_folder_id=folder)["id"]


def test_a_connection_with_scopes_of_its_own_says_that_nobody_can_consent_to_more(demo):
    wire = connected(demo, "fixed", "fixed", [{"connection_name": "FIXED", "tools": []}])
    mail = wire.done("gmail_fetch_mails", max_results=1)["messages"][0]["id"]
    words = wire.refused("gmail_trash_message", message_id=mail)
    assert "gmail.modify" in words and "FIXED" in words and "/connect/" not in words
