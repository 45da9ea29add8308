"""Gmail and Calendar by family: what the official Python client makes it reads back, changes and deletes again, at the
provider lab, which refuses what Google's pages say Google refuses. Each family's config has its tools alone, so that
the consent asks for what they need and no more."""

import json
import re
import subprocess
import urllib.request

import pytest

from kit.connected import connected
from kit.places import SCRIPTS, python
from kit.server import Server, clean_environment

PREFIX = {"MY_GMAIL": "gmail", "MY_CALENDAR": "googlecalendar"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo of this file's own, because it empties a calendar."""
    server = Server(tmp_path_factory.mktemp("google") / "data").start()
    yield server
    server.stop()


def session(demo, family, calls, connection="MY_GMAIL", extra=()):
    """The answers by name, of a user who has just the tools that are called."""
    prefix = PREFIX[connection]
    calls = [[name, f"{prefix}_{tool}", arguments] for name, tool, arguments in calls]
    tools = list(dict.fromkeys([tool for _, tool, _ in calls] + [f"{prefix}_{tool}" for tool in extra]))
    wire = connected(demo, f"google-{family}", f"google-{family}", [{"connection_name": connection, "tools": tools}])
    command = [str(python("seed")), str(SCRIPTS / "families.py"), wire.url, json.dumps(calls)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, env=clean_environment())
    assert ran.returncode == 0, ran.stderr[-4000:]
    return json.loads(ran.stdout)


def done(answers, *but):
    """The data of the calls, of which only those named may have failed."""
    failed = {name: answer["failed"] for name, answer in answers.items() if "failed" in answer}
    assert set(failed) == set(but), failed
    return {name: answer.get("done") for name, answer in answers.items()} | failed


def test_drafts(demo):
    mail = {"to": "sam@lab.example", "subject": "Meeting on Monday", "body": "Shall we meet at nine?"}
    said = done(session(demo, "drafts", [
        ["made", "create_draft", mail],
        ["read", "get_draft", {"draft_id": "$made.id"}],
        ["listed", "list_drafts", {}],
        ["changed", "update_draft", {**mail, "draft_id": "$made.id", "body": "At ten, then."}],
        ["again", "get_draft", {"draft_id": "$made.id"}],
        ["sent", "send_draft", {"draft_id": "$made.id"}],
        ["gone", "get_draft", {"draft_id": "$made.id"}],
        ["other", "create_draft", mail],
        ["deleted", "delete_draft", {"draft_id": "$other.id"}],
        ["none", "list_drafts", {}],
    ]), "gone")
    assert said["read"]["message"]["text"] == "Shall we meet at nine?"
    assert said["read"]["message"]["to"] == "<sam@lab.example>"
    assert said["made"]["id"] in [draft["id"] for draft in said["listed"]["drafts"]]
    assert said["again"]["message"]["text"] == "At ten, then."
    assert said["sent"]["labelIds"] == ["SENT"] and demo.control("GET", "/mail")["sent"][-1]["text"].strip() == "At ten, then."
    assert "404" in said["gone"] and said["deleted"]["deleted"]
    assert said["other"]["id"] not in [draft["id"] for draft in said["none"]["drafts"]]


def test_labels_mails_and_conversations(demo):
    said = done(session(demo, "labels", [
        ["made", "create_label", {"name": "Checked"}],
        ["twice", "create_label", {"name": "checked"}],
        ["renamed", "update_label", {"label_id": "$made.id", "name": "Looked at"}],
        ["mails", "fetch_mails", {"query": "in:inbox", "max_results": 2}],
        ["put", "modify_message_labels", {"message_id": "$mails.messages.0.id", "add_label_ids": ["$made.id"]}],
        ["counted", "get_label", {"label_id": "$made.id"}],
        ["both", "batch_modify_messages", {
            "message_ids": ["$mails.messages.0.id", "$mails.messages.1.id"], "remove_label_ids": ["$made.id"]}],
        ["empty", "get_label", {"label_id": "$made.id"}],
        ["binned", "trash_message", {"message_id": "$mails.messages.0.id"}],
        ["back", "untrash_message", {"message_id": "$mails.messages.0.id"}],
        ["thread", "trash_thread", {"thread_id": "$mails.messages.0.threadId"}],
        ["thread_back", "untrash_thread", {"thread_id": "$mails.messages.0.threadId"}],
        ["moved", "modify_thread_labels", {"thread_id": "$mails.messages.0.threadId", "add_label_ids": ["INBOX"]}],
        ["threads", "list_threads", {"max_results": 3}],
        ["all", "list_labels", {}],
        ["deleted", "delete_label", {"label_id": "$made.id"}],
        ["left", "list_labels", {}],
        ["fixed", "delete_label", {"label_id": "INBOX"}],
        ["nothing", "modify_message_labels", {"message_id": "$mails.messages.0.id"}],
    ]), "twice", "fixed", "nothing")
    assert "409" in said["twice"] and "400" in said["fixed"] and "nothing to change" in said["nothing"]
    assert (said["counted"]["messagesTotal"], said["empty"]["messagesTotal"]) == (1, 0)
    assert "TRASH" in said["binned"]["labelIds"] and "TRASH" not in said["back"]["labelIds"]
    assert {"id", "subject", "from", "date", "messages", "unread", "snippet"} == set(said["threads"]["threads"][0])
    assert "Looked at" in [label["name"] for label in said["all"]["labels"]]
    assert said["made"]["id"] not in [label["id"] for label in said["left"]["labels"]]


def test_filed_mails_history_and_deleting_for_good(demo):
    mail = "From: Zoe Quill <zoe@elsewhere.example>\nTo: alex@lab.example\nSubject: Filed\n\nHello."
    said = done(session(demo, "filed", [
        ["box", "get_profile", {}],
        ["imported", "import_message", {"raw_message": mail, "label_ids": ["INBOX"]}],
        ["inserted", "insert_message", {"raw_message": mail}],
        ["read", "get_message_by_id", {"message_id": "$imported.id"}],
        ["history", "list_history", {"start_history_id": "$box.historyId", "history_types": ["messageAdded"]}],
        ["deleted", "delete_message", {"message_id": "$imported.id"}],
        ["others", "batch_delete_messages", {"message_ids": ["$inserted.id"]}],
        ["gone", "get_message_by_id", {"message_id": "$imported.id"}],
        ["old", "list_history", {"start_history_id": "1"}],
        ["watched", "watch_mailbox", {"topic_name": "projects/p/topics/mail"}],
        ["stopped", "stop_mailbox_watch", {}],
    ]), "gone", "old")
    assert said["read"]["from"] == "Zoe Quill <zoe@elsewhere.example>" and said["read"]["text"] == "Hello."
    added = [change["messagesAdded"][0]["message"]["id"] for change in said["history"]["history"]]
    assert added[-2:] == [said["imported"]["id"], said["inserted"]["id"]]


def test_filters_the_automatic_reply_and_the_own_address(demo):
    said = done(session(demo, "settings", [
        ["made", "create_filter", {"from": "news@example.com", "should_archive": True}],
        ["read", "get_filter", {"filter_id": "$made.id"}],
        ["listed", "list_filters", {}],
        ["deleted", "delete_filter", {"filter_id": "$made.id"}],
        ["gone", "get_filter", {"filter_id": "$made.id"}],
        ["on", "update_vacation_settings", {
            "enable_auto_reply": True, "response_subject": "Away", "response_body_plain_text": "Back soon.",
            "start_time": "2026-12-20T00:00:00+01:00"}],
        ["off", "update_vacation_settings", {"enable_auto_reply": False, "clear": ["start_time"]}],
        ["away", "get_vacation_settings", {}],
        ["signed", "update_send_as", {"send_as_email": "alex@lab.example", "signature": "<p>A</p>"}],
        ["own", "get_send_as", {"send_as_email": "alex@lab.example"}],
        ["senders", "list_send_as", {}],
        ["unsigned", "update_send_as", {"send_as_email": "alex@lab.example", "clear": ["signature"]}],
        ["forwarded", "get_auto_forwarding", {}],
        ["addresses", "list_forwarding_addresses", {}],
        ["address", "get_forwarding_address", {"forwarding_email": "a@example.com"}],
    ]), "gone", "address")
    assert said["read"] == said["listed"]["filter"][0] == said["made"]
    assert said["on"]["startTime"] == "1797721200000"
    assert said["away"]["responseBodyPlainText"] == "Back soon." and not said["away"]["enableAutoReply"]
    assert "startTime" not in said["away"]
    assert said["own"]["signature"] == said["senders"]["sendAs"][0]["signature"] == "<p>A</p>"
    assert said["unsigned"]["signature"] == "" and said["forwarded"] == {"enabled": False}
    assert said["addresses"] == {"forwardingAddresses": []}


def test_what_google_leaves_to_administrators_is_told_as_such(demo):
    tools = {
        "create_delegate": {"delegate_email": "a@example.com"}, "list_delegates": {},
        "create_send_as": {"send_as_email": "a@example.com"}, "verify_send_as": {"send_as_email": "a@example.com"},
        "delete_send_as": {"send_as_email": "a@example.com"},
        "create_forwarding_address": {"forwarding_email": "a@example.com"},
        "delete_forwarding_address": {"forwarding_email": "a@example.com"},
        "update_auto_forwarding": {"enabled": True, "email_address": "a@example.com"},
    }
    said = done(session(demo, "delegation", [[name, name, arguments] for name, arguments in tools.items()]), *tools)
    assert all("domain-wide authority" in words and "tell the user" in words for words in said.values())


def test_people(demo):
    said = done(session(demo, "people", [
        ["contacts", "get_contacts", {}],
        ["found", "search_people", {"query": "sam"}],
        ["others", "search_people", {"query": "mei"}],
        ["alone", "search_people", {"query": "mei", "other_contacts": False}],
    ]))
    assert said["contacts"]["connections"][0]["names"] == [{"displayName": "Sam Baker", "unstructuredName": "Sam Baker"}]
    assert said["found"]["results"][0]["person"]["emailAddresses"] == [{"value": "sam@lab.example"}]
    assert said["others"]["results"][0]["person"]["names"][0]["displayName"] == "田中芽依"
    assert said["alone"]["results"] == []


def test_calendars_and_who_may_see_them(demo):
    said = done(session(demo, "calendars", [
        ["made", "create_calendar", {"summary": "Team", "timezone": "Europe/Paris"}],
        ["changed", "update_calendar", {"calendar_id": "$made.id", "description": "Ours"}],
        ["read", "get_calendar", {"calendar_id": "$made.id"}],
        ["named", "update_calendar_list_entry", {"calendar_id": "$made.id", "summary_override": "T", "color_id": "3"}],
        ["entry", "get_calendar_list_entry", {"calendar_id": "$made.id"}],
        ["listed", "list_calendars", {"min_access_role": "writer"}],
        ["shared", "insert_acl_rule", {
            "calendar_id": "$made.id", "role": "reader", "scope_type": "user", "scope_value": "sam@lab.example"}],
        ["wider", "update_acl_rule", {"calendar_id": "$made.id", "rule_id": "$shared.id", "role": "writer"}],
        ["rule", "get_acl_rule", {"calendar_id": "$made.id", "rule_id": "$shared.id"}],
        ["rules", "list_acl_rules", {"calendar_id": "$made.id"}],
        ["unshared", "delete_acl_rule", {"calendar_id": "$made.id", "rule_id": "$shared.id"}],
        ["norule", "get_acl_rule", {"calendar_id": "$made.id", "rule_id": "$shared.id"}],
        ["hidden", "add_calendar_to_list", {"calendar_id": "nobody@lab.example"}],
        ["kept", "remove_calendar_from_list", {"calendar_id": "$made.id"}],
        ["given", "transfer_calendar_ownership", {"calendar_id": "$made.id", "new_data_owner": "sam@lab.example"}],
        ["deleted", "delete_calendar", {"calendar_id": "$made.id"}],
        ["gone", "get_calendar", {"calendar_id": "$made.id"}],
        ["primary", "delete_calendar", {"calendar_id": "primary"}],
        ["zone", "get_setting", {"setting": "timezone"}],
        ["settings", "list_settings", {}],
        ["colours", "get_colors", {}],
    ], "MY_CALENDAR"), "norule", "hidden", "kept", "given", "gone", "primary")
    assert (said["read"]["description"], said["read"]["timeZone"]) == ("Ours", "Europe/Paris")
    assert said["entry"]["summaryOverride"] == "T" and said["entry"]["colorId"] == "3"
    assert [one["id"] for one in said["listed"]["calendars"]] == ["alex@lab.example", said["made"]["id"]]
    assert said["rule"]["role"] == "writer" and len(said["rules"]["rules"]) == 2
    assert said["zone"] in said["settings"]["settings"] and len(said["colours"]["event"]) == 11


def test_events_beyond_the_first_five_tools(demo):
    span = {"time_min": "2027-03-01T00:00:00Z", "time_max": "2027-03-31T00:00:00Z"}
    said = done(session(demo, "events", [
        ["made", "create_event", {
            "summary": "Standup", "start_datetime": "2027-03-01T09:00:00", "timezone": "Europe/Berlin",
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]}],
        ["days", "list_event_instances", {"calendar_id": "primary", "event_id": "$made.id", "max_results": 2}],
        ["found", "search_events", {"calendar_id": "primary", "query": "standup", **span}],
        ["busy", "query_freebusy", {"calendar_ids": ["primary", "sam@lab.example"], **span, "timezone": "Europe/Berlin"}],
        ["filed", "import_event", {
            "calendar_id": "primary", "ical_uid": "7f3a@elsewhere.example", "summary": "Fair",
            "start_datetime": "2027-03-05", "end_datetime": "2027-03-07"}],
        ["twice", "import_event", {
            "calendar_id": "primary", "ical_uid": "7f3a@elsewhere.example", "summary": "Fair",
            "start_datetime": "2027-03-05", "end_datetime": "2027-03-07"}],
        ["one", "delete_event", {"event_id": "$days.events.0.id"}],
        ["left", "list_event_instances", {"calendar_id": "primary", "event_id": "$made.id"}],
        ["cleared", "clear_calendar", {"calendar_id": "primary"}],
        ["nothing", "search_events", {"calendar_id": "primary", "query": "standup", **span}],
    ], "MY_CALENDAR"), "twice")
    assert len(said["days"]["events"]) == 2 and said["days"]["next_page_token"]
    assert len(said["found"]["events"]) == 3
    standup = {"start": "2027-03-01T09:00:00+01:00", "end": "2027-03-01T09:30:00+01:00"}
    assert standup in said["busy"]["calendars"]["primary"]["busy"]
    assert said["busy"]["calendars"]["sam@lab.example"]["errors"][0]["reason"] == "notFound"
    assert (said["filed"]["start"], said["filed"]["end"]) == ({"date": "2027-03-05"}, {"date": "2027-03-07"})
    assert "409" in said["twice"] and len(said["left"]["events"]) == 2 and said["nothing"]["events"] == []


