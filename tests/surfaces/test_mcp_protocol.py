"""Both eras of MCP over http.client: every byte of a request is the test's own."""

import base64
import json
import unicodedata

import pytest

from kit.connected import connected
from kit.mcp import GOOGLE_TOOLS, LEGACY, META, MODERN, Wire, request

OPENING = {"capabilities": {}, "clientInfo": {"name": "by-hand", "version": "1"}}


@pytest.fixture(scope="module")
def wire(demo):
    return connected(demo, "protocol")


@pytest.fixture(scope="module")
def narrow(demo):
    """An instance whose config has one tool of one connection."""
    mappings = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]}]
    return connected(demo, "protocol", "protocol-narrow", mappings)


# Legacy


@pytest.mark.parametrize("version", LEGACY)
def test_initialize_echoes_a_version_that_is_served(wire, version):
    answer = wire.legacy("initialize", {"protocolVersion": version, **OPENING}, version=None)
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    assert answer.result["protocolVersion"] == version
    assert list(answer.result["capabilities"]) == ["tools"]
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("asked", ["2024-11-05", "2026-07-28", "2031-01-01", "nonsense"])
def test_initialize_falls_back_to_the_last_legacy_version(wire, asked):
    answer = wire.legacy("initialize", {"protocolVersion": asked, **OPENING}, version=None)
    assert answer.result["protocolVersion"] == "2025-11-25"


def test_the_seeds_requests_are_served_without_a_session(wire):
    """A ping, a list and a call, each on its own connection, with no initialize before."""
    assert wire.legacy("ping").result == {}
    assert len(wire.tools()) == GOOGLE_TOOLS
    assert wire.done("gmail_fetch_mails", max_results=1)["messages"]


@pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "notifications/anything"])
def test_notifications_are_accepted_without_a_body(wire, method):
    answer = wire.post({"jsonrpc": "2.0", "method": method}, {"MCP-Protocol-Version": "2025-11-25"})
    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_than_post_are_405(wire, method):
    assert wire.raw(method, headers={"Accept": "text/event-stream"}).status == 405


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html", "application/json, text/event-stream"])
def test_whatever_is_accepted_a_short_answer_is_json(wire, accept):
    headers = {"Content-Type": "application/json", **({"Accept": accept} if accept else {})}
    answer = wire.raw("POST", json.dumps(request("tools/list")).encode(), headers)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


def test_an_unknown_version_header_is_400_and_says_which_are_served(wire):
    answer = wire.legacy("tools/list", version="1999-01-01")
    assert (answer.status, answer.code) == (400, -32022)
    assert answer.json["error"]["data"] == {"supported": [MODERN, *reversed(LEGACY)], "requested": "1999-01-01"}


def test_an_absent_version_header_is_fine(wire):
    assert wire.legacy("tools/list", version=None).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b'{"jsonrpc":"2.0"', b"\xff\xfe{}", b'{"a":1}{"b":2}'])
def test_malformed_json_is_a_parse_error(wire, body):
    answer = wire.raw("POST", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.code, answer.json["id"]) == (400, -32700, None)


@pytest.mark.parametrize("message", [[], 1, "text", None, {}, {"jsonrpc": "1.0", "id": 1, "method": "ping"}])
def test_json_that_is_no_message_is_an_invalid_request(wire, message):
    answer = wire.post(message, {"MCP-Protocol-Version": "2025-11-25"})
    assert (answer.status, answer.code) == (400, -32600)


def test_attack_52_deep_json_and_repeated_members_are_refused(wire):
    for body in [b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000]:
        assert wire.raw("POST", body, {"Content-Type": "application/json"}).status == 400
    twice = b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list","params":{}}'
    assert wire.raw("POST", twice, {"Content-Type": "application/json"}).status == 400


def test_a_body_over_its_limit_is_413(wire):
    assert wire.raw("POST", b" " * (4 * 1024 * 1024 + 1), {"Content-Type": "application/json"}).status == 413


def test_batches_are_for_the_first_version_alone(wire):
    batch = [request("ping", id="a"), {"jsonrpc": "2.0", "method": "notifications/initialized"}, request("nope", id=2)]
    answers = wire.post(batch, {"MCP-Protocol-Version": "2025-03-26"}).json
    assert [answer["id"] for answer in answers] == ["a", 2]
    assert answers[0]["result"] == {} and answers[1]["error"]["code"] == -32601
    for version in LEGACY[1:]:
        refused = wire.post(batch, {"MCP-Protocol-Version": version})
        assert (refused.status, refused.code) == (400, -32600)


