"""All tools against the provider lab, whose control listing shows what arrived there; and apps that misbehave.

The lab is ours: it refuses what Google's pages say Google refuses, and is no evidence of more. What is sent is read
again by Python's own email package."""

import base64
import email
import email.policy
import http.server
import threading
import time
import urllib.request
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kit.connected import connected
from kit.mcp import Wire
from kit.server import Server
from kit.walker import Walker

SEND = "https://www.googleapis.com/auth/gmail.send"
# Connections of the demo ask for it; it allows sending too.
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
GMAIL = [{"connection_name": "MY_GMAIL", "tools": []}]


@pytest.fixture(scope="module")
def elsewhere():
    """A host that writes down what reaches it."""
    reached = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            reached.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, reached
    server.shutdown()


@pytest.fixture(scope="module")
def demo(tmp_path_factory, elsewhere):
    """A demo of this file's own, because it counts calls and ends grants. It may reach the other host, too."""
    data = tmp_path_factory.mktemp("tools") / "data"
    data.mkdir()
    (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{elsewhere[0]}"]\n')
    server = Server(data).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def wire(demo):
    return connected(demo, "tools")


@pytest.fixture
def fails(demo):
    """Makes the next calls of a route of the lab go wrong; nothing of it is left afterwards."""

    def add(route, kind, times=1, **how):
        demo.control("POST", "/faults", {"route": route, "times": times, "fault": {"kind": kind, **how}}, expect=204)

    yield add
    demo.control("DELETE", "/faults", expect=204)


def calls(demo, route):
    return demo.control("GET", "/calls")["calls"].get(route, 0)


def refreshes(demo):
    return demo.control("GET", "/exchanges")["exchanges"].get("refresh_token ok", 0)


def sent(demo):
    return demo.control("GET", "/mail")["sent"]


def status(demo, wire, connection="MY_GMAIL"):
    return demo.links(wire.instance)[connection]["connected_account_status"]


def written(demo, made):
    """What was inserted under the id of this answer, as the app got it."""
    (row,) = [row for row in demo.control("GET", "/events")["inserted"] if row["id"] == made["id"]]
    return row


def parsed(wire, id):
    """A mail as it went out, read by Python."""
    raw = wire.done("gmail_get_message_by_id", message_id=id, format="raw")["raw"]
    whole = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    message = email.message_from_bytes(whole, policy=email.policy.default)
    assert not message.defects, message.defects
    return message


# Gmail


def test_fetched_mails_say_what_a_person_reads_and_the_rest_on_request(wire):
    answer = wire.done("gmail_fetch_mails", max_results=1)
    (mail,) = answer["messages"]
    assert mail["subject"] == "Treffpunkt am Café gegenüber – 10:30"
    assert mail["from"] == "田中芽依 <mei.tanaka@studio.example>"
    assert "また明日" in mail["text"] and "<p>" not in mail["text"]
    assert {"id", "threadId", "labelIds", "internalDate"} <= set(mail) and not {"payload", "snippet"} & set(mail)
    assert answer["next_page_token"]
    whole = wire.done("gmail_get_message_by_id", message_id=mail["id"], format="full")
    assert whole["payload"]["headers"] and whole["snippet"] and whole["text"] == mail["text"]


def test_pages_lead_through_all_mails_once(wire):
    seen, token = [], None
    while token or not seen:
        page = wire.done("gmail_fetch_mails", max_results=3, **({"page_token": token} if token else {}))
        seen += [mail["id"] for mail in page["messages"]]
        token = page.get("next_page_token")
    assert len(seen) == len(set(seen)) > 3


def test_a_mail_goes_out_as_two_readable_alternatives_with_every_header_encoded(demo, wire):
    subject = "Größe – 日本語 " * 8 + "end"
    made = wire.done(
        "gmail_send_message", to="Zoë Müller <zoe@example.com>, bob@example.com", cc="c@example.com", bcc="d@example.com",
        subject=subject, body="<p>Grüße an <b>alle</b></p>", content_type="text/html",
    )
    arrived = sent(demo)[-1]
    assert arrived["id"] == made["id"] and arrived["bcc"] == ["d@example.com"]
    message = parsed(wire, made["id"])
    assert message["subject"] == subject
    assert [(one.display_name, one.addr_spec) for one in message["to"].addresses] == [
        ("Zoë Müller", "zoe@example.com"), ("", "bob@example.com"),
    ]
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("html",)).get_content().strip() == "<p>Grüße an <b>alle</b></p>"
    assert message.get_body(("plain",)).get_content().startswith("Grüße an")


