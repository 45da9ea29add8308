"""What Glewlwyd wants that other authorization servers do not: a nonce with `openid`, who it is that revokes, and an ear
for a refusal in which nothing is said."""

import json
import time
import urllib.parse

import pytest

from kit.glewlwyd import BRIEF, LASTING, STAYING, Guarded

pytestmark = pytest.mark.waits


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    running = Guarded(tmp_path_factory.mktemp("strict"), scopes=("notes",))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def asked_openid(tmp_path_factory):
    running = Guarded(tmp_path_factory.mktemp("openid"))
    try:
        yield running.start()
    finally:
        running.stop()


def nonce_of(walker):
    """What the last authorization request that went to the provider had."""
    asked = next(url for url in walker.passed if "/auth?" in url)
    return urllib.parse.parse_qs(urllib.parse.urlsplit(asked).query)["nonce"][0]


def test_with_openid_a_nonce_goes_along_and_each_request_has_its_own(asked_openid):
    wires = [asked_openid.consent(user) for user in ("one", "two")]
    nonces = [nonce_of(wire.walker) for wire in wires]
    assert nonces[0] != nonces[1] and min(map(len, nonces)) >= 22
    for user, wire in zip(("one", "two"), wires):
        assert wire.done("guarded_whoami")["sub"] == asked_openid.account(user)["subject"]


def test_an_id_token_with_the_nonce_of_another_request_is_refused(asked_openid):
    """On the way to the provider somebody puts their own nonce in; what comes back is not what was asked for."""
    instance, walker = asked_openid.instance("swapped"), asked_openid.provider.somebody("swapped")
    walker.halt = "/login.html?"
    walker.open(asked_openid.entry(instance)["authentication_link"]).submit("continue")
    walker.halt = None
    (callback,) = urllib.parse.parse_qs(urllib.parse.urlsplit(walker.where).query)["callback_url"]
    own = nonce_of(walker)
    asked_openid.provider.told(walker, "PUT", "/api/auth/grant/valetkey", {"scope": "openid notes"})
    walker.open(f"{callback.replace(urllib.parse.quote(own), 'n' * len(own))}&g_continue")
    assert any("code=" in url for url in walker.passed), walker.passed
    assert asked_openid.entry(instance)["connected_account_status"] != "ACTIVE"


def test_what_the_provider_says_of_a_refusal_is_kept_for_the_operator_and_not_shown_as_ours(guarded):
    """Without a challenge it says what is missing; so it does here, asked by a link that lost it on the way."""
    instance, walker = guarded.instance("refused"), guarded.provider.somebody("refused")
    walker.open(guarded.entry(instance)["authentication_link"]).submit("continue")
    (callback,) = urllib.parse.parse_qs(urllib.parse.urlsplit(walker.where).query)["callback_url"]
    parts = urllib.parse.urlsplit(callback)
    query = {name: value for name, value in urllib.parse.parse_qsl(parts.query) if name != "nonce"}
    query["scope"] = "openid notes"
    guarded.provider.told(walker, "PUT", "/api/auth/grant/valetkey", {"scope": "openid notes"})
    walker.open(f"{parts._replace(query=urllib.parse.urlencode(query)).geturl()}&g_continue")
    assert any("error_description=nonce" in url for url in walker.passed), walker.passed
    assert "nonce required" in guarded.server.words(), "the log"
    lines = guarded.server.cli_json("logs", "list", "--limit", "100")
    lines = [line for line in lines if line["action"] == "authorization.ended"]
    assert "nonce required" in json.dumps(lines), "the journal"
    assert "invalid_request" in walker.text


def refusals(guarded):
    """How often its token endpoint has refused a refresh token."""
    return guarded.provider.said().count("Token invalid")


def test_a_grant_that_ended_without_a_word_has_a_link_and_is_not_asked_for_at_every_call(guarded):
    wire = guarded.consent("withdrawn", BRIEF)
    guarded.provider.withdraw(wire.walker, BRIEF)
    guarded.run_out("withdrawn")
    before, words = refusals(guarded), ""
    for _ in range(10):
        words = wire.refused("guarded_whoami")
    assert f"{guarded.server.url}/connect/" in words, words
    assert 1 <= refusals(guarded) - before <= 3, "a pause that grows"
    account = guarded.account("withdrawn")
    assert "400" in json.dumps(account), "its state says what happened"
    # The link leads back into service.
    link = next(word.strip(".,()") for word in words.split() if "/connect/" in word)
    guarded.allow(wire.walker, link)
    assert wire.done("guarded_whoami")["sub"] == guarded.account("withdrawn")["subject"]


def test_disconnecting_revokes_there_though_the_refusal_of_a_nobody_is_empty(guarded):
    wire = guarded.consent("leaves")
    assert len(guarded.provider.granted(wire.walker, LASTING)) == 1
    guarded.server.cli("account", "disconnect", guarded.account("leaves")["id"])
    assert guarded.provider.granted(wire.walker, LASTING) == []
    assert guarded.entry(wire.instance)["connected_account_status"] == "DISCONNECTED"
    assert "/connect/" in wire.refused("guarded_whoami")


def test_a_revocation_that_failed_is_told_and_tried_again(guarded):
    wire = guarded.consent("later")
    account = guarded.account("later")["id"]
    guarded.provider.stop()
    try:
        done = guarded.server.cli("account", "disconnect", account, check=False)
    finally:
        guarded.provider.run()
    said = done.stdout + done.stderr
    assert "tokens are gone, here and" not in said and "again" in said, said
    end = time.monotonic() + 120
    while guarded.provider.granted(wire.walker, LASTING):
        assert time.monotonic() < end, "it is never tried again"
        time.sleep(0.5)
    assert guarded.account("later")["status"] == "DISCONNECTED"


# How a connector says that id and secret go into Basic as they are, against RFC 6749 and as this server wants them.
RAW = "basic_raw"


def test_a_secret_with_special_characters_can_go_into_basic_as_it_is(tmp_path):
    running = Guarded(tmp_path, scopes=("notes",), secret="a secret: with/+%&=signs", client_auth=RAW)
    try:
        running.start()
        wire = running.consent("raw", STAYING)
        running.run_out("raw")
        assert wire.done("guarded_whoami")["sub"]
        running.server.cli("account", "disconnect", running.account("raw")["id"])
        assert running.provider.granted(wire.walker, STAYING) == []
    finally:
        running.stop()


@pytest.mark.parametrize("chosen", ["keep", "replace"])
def test_of_two_peoples_tokens_those_that_are_not_kept_are_revoked_there(guarded, chosen):
    """Somebody else signs in where one was; whom the person does not choose has given for nothing."""
    user = f"either-{chosen}"
    wire, other = guarded.consent(user), guarded.provider.somebody(f"other-{chosen}")
    subject = guarded.account(user)["subject"]
    guarded.allow(other, guarded.entry(wire.instance)["authentication_link"])
    assert guarded.account(user)["subject"] == subject, "nothing is replaced before it is said"
    other.submit(chosen)
    kept, dropped = (wire.walker, other) if chosen == "keep" else (other, wire.walker)
    end = time.monotonic() + 60
    while guarded.provider.granted(dropped, LASTING):
        assert time.monotonic() < end, "nobody holds it, and it lives on"
        time.sleep(0.5)
    assert len(guarded.provider.granted(kept, LASTING)) == 1
    assert (guarded.account(user)["subject"] == subject) == (chosen == "keep")
    assert wire.done("guarded_whoami")["sub"] == guarded.account(user)["subject"]
