"""Two servers on one PostgreSQL database behind HAProxy: any request at any of them. The machine of one is ten minutes
ahead. oidc-provider counts the refreshes; nobody here wrote either."""

import http.client
import json
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from kit import postgres
from kit.mcp import Wire
from kit.replicas import AHEAD, within_a_second
from kit.walker import Walker

pytestmark = pytest.mark.waits


def consent(replicas, user, ttl=3600):
    """Signs that user in, each step at the replica whose turn it is; gives the wire to each of the two."""
    instance = replicas.practice.consent(user, ttl).instance
    wires = [Wire(replicas.at(server, instance["url"])) for server in (replicas.one, replicas.two)]
    for wire in wires:
        wire.instance = instance
    return wires


def test_both_start_at_once_on_an_empty_database_and_share_every_key(replicas):
    keys = []
    for server in (replicas.one, replicas.two):
        with urllib.request.urlopen(f"{server.url}/keys") as answer:
            keys.append(json.load(answer))
    assert keys[0] == keys[1] and len(keys[0]["keys"]) == 1
    for purpose in ("signing", "url"):
        count = f"SELECT count(*) FROM data_keys WHERE purpose = '{purpose}'"
        assert postgres.psql(replicas.database, count) in ("0", "1")
    assert postgres.psql(replicas.database, "SELECT count(*) FROM environments") == "1"
    assert postgres.psql(replicas.database, "SELECT count(*) FROM schema_steps WHERE number = 1") == "1"


def test_a_token_signed_by_one_is_taken_by_the_other(replicas):
    token = replicas.one.token()
    for server in (replicas.two, replicas.one):
        assert server.api("GET", "/api/v1/mcp/configs", token=token) is not None
    token = replicas.two.token()
    assert replicas.one.api("GET", "/api/v1/mcp/configs", token=token) is not None


def test_ten_callers_at_both_get_one_instance(replicas):
    replicas.practice.instance("somebody")
    token, body = replicas.one.token(), {"config_name": "practice", "user_identifier": "same"}

    def ensure(number):
        server = (replicas.one, replicas.two)[number % 2]
        return server.api("POST", "/api/v1/mcp/instances", body, token)["instance"]["id"]

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(ensure, range(10)))) == 1


def test_a_consent_begun_at_one_ends_at_the_other(replicas):
    """The walker opens a connection for each request."""
    instance = replicas.practice.instance("crosses")
    walker = Walker()
    with replicas.balancer.only("one"):
        walker.open(replicas.practice.entry(instance)["authentication_link"])
        walker.submit("continue")
    with replicas.balancer.only("two"):
        walker.submit(login="crosses", password="any")
        walker.submit()
    assert replicas.practice.entry(instance)["connected_account_status"] == "ACTIVE", walker.text
    for server in (replicas.one, replicas.two):
        assert Wire(replicas.at(server, instance["url"])).done("practice_whoami")["user"] == "crosses"


def test_an_agents_calls_go_to_either(replicas):
    consent(replicas, "either")
    wire = Wire(replicas.practice.instance("either")["url"])
    before = [replicas.balancer.share(name) for name in ("one", "two")]
    assert wire.done("practice_add_note", text="first") == {"notes": ["first"]}
    assert wire.done("practice_add_note", text="second") == {"notes": ["first", "second"]}
    assert wire.done("practice_list_notes") == {"notes": ["first", "second"]}
    after = [replicas.balancer.share(name) for name in ("one", "two")]
    assert all(now > then for now, then in zip(after, before)), (before, after)


def test_the_command_line_and_the_api_agree_about_what_the_other_did(replicas):
    made = replicas.two.cli_json("config", "create", "seen", "--connection", "PRACTICE=practice_whoami")[0]
    assert [one["id"] for one in replicas.one.cli_json("config", "list") if one["name"] == "seen"] == [made["id"]]
    replicas.one.cli("config", "delete", made["id"])
    assert "not found" in replicas.two.cli("config", "get", made["id"], check=False).stderr