@pytest.mark.parametrize("argument", ["to", "cc", "bcc", "subject"])
@pytest.mark.parametrize("smuggled", ["a@example.com\r\nBcc: evil@example.com", "a@example.com\nX: y", "a@example.com\u0000"])
def test_attack_39_line_breaks_in_a_header_are_refused_before_anything_leaves(demo, wire, argument, smuggled):
    before = calls(demo, "gmail.users.messages.send")
    arguments = {"to": "a@example.com", "subject": "s", "body": "b", argument: smuggled}
    assert f"`{argument}` must be one line" in wire.refused("gmail_send_message", **arguments)
    assert calls(demo, "gmail.users.messages.send") == before


def test_a_reply_finds_subject_and_references_and_stays_in_its_thread(demo, wire):
    newest = wire.done("gmail_fetch_mails", query="from:sam@lab.example subject:plan", max_results=1)["messages"][0]
    made = wire.done("gmail_reply_to_thread", thread_id=newest["threadId"], to="sam@lab.example", body="Gern.")
    assert made["threadId"] == newest["threadId"] == sent(demo)[-1]["thread"]
    message = parsed(wire, made["id"])
    assert message["subject"] == "Re: Plan for the first quarter"
    assert message["in-reply-to"] == "<plan-3@lab.example>"
    assert message["references"].split() == ["<plan-1@lab.example>", "<plan-2@lab.example>", "<plan-3@lab.example>"]
    assert message.get_content().strip() == "Gern."


def test_a_conversation_is_read_whole_and_as_a_person_reads_it(wire):
    (newest,) = wire.done("gmail_fetch_mails", query="from:sam@lab.example subject:plan", max_results=1)["messages"]
    thread = wire.done("gmail_get_thread_by_id", thread_id=newest["threadId"])
    mails = thread["messages"]
    assert thread["id"] == newest["threadId"] and len(mails) > 1 and newest["id"] in [mail["id"] for mail in mails]
    assert [mail["internalDate"] for mail in mails] == sorted(mail["internalDate"] for mail in mails)
    assert all(mail["text"] and mail["from"] and "payload" not in mail for mail in mails)
    heads = wire.done("gmail_get_thread_by_id", thread_id=thread["id"], format="metadata", metadata_headers=["Subject"])
    assert all("subject" in mail and "from" not in mail and "text" not in mail for mail in heads["messages"])
    assert "no such thing" in wire.refused("gmail_get_thread_by_id", thread_id="00000000deadbeef")


def test_one_mail_by_its_id_and_what_an_unknown_id_says(wire):
    (listed,) = wire.done("gmail_fetch_mails", query="subject:invoice")["messages"]
    mail = wire.done("gmail_get_message_by_id", message_id=listed["id"])
    assert mail["attachments"][0]["filename"] == "invoice-2026-118.pdf"
    assert "no such thing" in wire.refused("gmail_get_message_by_id", message_id="00000000deadbeef")


def test_a_file_is_found_by_its_name_although_its_id_has_changed(wire):
    (mail,) = wire.done("gmail_fetch_mails", query="subject:invoice")["messages"]
    arguments = {"message_id": mail["id"], "attachment_id": "of-an-earlier-read"}
    file = wire.done("gmail_get_attachment_by_id", file_name="invoice-2026-118.pdf", **arguments)
    assert base64.b64decode(file["data"]).startswith(b"%PDF-1.4") and file["mime_type"] == "application/pdf"
    assert len(base64.b64decode(file["data"])) == file["size"]
    words = wire.refused("gmail_get_attachment_by_id", file_name="other.pdf", **arguments)
    assert "other.pdf" in words and "invoice-2026-118.pdf" in words


# Calendar


def test_a_start_keeps_its_offset_and_takes_half_an_hour_if_nothing_is_said(demo, wire):
    made = wire.done("googlecalendar_create_event", summary="Offset", start_datetime="2026-11-23T09:00:00+05:30")
    event = written(demo, made)["event"]
    assert event["start"] == {"dateTime": "2026-11-23T09:00:00+05:30"}
    assert event["end"] == {"dateTime": "2026-11-23T09:30:00+05:30"}


