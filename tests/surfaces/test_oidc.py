"""Sign-in, refresh and revocation against oidc-provider 9 (clock tolerance 0, PKCE required, refresh tokens rotate and
a reused one ends the grant), behind a connector file of the tests. Nobody here wrote the other side."""

import base64
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.mcp import Wire
from kit.oidc import CLIENT_ID, CLIENT_SECRET, Practice, sign_in
from kit.walker import Walker


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    running = Practice(tmp_path_factory.mktemp("practice"))
    try:
        yield running.start()
    finally:
        running.stop()


def test_a_person_consents_on_the_providers_own_pages_and_the_tools_work(practice, person):
    instance = practice.instance("person")
    person.open(practice.entry(instance)["authentication_link"])
    person.press_continue()
    person.page.fill("[name=login]", "person")
    person.page.fill("[name=password]", "any")
    person.page.click("button[type=submit]")
    person.page.click("button[type=submit]")
    person.page.wait_for_url(f"{practice.server.url}/**")
    assert practice.entry(instance)["connected_account_status"] == "ACTIVE"
    assert practice.account("person")["subject"] == "person"
    wire = Wire(instance["url"])
    assert wire.tools() == ["practice_whoami", "practice_list_notes", "practice_add_note"]
    assert wire.done("practice_whoami")["user"] == "person"
    assert wire.done("practice_add_note", text="milk") == {"notes": ["milk"]}


def test_two_users_reach_only_their_own(practice):
    first, second = practice.consent("own-1"), practice.consent("own-2")
    first.done("practice_add_note", text="of the first")
    assert second.done("practice_list_notes") == {"notes": []}
    assert second.done("practice_whoami")["user"] == "own-2"


def test_attack_49_an_api_that_echoes_the_token_does_not_disclose_it(practice):
    echoed = practice.consent("echo").done("practice_whoami")["echo"]
    assert echoed["authorization"] == "Bearer [redacted credential]"


def test_a_token_that_ran_out_is_refreshed_before_the_call(practice):
    wire, before = practice.consent("runs-out", ttl=3), practice.refreshes()
    practice.run_out("runs-out")
    assert wire.done("practice_whoami")["user"] == "runs-out"
    assert practice.refreshes() == before + 1
    assert wire.done("practice_whoami")["user"] == "runs-out"
    assert practice.refreshes() == before + 1


def test_a_token_that_the_api_refuses_is_refreshed_once_and_the_call_repeated(practice):
    wire = practice.consent("refused")
    before = practice.refreshes()
    practice.make("end-access")
    assert wire.done("practice_add_note", text="once") == {"notes": ["once"]}
    assert practice.refreshes() == before + 1


def test_attack_21_twenty_callers_cost_one_refresh_of_a_rotating_token(practice):
    wire = practice.consent("twenty", ttl=30)
    before = practice.seen()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: wire.call("practice_whoami"), range(20)))
    after = practice.seen()
    assert after["granted"]["refresh_token"] - before["granted"].get("refresh_token", 0) == 1
    assert after["refused"] == before["refused"]
    # Eight calls of one account may be in flight; who comes on top is told so.
    refused = [text for failed, text in answers if failed]
    assert len(refused) <= 12 and all("in flight" in text for text in refused), refused
    assert wire.done("practice_whoami")["user"] == "twenty"


def test_every_refresh_sends_the_newest_token_of_a_rotating_provider(practice):
    wire = practice.consent("rotates", ttl=30)
    practice.make("ttl/30")
    before = practice.refreshes()
    for _ in range(4):
        assert wire.done("practice_whoami")["user"] == "rotates"
    practice.make("ttl/3600")
    assert practice.refreshes() == before + 4


def test_attack_22_after_a_lost_answer_the_live_token_serves_and_the_spent_one_is_tried_only_once(practice):
    """This provider ends the whole grant, live access token included, when a spent refresh token comes again."""
    wire, before = practice.consent("loses", ttl=45), practice.seen()
    practice.way.lose_answers()
    for _ in range(3):
        assert wire.done("practice_whoami")["user"] == "loses"
    after = practice.seen()
    assert after["granted"]["refresh_token"] == before["granted"].get("refresh_token", 0) + 1
    assert after["refused"] == before["refused"]
    practice.make("end-access")
    assert "/connect/" in wire.refused("practice_whoami")
    assert "/connect/" in wire.refused("practice_whoami")
    assert practice.seen()["refused"] == [*before["refused"], "refresh_token invalid_grant"]
    ended = practice.account("loses")
    assert (ended["status"], ended["reason"]) == ("EXPIRED", "refresh_answer_lost")