def test_attack_8_what_one_deletes_the_other_refuses_within_a_second(replicas):
    one, two = consent(replicas, "leaves")
    assert two.done("practice_whoami")["user"] == "leaves"
    (account,) = replicas.one.cli_json("account", "list", "--identifier", "leaves")
    replicas.one.cli("account", "disconnect", account["id"])
    within_a_second(lambda: two.call("practice_whoami")[0])
    assert "/connect/" in two.refused("practice_whoami")

    rotated = replicas.one.cli_json("instance", "rotate-url", one.instance["id"])[0]["url"]
    within_a_second(lambda: two.legacy("tools/list").status == 404)
    again = Wire(replicas.at(replicas.two, rotated))
    assert "practice_whoami" in again.tools()

    mapping = {"connection_name": "PRACTICE", "tools": ["practice_whoami"]}
    config = one.instance["config"]["id"]
    body = {"connection_tool_mappings": [mapping]}
    replicas.one.api("PUT", f"/api/v1/mcp/configs/{config}", body)
    try:
        within_a_second(lambda: again.tools() == ["practice_whoami"])
    finally:
        mapping["tools"] = []
        replicas.two.api("PUT", f"/api/v1/mcp/configs/{config}", body)

    replicas.one.cli("instance", "delete", one.instance["id"])
    within_a_second(lambda: again.legacy("tools/list").status == 404)


def test_attack_8_the_token_of_a_client_that_one_deleted_is_refused_by_the_other(replicas):
    made = replicas.one.cli_json("client", "create", "short-lived")[0]
    token = replicas.two.token_of(made["client_id"], made["client_secret"])
    replicas.two.api("GET", "/api/v1/mcp/configs", token=token)
    replicas.one.cli("client", "delete", made["client_id"])
    within_a_second(lambda: replicas.two.answer("GET", "/api/v1/mcp/configs", token=token)[0] == 401)
    replicas.one.api("GET", "/api/v1/mcp/configs", token=token, expect=401)


def test_attack_34_an_open_stream_at_one_ends_when_the_other_deletes_its_instance(replicas):
    one, two = consent(replicas, "streams")
    replicas.practice.pause()
    try:
        connection = http.client.HTTPConnection(urlsplit(two.url).netloc, timeout=30)
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        meta = {"progressToken": 1}
        params = {"name": "practice_whoami", "arguments": {}, "_meta": meta}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        connection.request("POST", urlsplit(two.url).path, json.dumps(message), headers)
        answer = connection.getresponse()
        assert answer.headers["content-type"] == "text/event-stream"
        replicas.one.cli("instance", "delete", one.instance["id"])
        # The provider still keeps everybody waiting, so whatever ends the stream is not its answer.
        assert b'"result"' not in answer.read()
    finally:
        replicas.practice.go_on()


def patient(wire, tool):
    """Calls until there is room: eight calls of one account may be in flight in each process."""
    end = time.monotonic() + 120
    while True:
        failed, text = wire.call(tool)
        if not (failed and "in flight" in text) or time.monotonic() > end:
            return failed, text
        time.sleep(0.05)


def test_attacks_21_and_24_fifty_callers_over_both_cost_one_refresh_of_a_rotating_token(replicas):
    wires = consent(replicas, "fifty", ttl=3)
    replicas.practice.run_out("fifty")
    before = replicas.practice.seen()
    replicas.practice.pause()
    with ThreadPoolExecutor(50) as pool:
        calls = [pool.submit(patient, wires[number % 2], "practice_whoami") for number in range(50)]
        # The provider answers only when one of them has the lease and callers of both are waiting for what it brings.
        held = "SELECT count(*) FROM connected_accounts WHERE identifier = 'fifty' AND refresh_generation IS NOT NULL"
        end = time.monotonic() + 20
        while postgres.psql(replicas.database, held) != "1":
            assert time.monotonic() < end, "nobody took the lease"
            time.sleep(0.05)
        replicas.practice.go_on()
        answers = [call.result() for call in calls]
    after = replicas.practice.seen()
    assert after["granted"]["refresh_token"] - before["granted"].get("refresh_token", 0) == 1
    assert after["refused"] == before["refused"]
    assert not [text for failed, text in answers if failed]
    assert {json.loads(text)["user"] for _, text in answers} == {"fifty"}