def test_a_start_without_an_offset_is_in_the_calendars_own_zone_and_meet_is_asked_for_rightly(demo, wire):
    made = wire.done(
        "googlecalendar_create_event", summary="Own", start_datetime="2026-11-23T09:00:00", event_duration_hour=1,
        event_duration_minutes=15, create_meeting_room=True, attendees_emails=["sam@lab.example"],
    )
    row = written(demo, made)
    assert row["event"]["start"] == {"dateTime": "2026-11-23T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert row["event"]["end"]["dateTime"] == "2026-11-23T10:15:00+01:00"
    assert [guest["email"] for guest in row["event"]["attendees"]] == ["sam@lab.example"]
    assert row["conference"]["conferenceSolution"]["key"]["type"] == "hangoutsMeet" and made["hangoutLink"]


def test_a_duration_across_a_clock_change_is_elapsed_time(demo, wire):
    made = wire.done(
        "googlecalendar_create_event", summary="Spring", start_datetime="2027-03-28T01:30:00", timezone="Europe/Berlin",
        event_duration_hour=2,
    )
    event = written(demo, made)["event"]
    assert event["start"]["dateTime"] == "2027-03-28T01:30:00+01:00"
    assert event["end"]["dateTime"] == "2027-03-28T04:30:00+02:00"


def test_a_date_alone_makes_whole_days_with_an_exclusive_end(demo, wire):
    event = written(demo, wire.done("googlecalendar_create_event", summary="Day", start_datetime="2026-12-31"))["event"]
    assert (event["start"], event["end"]) == ({"date": "2026-12-31"}, {"date": "2027-01-01"})


def test_a_recurring_event_gets_a_zone_with_a_name(demo, wire):
    made = wire.done(
        "googlecalendar_create_event", summary="Weekly", start_datetime="2026-11-23T09:00:00+01:00",
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"],
    )
    assert written(demo, made)["event"]["start"]["timeZone"] == "Europe/Berlin"


def test_a_zone_that_does_not_exist_is_said_and_nothing_is_made(demo, wire):
    before = calls(demo, "calendar.events.insert")
    start = {"summary": "Bad", "start_datetime": "2026-11-23T09:00:00"}
    assert "Mars/Base" in wire.refused("googlecalendar_create_event", timezone="Mars/Base", **start)
    assert calls(demo, "calendar.events.insert") == before


def test_events_in_order_of_start_show_every_day_of_a_recurring_one(wire):
    # The lab's begins in the week in which the lab was made, on its Monday.
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    begins = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = begins + timedelta(days=2)
    span = {"time_min": begins.isoformat(), "time_max": ends.isoformat(), "query": "Stand-up"}
    events = wire.done("googlecalendar_list_events", order_by="startTime", **span)["events"]
    starts = [event["start"]["dateTime"] for event in events]
    assert len(starts) == 2 and starts == sorted(starts)
    assert all(event["recurringEventId"] for event in events)
    page = wire.done("googlecalendar_list_events", order_by="startTime", max_results=1, **span)
    rest = wire.done("googlecalendar_list_events", order_by="startTime", max_results=1, page_token=page["next_page_token"], **span)
    assert [page["events"][0]["id"], rest["events"][0]["id"]] == [event["id"] for event in events]


def test_an_update_with_a_duration_alone_keeps_the_start_and_guests_are_replaced_as_a_whole(wire):
    made = wire.done(
        "googlecalendar_create_event", summary="Review", start_datetime="2026-12-01T15:00:00", location="Room 1",
        attendees_emails=["sam@lab.example", "zoe@example.com"],
    )
    changed = wire.done(
        "googlecalendar_update_event", calendar_id="primary", event_id=made["id"], event_duration_minutes=45,
        attendees_emails=["bob@example.com"],
    )
    assert changed["start"] == made["start"] and changed["end"]["dateTime"] == "2026-12-01T15:45:00+01:00"
    assert [guest["email"] for guest in changed["attendees"]] == ["bob@example.com"]
    assert wire.done("googlecalendar_get_event_by_id", event_id=made["id"])["location"] == "Room 1"


def test_placeholders_change_nothing_and_a_field_is_emptied_by_its_name(demo, wire):
    made = wire.done(
        "googlecalendar_create_event", summary="Review", start_datetime="2026-12-01T15:00:00", location="Room 1",
        description="Bring slides", attendees_emails=["sam@lab.example"],
    )
    which = {"calendar_id": "primary", "event_id": made["id"]}
    blank = {"summary": "", "description": "", "location": "", "attendees_emails": [], "event_duration_hour": 0}
    before = calls(demo, "calendar.events.patch")
    assert "there is nothing to change" in wire.refused("googlecalendar_update_event", **which, **blank)
    assert calls(demo, "calendar.events.patch") == before
    moved = wire.done("googlecalendar_update_event", **which, **blank, start_datetime="2026-12-02T15:00:00")
    assert [moved[name] for name in ("summary", "description", "location")] == ["Review", "Bring slides", "Room 1"]
    assert len(moved["attendees"]) == 1 and moved["start"]["dateTime"].startswith("2026-12-02T15:00:00")
    bare = wire.done("googlecalendar_update_event", **which, clear=["location", "attendees_emails"])
    assert not bare.get("location") and not bare.get("attendees") and bare["description"] == "Bring slides"


def test_an_event_that_begins_to_repeat_gets_a_zone_with_a_name(demo, wire):
    made = wire.done("googlecalendar_create_event", summary="Once", start_datetime="2026-12-01T15:00:00+01:00")
    assert "timeZone" not in written(demo, made)["event"]["start"]
    again = {"calendar_id": "primary", "event_id": made["id"], "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    changed = wire.done("googlecalendar_update_event", **again)
    assert (changed["start"], changed["end"]) == (made["start"], made["end"])
    assert changed["recurrence"] == again["recurrence"]


def test_an_event_is_deleted_once(demo, wire):
    made = wire.done("googlecalendar_create_event", summary="Gone", start_datetime="2026-12-02T15:00:00")
    assert wire.done("googlecalendar_delete_event", event_id=made["id"]) == {"deleted": True, "event_id": made["id"]}
    assert written(demo, made)["deleted"] is True
    assert wire.refused("googlecalendar_delete_event", event_id=made["id"])
    assert "no such thing" in wire.refused("googlecalendar_get_event_by_id", event_id="doesnotexist")


# Apps that misbehave


@pytest.mark.parametrize("code", [429, 403])
def test_too_many_requests_say_when_to_come_back(demo, wire, fails, code):
    before = calls(demo, "gmail.users.messages.list")
    fails("gmail.users.messages.list", "rate_limited", times=9, retry_after=1, status=code)
    words = wire.refused("gmail_fetch_mails")
    assert "slow down" in words and "1 s" in words
    assert calls(demo, "gmail.users.messages.list") == before + 3, "a read is tried three times"


@pytest.mark.parametrize("code", [429, 503])
def test_one_answer_that_asks_to_wait_is_waited_for_and_the_call_goes_on(demo, wire, fails, code):
    before, began = calls(demo, "gmail.users.messages.list"), time.monotonic()
    fails("gmail.users.messages.list", "rate_limited", retry_after=2, status=code)
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]
    assert calls(demo, "gmail.users.messages.list") == before + 2 and time.monotonic() - began >= 2


def test_a_failing_app_is_named_and_the_arguments_are_not_blamed(wire, fails):
    fails("gmail.users.messages.list", "server_error", times=3, status=503)
    words = wire.refused("gmail_fetch_mails")
    assert "HTTP 503" in words and "arguments are not the cause" in words
    assert wire.done("gmail_fetch_mails", max_results=1)


@pytest.mark.parametrize("kind", ["server_error", "reset"])
def test_a_write_whose_answer_is_lost_is_not_repeated_and_says_so(demo, wire, fails, kind):
    before = len(demo.control("GET", "/events")["inserted"])
    fails("calendar.events.insert", kind, handled=True)
    words = wire.refused("googlecalendar_create_event", summary="Lost", start_datetime="2026-12-03T15:00:00Z")
    assert "look" in words and "all the same" in words
    assert len(demo.control("GET", "/events")["inserted"]) == before + 1


def test_json_that_is_cut_short_is_a_failure_of_the_app(wire, fails):
    fails("gmail.users.messages.list", "truncated")
    assert "cut short" in wire.refused("gmail_fetch_mails")


def test_a_slow_app_is_waited_for(wire, fails):
    fails("gmail.users.messages.list", "slow", millis=1500)
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]