def test_a_revoked_grant_expires_the_account_and_the_answer_has_the_link(practice):
    wire = practice.consent("revoked")
    practice.make("end-grants")
    words = wire.refused("practice_whoami")
    assert f"{practice.server.url}/connect/" in words
    assert practice.seen()["refused"][-1] == "refresh_token invalid_grant"
    assert practice.entry(wire.instance)["connected_account_status"] == "EXPIRED"
    # The link leads back into service.
    link = next(word for word in words.split() if "/connect/" in word)
    sign_in(Walker(), link, "revoked")
    assert wire.done("practice_whoami")["user"] == "revoked"


def test_disconnecting_ends_the_grant_at_the_provider(practice):
    wire = practice.consent("leaves")
    before = practice.seen()["revoked"]
    practice.server.cli("account", "disconnect", practice.account("leaves")["id"])
    assert practice.seen()["revoked"] == before + 1
    assert practice.entry(wire.instance)["connected_account_status"] == "DISCONNECTED"
    assert "/connect/" in wire.refused("practice_whoami")


def test_attack_16_a_code_is_spent_once_here_and_the_provider_ends_the_grant_of_a_replayed_one(practice):
    wire = practice.consent("replays")
    callback = next(url for url in wire.walker.passed if "code=" in url)
    exchanged = practice.seen()["granted"]["authorization_code"]
    wire.walker.open(callback)
    assert practice.seen()["granted"]["authorization_code"] == exchanged
    assert wire.done("practice_whoami")["user"] == "replays"
    assert steal(practice, callback, practice.seen()["exchanged"]["code_verifier"]) == 400
    assert "/connect/" in wire.refused("practice_whoami")
    assert practice.entry(wire.instance)["connected_account_status"] == "EXPIRED"


def test_attack_13_a_code_caught_on_the_way_is_nothing_without_its_verifier(practice):
    instance, walker = practice.instance("caught"), Walker()
    walker.halt = "code="
    sign_in(walker, practice.entry(instance)["authentication_link"], "caught")
    assert steal(practice, walker.where) == 400
    assert practice.seen()["refused"][-1] == "authorization_code invalid_grant"


def test_attack_13_a_request_whose_challenge_was_taken_away_ends_at_the_provider(practice):
    instance, walker = practice.instance("stripped"), Walker()
    walker.open(practice.entry(instance)["authentication_link"]).submit("continue")
    asked = next(url for url in walker.passed if url.startswith(f"{practice.url}/auth?"))
    parts = urllib.parse.urlsplit(asked)
    query = dict(urllib.parse.parse_qsl(parts.query))
    assert (query.pop("code_challenge_method"), len(query.pop("code_challenge"))) == ("S256", 43)
    before = practice.seen()["granted"]["authorization_code"]
    walker.open(parts._replace(query=urllib.parse.urlencode(query)).geturl())
    assert any("error=invalid_request" in url for url in walker.passed)
    assert practice.seen()["granted"]["authorization_code"] == before
    assert practice.entry(instance)["connected_account_status"] != "ACTIVE"


def steal(practice, callback, verifier=""):
    """What a thief of a callback's code gets who has even the client's secret, perhaps the verifier, too."""
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(callback).query)["code"][0]
    quoted = [urllib.parse.quote_plus(part) for part in (CLIENT_ID, CLIENT_SECRET)]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": practice.redirect_uri}
    form.update({"code_verifier": verifier} if verifier else {})
    request = urllib.request.Request(f"{practice.url}/token", urllib.parse.urlencode(form).encode())
    request.add_header("Authorization", "Basic " + base64.b64encode(":".join(quoted).encode()).decode())
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    return refused.value.code


def test_a_provider_that_is_down_costs_no_account_and_is_said(practice):
    wire = practice.consent("patient", ttl=3)
    practice.run_out("patient")
    practice.kill_provider()
    try:
        words = wire.refused("practice_whoami")
        assert practice.entry(wire.instance)["connected_account_status"] == "ACTIVE"
        assert "/connect/" not in words and "again" in words, words
    finally:
        practice.start_provider()
    assert wire.done("practice_whoami")["user"] == "patient"


def test_a_killed_server_goes_on_with_the_tokens_it_had(practice):
    """The refresh was over before the call was answered, so its rotated token is on disk."""
    wire = practice.consent("killed", ttl=30)
    practice.make("ttl/30")
    before = practice.refreshes()
    assert wire.done("practice_add_note", text="kept") == {"notes": ["kept"]}
    practice.server.kill()
    practice.server.start()
    assert wire.done("practice_list_notes") == {"notes": ["kept"]}
    practice.make("ttl/3600")
    assert practice.refreshes() == before + 2