def test_calendars_answers_are_what_a_person_reads(demo):
    """What is for programs alone (etags, kinds, sequences, how a conference was asked for) is not asked of Google."""
    span = {"time_min": "2027-04-01T00:00:00Z", "time_max": "2027-04-30T00:00:00Z"}
    event = {"calendar_id": "primary", "event_id": "$made.id"}
    said = done(session(demo, "readable", [
        ["made", "create_event", {
            "summary": "Review", "start_datetime": "2027-04-05T09:00:00", "timezone": "Europe/Berlin", "location": "Room 1",
            "description": "Bring slides", "attendees_emails": ["sam@lab.example", "zoe@example.com"],
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"], "create_meeting_room": True, "visibility": "private"}],
        ["read", "get_event_by_id", event],
        ["changed", "update_event", {**event, "location": "Room 2"}],
        ["found", "search_events", {"calendar_id": "primary", "query": "review", **span}],
        ["listed", "list_events", {**span, "order_by": "startTime"}],
        ["days", "list_event_instances", event],
        ["filed", "import_event", {
            "calendar_id": "primary", "ical_uid": "9c1d@elsewhere.example", "summary": "Fair",
            "start_datetime": "2027-04-08", "end_datetime": "2027-04-10"}],
        ["calendar", "get_calendar", {"calendar_id": "primary"}],
        ["entry", "get_calendar_list_entry", {"calendar_id": "primary"}],
        ["calendars", "list_calendars", {}],
        ["rules", "list_acl_rules", {"calendar_id": "primary"}],
        ["settings", "list_settings", {}],
    ], "MY_CALENDAR"))
    names = {name for answer in said.values() for name in members(answer)}
    assert not names & {"kind", "etag", "sequence", "iCalUID", "createRequest", "conferenceProperties", "backgroundColor"}, names
    # All that the next call needs, and all that is to be told.
    for one in (said["made"], said["read"], said["changed"]):
        assert {"id", "status", "summary", "description", "start", "end", "recurrence", "attendees", "organizer", "hangoutLink", "htmlLink"} <= set(one)
        assert one["start"] == {"dateTime": "2027-04-05T09:00:00+02:00", "timeZone": "Europe/Berlin"}
        assert [(guest["email"], guest["responseStatus"]) for guest in one["attendees"]] == [
            ("sam@lab.example", "needsAction"), ("zoe@example.com", "needsAction")]
        assert one["conferenceData"]["entryPoints"][0]["uri"] == one["hangoutLink"]
    assert said["changed"]["location"] == "Room 2" and said["read"]["visibility"] == "private"
    assert "reminders" in said["read"] and "reminders" not in said["made"], "of one event more is told"
    for days in (said["found"], said["days"]):
        assert {day["recurringEventId"] for day in days["events"]} == {said["made"]["id"]} and len(days["events"]) == 3
    assert [one["summary"] for one in said["listed"]["events"]] == ["Review"] * 3
    sizes = {name: len(json.dumps(answer)) for name, answer in said.items()}
    assert max(sizes["made"], sizes["changed"], sizes["found"] / 3) < 1200 and sizes["calendar"] < 300, sizes
    assert said["calendar"]["timeZone"] == said["entry"]["timeZone"] == "Europe/Berlin" and said["entry"]["accessRole"] == "owner"
    assert said["entry"]["defaultReminders"], "of one calendar more is told"
    assert all(set(one) <= {"id", "summary", "timeZone", "accessRole", "primary", "selected", "colorId", "description", "dataOwner"} for one in said["calendars"]["calendars"])


def members(value):
    """The names of all members, at every depth."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in members(inner)}
    return {name for inner in value for name in members(inner)} if isinstance(value, list) else set()


@pytest.mark.parametrize("connection, tool, scopes", [
    ("MY_GMAIL", "gmail_create_draft", {"gmail.compose"}),
    ("MY_GMAIL", "gmail_list_labels", {"gmail.labels"}),
    ("MY_GMAIL", "gmail_create_filter", {"gmail.settings.basic"}),
    ("MY_GMAIL", "gmail_search_people", {"contacts.readonly", "contacts.other.readonly"}),
    ("MY_CALENDAR", "googlecalendar_list_calendars", {"calendar.calendarlist.readonly"}),
    ("MY_CALENDAR", "googlecalendar_insert_acl_rule", {"calendar.acls"}),
])
def test_a_consent_asks_for_what_the_tool_needs(demo, connection, tool, scopes):
    instance = demo.instance(f"google-{tool}", f"google-{tool}", [{"connection_name": connection, "tools": [tool]}])
    link = demo.links(instance)[connection]["authentication_link"]
    with urllib.request.urlopen(link) as answer:
        page = answer.read().decode()
    asked = set(re.findall(r"<wbr>([a-z.]+)", page))
    assert asked == {"openid", "userinfo.email", *scopes}, page