def test_attack_37_no_credential_follows_a_redirect_to_another_host(wire, fails, elsewhere):
    port, reached = elsewhere
    urllib.request.urlopen(f"http://127.0.0.1:{port}/it-listens")
    assert len(reached) == 1
    fails("gmail.users.messages.list", "redirect", to=f"http://127.0.0.1:{port}/gmail/v1/users/me/messages")
    assert "HTTP 302" in wire.refused("gmail_fetch_mails")
    assert len(reached) == 1


def test_a_token_that_ran_out_midway_is_refreshed_once_and_the_call_goes_on(demo, fails):
    wire = connected(demo, "tools-midway")
    before = refreshes(demo)
    fails("gmail.users.messages.get", "token_expired")
    assert len(wire.done("gmail_fetch_mails", max_results=3)["messages"]) == 3
    assert refreshes(demo) == before + 1


def test_a_call_that_writes_is_repeated_after_a_refresh_without_being_done_twice(demo, fails):
    wire = connected(demo, "tools-writes")
    before = len(sent(demo))
    fails("gmail.users.messages.send", "token_expired")
    wire.done("gmail_send_message", to="a@example.com", subject="once", body="b")
    assert len(sent(demo)) == before + 1


@pytest.mark.parametrize("kind", ["server_error", "rate_limited", "truncated", "reset", "redirect"])
def test_attack_23_a_token_endpoint_that_fails_costs_no_account(demo, fails, elsewhere, kind):
    port, reached = elsewhere
    before = len(reached)
    wire = connected(demo, f"tools-endpoint-{kind.replace('_', '-')}", "tools-endpoint", GMAIL)
    fails("gmail.users.messages.list", "token_expired")
    where = {"to": f"http://127.0.0.1:{port}/token"} if kind == "redirect" else {}
    fails("token.refresh_token", kind, times=5, **where)
    words = wire.refused("gmail_fetch_mails")
    assert "/connect/" not in words and status(demo, wire) == "ACTIVE"
    assert len(reached) == before
    demo.control("DELETE", "/faults", expect=204)
    assert wire.done("gmail_fetch_mails", max_results=1)


