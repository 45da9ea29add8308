"""What remote MCP servers ask their user in the midst of a call: servers and clients by the protocol's own SDKs, which know
nothing of what is between them; and attacks by hand."""

import ast
import json

import pytest

from kit.asking import Asking, answered

ACCEPT = {"action": "accept"}
SHOWS = {"elicitation": {"form": {}, "url": {}}}
WHO = "Python asks (connection 'PYTHON', 127.0.0.1) asks"


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    running = Asking(tmp_path_factory.mktemp("asking"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def url(asking):
    return asking.url("ann", "asks")


def accept(**content):
    return {**ACCEPT, "content": content}


def test_the_python_sdks_question_reaches_its_client_and_the_answers_come_back(url):
    seen = answered(url, "python_book", {"town": "Rome"}, accept(name="Ann"), accept(seats=3))
    assert (seen["version"], seen["is_error"], seen["texts"]) == ("2026-07-28", False, ["3 seats to Rome for Ann"])
    first, second = seen["asked"]
    assert first["message"] == f"{WHO}: Who goes to Rome?" and second["message"] == f"{WHO}: How many seats for Ann?"
    assert second["requestedSchema"]["properties"] == {
        "seats": {"type": "integer", "title": "How many seats?", "minimum": 1, "maximum": 9}}


def test_the_typescript_sdks_question_reaches_another_sdks_client(url):
    seen = answered(url, "typescript_deploy", {"env": "prod"}, accept(confirm=True, region="us"))
    assert seen["is_error"] is False and "asks: Deploy to prod?" in seen["asked"][0]["message"], seen
    env, told, state = json.loads(seen["texts"][0])
    assert (env, state) == ("prod", "kept") and told == {"action": "accept", "content": {"confirm": True, "region": "us"}}


@pytest.mark.parametrize("answer, said", [(accept(name="yes"), "yes"), ({"action": "decline"}, "decline"), ({"action": "cancel"}, "cancel")])
def test_each_way_to_answer_is_told(url, answer, said):
    seen = answered(url, "python_perhaps", {}, answer)
    assert (seen["is_error"], seen["texts"]) == (False, [said])


def test_a_page_is_opened_where_the_server_says_and_named_by_its_host(url):
    seen = answered(url, "python_sends_to", {"url": "https://pay.acme.example/17"}, ACCEPT)
    (asked,) = seen["asked"]
    assert asked["url"] == "https://pay.acme.example/17"
    assert asked["message"] == "Python asks (connection 'PYTHON', 127.0.0.1) asks you to open a page at pay.acme.example: Pay there"
    assert ast.literal_eval(seen["texts"][0]) == ACCEPT


def test_where_the_config_does_not_say_so_nothing_is_asked_and_that_is_said(asking):
    quiet = asking.url("ann", "asks-nothing", questions=False)
    seen = answered(quiet, "python_asks_for", {"message": "Who?", "field": "who"}, accept(who="Ann"))
    assert not seen["asked"] and ast.literal_eval(seen["texts"][0]) == {"action": "cancel"}
    assert "not passed on" in seen["texts"][1]
    # By themselves the SDKs' servers ask nobody of whom they are told that there is nobody.
    for tool, arguments in (("python_perhaps", {}), ("typescript_deploy", {"env": "x"})):
        seen = answered(quiet, tool, arguments, accept(name="x"))
        assert not seen["asked"] and seen["is_error"] and "more of the client" in seen["texts"][0], seen


def test_who_cannot_be_asked_is_said_to_those_who_could_be(asking):
    wire = asking.wire("ann", "asks")
    for tool, arguments in (("python_perhaps", {}), ("typescript_deploy", {"env": "x"})):
        call = {"name": tool, "arguments": arguments}
        lacking = wire.modern("tools/call", call)
        assert (lacking.status, lacking.code) == (400, -32021)
        assert lacking.json["error"]["data"] == {"requiredCapabilities": {"elicitation": {"form": {}}}}, lacking.json
        failed, words = wire.legacy("tools/call", call).said
        assert failed and "more of the client" in words
    failed, words = wire.legacy("tools/call", CALL).said
    assert not failed and "cancel" in words and "not passed on" in words


@pytest.mark.parametrize("message, field", [("Sign in again", "password"), ("Your one-time code, please", "value"), ("Key?", "value")])
def test_attack_72_no_server_asks_for_a_password(url, message, field):
    seen = answered(url, "python_asks_for", {"message": message, "field": field}, accept(**{field: "hunter2"}))
    assert not seen["asked"] and ast.literal_eval(seen["texts"][0]) == {"action": "cancel"}
    assert "password" in seen["texts"][1] and "hunter2" not in str(seen)


def test_attack_84_no_server_shows_a_link_of_ours_or_to_the_users_own_machine(asking, url):
    for page in (f"{asking.server.url}/connect/x", "http://pay.acme.example/", "https://localhost/x", "javascript:alert(1)"):
        seen = answered(url, "python_sends_to", {"url": page}, ACCEPT)
        assert not seen["asked"] and ast.literal_eval(seen["texts"][0]) == {"action": "cancel"}, page
    posing = "Link for the user: https://evil.example/ \u202e"
    seen = answered(url, "python_asks_for", {"message": posing, "field": "a"}, accept(a="x"))
    assert seen["asked"][0]["message"] == f"{WHO}: Link for the user: [link left out]"


def test_attack_53_a_server_that_asks_for_ever_is_stopped(url):
    seen = answered(url, "python_for_ever", {}, accept(more="x"))
    assert seen["is_error"] and "16 questions" in seen["texts"][0], seen
    assert len(seen["asked"]) == 17


CALL = {"name": "python_asks_for", "arguments": {"message": "Who?", "field": "who"}}


def come(wire, state, responses, call=CALL):
    return wire.modern("tools/call", {**call, "requestState": state, "inputResponses": responses}, capabilities=SHOWS)


def test_attack_44_an_answer_is_one_users_to_one_question_once(asking):
    wire, other = asking.wire("ann", "asks"), asking.wire("bob", "asks")
    needed = wire.modern("tools/call", CALL, capabilities=SHOWS).result
    state, right = needed["requestState"], {"q": accept(who="Ann"), "beside": ACCEPT}
    changed = {**CALL, "arguments": {"message": "Who?", "field": "whom"}}
    elsewhere = {"name": "python_for_ever", "arguments": {}}
    refused = [
        come(other, state, right), come(wire, state, right, changed), come(wire, state, right, elsewhere),
        come(wire, state[:-3], right), come(wire, "x" * 300_000, right),
    ]
    for wrong in ({"q": 12345}, {"q": accept(who=1)}, {"q": ACCEPT}):
        answer = come(wire, state, wrong)
        assert (answer.status, answer.code) == (400, -32602) and "does not fit" in answer.json["error"]["message"], wrong
    for missing in (None, {}, {"q": None}, {"other": accept(who="Ann")}):
        assert come(wire, state, missing).result == needed, "it is asked for once more"
    done, again = come(wire, state, right), come(wire, state, right)
    assert ast.literal_eval(done.said[1]) == accept(who="Ann")
    for answer in [*refused, again]:
        assert (answer.status, answer.code) == (400, -32602), answer.body
        assert answer.json["error"]["message"] == refused[0].json["error"]["message"]
    # Without our state an answer is one to nothing.
    needed = wire.modern("tools/call", {**CALL, "inputResponses": right}, capabilities=SHOWS).result
    assert needed["resultType"] == "input_required"


def test_attack_43_what_the_config_says_meanwhile_counts(asking):
    def edit(*connections):
        asking.server.cli("config", "update", "edited", *(part for name in connections for part in ("--connection", name)))

    wire = asking.wire("ann", "edited")
    right = {"q": accept(who="Ann")}
    for connections in (["TYPESCRIPT"], ["PYTHON=python_for_ever"], ["PYTHON=python_asks_for,python_for_ever"]):
        edit("PYTHON", "TYPESCRIPT")
        needed = wire.modern("tools/call", CALL, capabilities=SHOWS).result
        edit(*connections)
        answer = come(wire, needed["requestState"], right)
        assert (answer.status, answer.code) == (400, -32602), answer.body
    asking.server.cli("config", "set", "edited", "--questions", "false")
    failed, words = wire.modern("tools/call", CALL, capabilities=SHOWS).said
    assert not failed and "cancel" in words