@pytest.mark.parametrize("method", ["nope", "prompts/list", "resources/list", "completion/complete", "server/discover"])
def test_attack_47_legacy_methods_that_are_not_served_are_in_band_errors(wire, method):
    answer = wire.legacy(method)
    assert (answer.status, answer.code) == (200, -32601)


@pytest.mark.parametrize("id", [0, -1, 9007199254740991, "", "a-text", "0"])
def test_ids_come_back_as_they_were(wire, id):
    assert wire.legacy("ping", id=id).json["id"] == id


# Modern


def test_discover_says_versions_capabilities_and_how_long_it_holds(wire):
    answer = wire.modern("server/discover")
    result = answer.result
    assert answer.status == 200
    assert result["supportedVersions"] == [MODERN, *reversed(LEGACY)]
    assert result["capabilities"] == {"tools": {}}
    assert (result["resultType"], result["cacheScope"]) == ("complete", "private")
    assert isinstance(result["ttlMs"], int) and result["ttlMs"] >= 0
    assert result["_meta"][f"{META}/serverInfo"]["name"] == "valetkey"
    assert "Today is" in result["instructions"]


def test_modern_list_and_call_have_their_members(wire):
    listed = wire.modern("tools/list").result
    assert (listed["resultType"], listed["cacheScope"]) == ("complete", "private")
    assert isinstance(listed["ttlMs"], int)
    assert listed["tools"] == wire.legacy("tools/list").result["tools"]
    called = wire.modern("tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}}).result
    assert (called["resultType"], called["isError"]) == ("complete", False)
    assert f"{META}/serverInfo" in called["_meta"]


@pytest.mark.parametrize("header, value", [
    ("MCP-Protocol-Version", None), ("MCP-Protocol-Version", "2027-01-01"), ("Mcp-Method", None),
    ("Mcp-Method", "tools/list"), ("Mcp-Method", "TOOLS/CALL"), ("Mcp-Name", None), ("Mcp-Name", "gmail_send_message"),
    ("Mcp-Name", "=?base64?!!?="),
])
def test_attack_40_headers_that_disagree_with_the_body_are_refused(demo, wire, header, value):
    fetched = demo.control("GET", "/calls")["calls"].get("gmail.users.messages.list", 0)
    call = {"name": "gmail_fetch_mails", "arguments": {}}
    answer = wire.modern("tools/call", call, headers={header: value})
    assert (answer.status, answer.code) == (400, -32020)
    assert demo.control("GET", "/calls")["calls"].get("gmail.users.messages.list", 0) == fetched


def test_a_name_in_its_base64_form_agrees(wire):
    name = "=?base64?" + base64.b64encode(b"gmail_fetch_mails").decode() + "?="
    call = {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}}
    assert wire.modern("tools/call", call, headers={"Mcp-Name": name}).result["isError"] is False


def test_a_stale_legacy_header_beside_modern_meta_is_tolerated(wire):
    headers = {"MCP-Protocol-Version": "2025-11-25", "Mcp-Method": None}
    assert wire.modern("tools/list", headers=headers).result["resultType"] == "complete"