@pytest.mark.parametrize("value", [None, 0, -5, "soon", 10**12])
def test_attack_20_an_odd_expires_in_is_no_end(demo, fails, value):
    fails("token.authorization_code", "expires_in", value=value)
    user = f"tools-odd-{str(value).strip('-').lower()}"
    wire = connected(demo, user, "tools-odd", GMAIL, account=2)
    assert demo.control("GET", "/faults")["faults"] == []
    before = refreshes(demo)
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]
    assert refreshes(demo) == before


def test_a_withheld_scope_is_found_before_the_call_and_another_consent_mends_it(demo):
    wire = connected(demo, "tools-withheld", "tools-withheld", GMAIL, without=[COMPOSE])
    before = calls(demo, "gmail.users.messages.send")
    words = wire.refused("gmail_send_message", to="a@example.com", subject="s", body="b")
    assert SEND in words and f"{demo.url}/connect/" in words
    assert calls(demo, "gmail.users.messages.send") == before
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"] and status(demo, wire) == "ACTIVE"
    Walker().connect(next(word for word in words.split() if "/connect/" in word))
    wire.done("gmail_send_message", to="a@example.com", subject="s", body="b")


def test_a_call_that_outlives_ten_seconds_becomes_a_stream_for_who_reads_them(wire, fails):
    fails("gmail.users.messages.list", "slow", millis=10_500)
    headers = {"Accept": "application/json, text/event-stream"}
    call = {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}}
    answer = wire.legacy("tools/call", call, headers=headers)
    assert answer.headers["content-type"] == "text/event-stream" and answer.headers["x-accel-buffering"] == "no"
    assert b'"isError":false' in answer.body and answer.body.count(b"data:") == 1


def test_a_revoked_grant_expires_the_account_and_its_link_mends_it(demo, fails):
    """Last: it ends what all accounts of this person at the lab live on."""
    wire = connected(demo, "tools-revoked", account=2)
    fails("gmail.users.messages.list", "token_revoked")
    words = wire.refused("gmail_fetch_mails")
    assert f"{demo.url}/connect/" in words
    assert status(demo, wire) == "EXPIRED"
    again = Wire(wire.url).refused("gmail_fetch_mails")
    assert f"{demo.url}/connect/" in again
    Walker().connect(next(word for word in again.split() if "/connect/" in word), account=2)
    assert status(demo, wire) == "ACTIVE" and wire.done("gmail_fetch_mails", max_results=1)
