"""Signing in in the chat, in the best way that a client can do: official clients that open pages for their user complete
their first call without code of ours, others are given the link in words."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.elicited import elicited
from kit.mcp import META, Wire
from kit.walker import Walker

CAN = {"elicitation": {"url": {}, "form": {}}}
FETCH = {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}}


def run(generation, url, *more):
    return elicited(generation, url, "gmail_fetch_mails", {"max_results": 1}, *more)


def fresh_wire(demo, user):
    wire = Wire(demo.instance(user)["url"])
    return wire


def test_a_modern_client_completes_its_first_call(demo):
    seen = run("2", demo.instance("elicit-modern")["url"])
    assert (seen["version"], seen["is_error"]) == ("2026-07-28", False)
    assert json.loads(seen["text"])["messages"]
    (asked,) = seen["asked"]
    assert asked["url"].startswith(f"{demo.url}/connect/") and "not connected" in asked["message"]


def test_a_legacy_client_is_told_by_an_error_and_goes_on(demo):
    seen = run("1", demo.instance("elicit-legacy")["url"])
    assert (seen["version"], seen["codes"], seen["is_error"]) == ("2025-11-25", [-32042], False)
    assert json.loads(seen["text"])["messages"]
    assert seen["asked"][0]["url"].startswith(f"{demo.url}/connect/")


def test_who_says_no_is_heard(demo):
    seen = run("2", demo.instance("elicit-declined")["url"], "decline")
    assert seen["is_error"] and "did not want" in seen["text"] and len(seen["asked"]) == 1


def test_everyone_else_is_told_in_words(demo):
    wire = fresh_wire(demo, "elicit-words")
    for answer in (wire.modern("tools/call", FETCH), wire.modern("tools/call", FETCH, capabilities={"elicitation": {"form": {}}}),
                   wire.legacy("tools/call", FETCH), wire.legacy("tools/call", FETCH, version="2025-06-18")):
        failed, text = answer.said
        assert failed and "Link for the user:" in text
    opened = wire.legacy("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}})
    assert "mcp-session-id" not in opened.headers


def test_where_several_sign_ins_are_missing_one_page_leads_to_each(demo):
    mappings = [
        {"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]},
        {"connection_name": "MY_CALENDAR", "tools": ["googlecalendar_list_calendars"]},
    ]
    wire = Wire(demo.instance("elicit-page", "elicit-page", mappings)["url"])
    session = wire.legacy("initialize", {"protocolVersion": "2025-11-25", "capabilities": CAN, "clientInfo": {}}).headers["mcp-session-id"]
    told = wire.legacy("tools/call", FETCH, headers={"Mcp-Session-Id": session})
    assert told.code == -32042 and "/connect/i/" in json.dumps(told.json["error"]["data"])
    link = re.search(r"Link for the user: (\S+/connect/i/\S+)", wire.legacy("tools/call", FETCH).said[1]).group(1)
    person = Walker()
    for missing in ("sign-in-1", "sign-in-2"):
        person.open(link)
        assert person.status == 200 and all(name in person.text for name in ("MY_GMAIL", "MY_CALENDAR", "elicit-page"))
        assert ("sign-in-1" in person.text) == (missing == "sign-in-1")
        person.connect(link)
    person.open(link)
    assert "Everything is connected" in person.text and "<form" not in person.text
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]


def test_the_session_id_of_a_legacy_client_says_what_it_can_and_nothing_else(demo):
    wires = [fresh_wire(demo, user) for user in ("elicit-one", "elicit-two")]
    opening = {"protocolVersion": "2025-11-25", "capabilities": CAN, "clientInfo": {}}
    given = {wire.legacy("initialize", opening).headers["mcp-session-id"] for wire in wires}
    assert len(given) == 1, "it names nobody"
    older = wires[0].legacy("initialize", {**opening, "protocolVersion": "2025-06-18"})
    assert "mcp-session-id" not in older.headers
    for session in (given.pop(), "made-up"):
        answer = wires[0].legacy("tools/call", FETCH, headers={"Mcp-Session-Id": session})
        assert answer.status == 200 and (session == "made-up" or answer.code == -32042)


def test_a_call_waits_for_its_user_who_signs_in_meanwhile(demo):
    wire = fresh_wire(demo, "elicit-waits")
    needed = wire.modern("tools/call", FETCH, capabilities=CAN).result
    (question,) = needed["inputRequests"].values()
    again = {**FETCH, "requestState": needed["requestState"], "inputResponses": {"page": {"action": "accept"}}}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wire.modern, "tools/call", again, capabilities=CAN)
        Walker().connect(question["params"]["url"])
        answer = waiting.result().result
    assert (answer["resultType"], answer["isError"]) == ("complete", False), answer


@pytest.fixture(scope="module")
def waiting(demo):
    """A call that waits for its user, and the same user's wire."""
    wire = fresh_wire(demo, "elicit-attacked")
    return wire, wire.modern("tools/call", FETCH, capabilities=CAN).result


def test_attack_a_state_is_of_one_server_one_call_and_one_use(demo, waiting):
    wire, needed = waiting
    assert needed["resultType"] == "input_required" and f"{META}/serverInfo" in needed["_meta"]
    state = needed["requestState"]
    other = fresh_wire(demo, "elicit-other")

    def come(by=wire, call=FETCH, state=state, answer="decline"):
        return by.modern("tools/call", {**call, "requestState": state, "inputResponses": {"page": {"action": answer}}}, capabilities=CAN)

    changed = {**FETCH, "arguments": {"max_results": 2}}
    elsewhere = {"name": "gmail_get_message_by_id", "arguments": {"message_id": "0"}}
    refused = [
        come(by=other), come(call=changed), come(call=elsewhere), come(state=state[:-3]), come(state="x" * 100_000),
        come(state=""),
    ]
    first, second = come(), come()
    assert first.result["isError"] and "did not want" in first.said[1]
    for answer in [*refused, second]:
        assert (answer.status, answer.code) == (400, -32602), answer.body
        assert answer.json["error"]["message"] == refused[0].json["error"]["message"]
    assert wire.modern("tools/call", {**FETCH, "requestState": 7}, capabilities=CAN).code == -32602