def test_a_modern_version_that_is_not_served_says_which_are(wire):
    meta = {f"{META}/protocolVersion": "2031-01-01", f"{META}/clientCapabilities": {}}
    headers = {"MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "tools/list"}
    answer = wire.post(request("tools/list", {"_meta": meta}), headers)
    assert (answer.status, answer.code) == (400, -32022)
    assert answer.json["error"]["data"]["requested"] == "2031-01-01"
    assert MODERN in answer.json["error"]["data"]["supported"]


@pytest.mark.parametrize("meta", [
    None, {}, {f"{META}/protocolVersion": MODERN}, {f"{META}/clientCapabilities": {}},
    {f"{META}/protocolVersion": MODERN, f"{META}/clientCapabilities": "none"},
    {f"{META}/protocolVersion": 20260728, f"{META}/clientCapabilities": {}},
])
def test_modern_requests_must_carry_their_meta(wire, meta):
    params = {} if meta is None else {"_meta": meta}
    answer = wire.post(request("tools/list", params), {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"})
    assert (answer.status, answer.code) == (400, -32602)


@pytest.mark.parametrize("method", ["initialize", "ping", "nope", "prompts/list", "resources/read"])
def test_attack_47_modern_methods_that_are_not_served_are_404(wire, method):
    answer = wire.modern(method)
    assert (answer.status, answer.code) == (404, -32601)


# The whitelist

OUTSIDE = ["gmail_send_message", "googlecalendar_create_event"]
LOOKALIKES = [
    "GMAIL_FETCH_MAILS", "Gmail_fetch_mails", " gmail_fetch_mails", "gmail_fetch_mails ", "gmail_fetch_mails\u0000",
    "gmail.gmail_fetch_mails", "MY_GMAIL_gmail_fetch_mails", "gmail/gmail_fetch_mails", "gmail_fetch_mails\n",
    "gmail_fetch_mail\u0455", "gmail\uff3ffetch_mails", "\ufeffgmail_fetch_mails", "gma\u0131l_fetch_mails", "",
    "../gmail_fetch_mails", "gmail_fetch_mail", "no_such_tool",
]


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_attack_41_a_tool_outside_the_whitelist_answers_as_an_unknown_one_byte_for_byte(demo, narrow, era):
    calls = demo.control("GET", "/calls")
    answers = set()
    for name in [*OUTSIDE, *LOOKALIKES]:
        params = {"name": name, "arguments": {"to": "a@b.example", "subject": "s", "body": "b"}}
        encoded = "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
        if era == "legacy":
            answer = narrow.legacy("tools/call", params)
        else:
            answer = narrow.modern("tools/call", params, headers={"Mcp-Name": encoded})
        # What comes back is the caller's own name as it is seen, and at most the name of a tool that is listed here.
        shown = "".join(c for c in name.replace("\n", " ") if unicodedata.category(c) not in ("Cc", "Cf"))
        body = answer.body.decode().replace("; did you mean 'gmail_fetch_mails'?", "")
        assert f"'{shown}'" in body, name
        answers.add((answer.status, body.replace(f"'{shown}'", "'NAME'")))
    ((status, body),) = answers
    assert status == (200 if era == "legacy" else 400)
    assert json.loads(body)["error"] == {"code": -32602, "message": "unknown tool 'NAME'"}
    assert demo.control("GET", "/calls") == calls


def test_attack_42_what_one_era_listed_the_other_refuses_once_the_config_is_narrowed(demo):
    both = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails", "gmail_get_message_by_id"]}]
    wire = connected(demo, "protocol", "protocol-shrinks", both)
    assert len(wire.tools()) == 2
    token = demo.token()
    (config,) = demo.api("GET", "/api/v1/mcp/configs?filter.name=protocol-shrinks", token=token)["configs"]
    less = {"connection_tool_mappings": [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails"]}]}
    demo.api("PUT", f"/api/v1/mcp/configs/{config['id']}", less, token)
    call = {"name": "gmail_get_message_by_id", "arguments": {"message_id": "1"}}
    for answer in (wire.legacy("tools/call", call), wire.modern("tools/call", call)):
        assert answer.json["error"] == {"code": -32602, "message": "unknown tool 'gmail_get_message_by_id'"}
    assert [tool["name"] for tool in wire.modern("tools/list").result["tools"]] == ["gmail_fetch_mails"]


# Doors


def test_bare_mcp_with_the_urls_token_as_bearer_works(wire):
    headers = {"Authorization": f"Bearer {wire.token}"}
    answer = wire.post(request("tools/list"), headers, path="/mcp/v1")
    assert len(answer.result["tools"]) == GOOGLE_TOOLS


@pytest.mark.parametrize("query", ["token", "access_token", "bearer", "key"])
def test_attack_28_a_token_in_the_query_opens_nothing(wire, query):
    answer = wire.post(request("tools/list"), path=f"/mcp/v1?{query}={wire.token}")
    assert answer.status == 401 and answer.body == b""
    assert "resource_metadata" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer vkm_", "Bearer vkm_AAAA", "Basic dmttXw=="])
def test_a_wrong_bearer_is_401_that_tells_nothing(wire, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = wire.post(request("tools/list"), headers, path="/mcp/v1")
    assert (answer.status, answer.body) == (401, b"")
    # RFC 6750, section 3.1: a reason only for who brought a token.
    said = ' error="invalid_token", error_description="the token does not open this URL (any more)"'
    brought = (authorization or "").startswith("Bearer vkm_")
    assert answer.headers["www-authenticate"] == "Bearer" + (said if brought else "")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1"])
def test_attack_38_a_strange_origin_is_403(wire, origin):
    assert wire.post(request("tools/list"), {"Origin": origin}).status == 403


def test_the_servers_own_origin_may(demo, wire):
    assert wire.post(request("tools/list"), {"Origin": demo.url}).status == 200


def test_attack_38_a_strange_host_is_refused(wire):
    import http.client

    connection = http.client.HTTPConnection(wire.parts.netloc)
    connection.putrequest("POST", wire.parts.path, skip_host=True)
    for name, value in {"Host": "evil.example", "Content-Length": "2", "Content-Type": "application/json"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"{}")
    answer = connection.getresponse()
    assert (answer.status, wire.token.encode() in answer.read()) == (421, False)
    connection.close()


def refusal(wire, path=None):
    """What can be told from a refusal: all but the time that it was made at."""
    answer = wire.post(request("tools/list"), path=path)
    return answer.status, {name: value for name, value in answer.headers.items() if name != "date"}, answer.body


def test_attacks_6_and_51_forged_unknown_and_deleted_urls_are_refused_with_the_same_bytes(demo, wire):
    gone = connected(demo, "protocol", "protocol-gone", [{"connection_name": "MY_GMAIL", "tools": []}])
    assert gone.tools()
    demo.api("DELETE", f"/api/v1/mcp/instances/{gone.instance['id']}")
    whole = base64.urlsafe_b64decode(wire.token[4:] + "==")
    flipped = [bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1:]]) for place in range(0, len(whole), 7)]
    forged = ["vkm_" + base64.urlsafe_b64encode(one).decode().rstrip("=") for one in flipped]
    strange = ["vkm_", "vkm_AAAA", wire.token[:-1], wire.token + "A", wire.token.upper(), wire.instance["id"], "x" * 4000, "%00"]
    deleted = refusal(gone)
    assert deleted[0] == 404 and deleted[2] == b""
    for token in [*forged, *strange]:
        assert refusal(wire, f"/mcp/v1/{token}") == deleted, token


def test_attack_51_a_rotated_url_is_refused_like_one_that_never_was(demo):
    old = connected(demo, "protocol", "protocol-rotated", [{"connection_name": "MY_GMAIL", "tools": []}])
    (rotated,) = demo.cli_json("instance", "rotate-url", old.instance["id"])
    assert rotated["id"] == old.instance["id"] and rotated["url"] != old.url
    assert refusal(old) == refusal(old, "/mcp/v1/vkm_AAAA")
    # The user stays signed in: the new URL works at once, and is the one that the API now gives.
    new = Wire(rotated["url"])
    assert new.done("gmail_fetch_mails", max_results=1)["messages"]
    again = demo.instance("protocol", "protocol-rotated")
    assert again["url"] == rotated["url"]


def test_a_deleted_config_stops_its_urls_at_once(demo):
    wire = connected(demo, "protocol", "protocol-config-gone", [{"connection_name": "MY_GMAIL", "tools": []}])
    bearer = {"Authorization": f"Bearer {wire.token}"}
    assert wire.post(request("ping"), bearer, path="/mcp/v1").status == 200
    token = demo.token()
    (config,) = demo.api("GET", "/api/v1/mcp/configs?filter.name=protocol-config-gone", token=token)["configs"]
    demo.api("DELETE", f"/api/v1/mcp/configs/{config['id']}", token=token)
    assert wire.legacy("tools/list").status == 404
    assert wire.post(request("ping"), bearer, path="/mcp/v1").status == 401


def test_one_users_url_never_acts_for_another(demo):
    """Attack 6: the URL names its user; nothing in the message does."""
    mine, theirs = connected(demo, "protocol-a", account=1), connected(demo, "protocol-b", account=2)
    call = {"name": "googlecalendar_list_events", "arguments": {}, "user_identifier": "protocol-b", "identifier": "protocol-b"}
    headers = {"Authorization": f"Bearer {theirs.token}", "X-User-Identifier": "protocol-b"}
    answer = mine.legacy("tools/call", call, headers=headers, path=f"{mine.parts.path}?identifier=protocol-b")
    assert "Piano lesson" not in answer.said[1] and "Dentist" in answer.said[1]


def test_answers_are_kept_out_of_caches_and_referrers(wire):
    for answer in (wire.legacy("tools/list"), wire.post(request("ping"), path="/mcp/v1/vkm_x")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_before_consent_a_call_answers_with_the_link_and_lists_work(demo):
    wire = Wire(demo.instance("protocol-new")["url"])
    assert len(wire.tools()) == GOOGLE_TOOLS
    words = wire.refused("gmail_fetch_mails")
    assert f"{demo.url}/connect/" in words
    assert "MY_GMAIL" in wire.modern("server/discover").result["instructions"]


def test_arguments_are_checked_before_anything_leaves(demo, wire):
    calls = demo.control("GET", "/calls")
    assert "max_results" in wire.refused("gmail_fetch_mails", max_result=1)
    assert "message_id" in wire.refused("gmail_get_message_by_id")
    assert "max_results" in wire.refused("gmail_fetch_mails", max_results="many")
    assert demo.control("GET", "/calls") == calls