def test_attack_24_the_machines_clocks_are_ten_minutes_apart_and_nothing_goes_by_them(replicas):
    first = [re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", server.words())[0] for server in (replicas.one, replicas.two)]
    one, two = (time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S")) for text in first)
    assert two - one > AHEAD - 120, "the second one's clock is ahead"
    token = replicas.two.token()
    config = {"name": "from-the-future", "connection_tool_mappings": []}
    made = replicas.two.api("POST", "/api/v1/mcp/configs", config, token)["config"]
    at = "SELECT created_at - extract(epoch FROM now()) * 1000 FROM mcp_configs WHERE id = '" + made["id"] + "'"
    assert abs(float(postgres.psql(replicas.database, at))) < 60_000
    # A token that lasts thirty seconds is refreshed a minute before its end by either, and one of an hour by neither.
    wires, before = consent(replicas, "apart"), replicas.practice.refreshes()
    assert [wire.done("practice_whoami")["user"] for wire in wires] == ["apart", "apart"]
    assert replicas.practice.refreshes() == before
    # What one of them says may be opened for fifteen minutes, the other opens.
    instance = replicas.practice.instance("link")
    link = replicas.two.links(instance)["PRACTICE"]["authentication_link"]
    assert Walker().open(link.replace(replicas.url, replicas.one.url)).status == 200


def test_attack_54_without_the_database_both_say_why_and_come_back(replicas):
    name = replicas.database.rsplit("/", 1)[1]
    wires = consent(replicas, "outage")
    server = f"{replicas.database.rsplit('/', 1)[0]}/postgres"
    postgres.psql(server, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres.psql(server, ended)
    try:
        for one in (replicas.one, replicas.two):
            words = until(lambda: one.answer("GET", "/readyz"), 503)
            assert "not ready" in words and urlsplit(replicas.database).username + "@" not in words
            assert one.answer("GET", "/healthz")[0] == 200
        assert wires[0].legacy("tools/list").status >= 500
    finally:
        postgres.psql(server, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    for one, wire in zip((replicas.one, replicas.two), wires):
        until(lambda: one.answer("GET", "/readyz"), 200)
        assert wire.done("practice_whoami")["user"] == "outage"


def until(ask, status):
    """The words of the first answer with that status."""
    end = time.monotonic() + 30
    while (answer := ask())[0] != status:
        assert time.monotonic() < end, answer
        time.sleep(0.1)
    return answer[1]


def test_of_two_one_tells_a_webhook_of_each_event(replicas):
    """Accounts are made and ended at both by turns, so either may come first to tell of them."""
    webhook = replicas.one.cli_json("webhook", "create", replicas.hook.url)[0]
    token, users = replicas.one.token(), [f"told-{number}" for number in range(12)]

    def live(number):
        server = (replicas.one, replicas.two)[number % 2]
        body = {"connector": "PRACTICE", "identifier": users[number], "connected_account": {}}
        account = server.api("POST", "/api/v1/connected_accounts", body, token)["connected_account"]["id"]
        other = (replicas.two, replicas.one)[number % 2]
        other.api("POST", f"/api/v1/connected_accounts/{account}:disconnect", {}, token)
        other.api("POST", "/api/v1/connected_accounts:delete", {"id": account}, token)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(live, range(len(users))))
    for user in users:
        replicas.hook.wait_for("deleted", user)
    for user in users:
        assert replicas.hook.kinds(user) == ["created", "status_updated", "deleted"]
    assert replicas.two.cli_json("webhook", "get", webhook["id"])[0]["dead_letters"] == 0
    replicas.one.cli("webhook", "delete", webhook["id"])
