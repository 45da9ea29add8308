"""Sign-in and refresh against Glewlwyd 2, an authorization server unlike the one of test_oidc.py: what it refuses it
refuses with 400 and an empty body. Nobody here wrote it."""

import time

import pytest

from kit.glewlwyd import BRIEF, LASTING, STAYING, Guarded

pytestmark = pytest.mark.waits


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    running = Guarded(tmp_path_factory.mktemp("guarded"), scopes=("notes",))
    try:
        yield running.start()
    finally:
        running.stop()


def test_a_person_consents_there_and_the_tools_work(guarded):
    wire, other = guarded.consent("first"), guarded.consent("second")
    subjects = [guarded.account(user)["subject"] for user in ("first", "second")]
    assert wire.tools() == ["guarded_whoami"]
    assert [wire.done("guarded_whoami")["sub"], other.done("guarded_whoami")["sub"]] == subjects
    assert all(subjects) and subjects[0] != subjects[1]
    assert len(guarded.provider.granted(wire.walker, LASTING)) == 1


@pytest.mark.parametrize("way", [BRIEF, STAYING])
def test_a_token_that_ran_out_is_refreshed_whether_or_not_its_refresh_token_changes(guarded, way):
    wire = guarded.consent(f"runs-out-{way}", way)
    (before,) = guarded.provider.granted(wire.walker, way)
    guarded.run_out(f"runs-out-{way}")
    assert wire.done("guarded_whoami")["sub"]
    (after,) = guarded.provider.granted(wire.walker, way)
    assert (after["token_hash"] != before["token_hash"]) == (way == BRIEF)


def test_a_secret_that_is_refused_without_a_word_ends_no_account(guarded):
    """It looks as a grant does that is over."""
    wire = guarded.consent("patient", STAYING)
    guarded.provider.client("another-secret", *guarded.redirects, method="PUT")
    try:
        guarded.run_out("patient")
        assert "400" in wire.refused("guarded_whoami")
        assert guarded.account("patient")["status"] == "ACTIVE"
        assert guarded.provider.granted(wire.walker, STAYING)
    finally:
        guarded.provider.client(guarded.secret, *guarded.redirects, method="PUT")
    end = time.monotonic() + 60
    while wire.call("guarded_whoami")[0]:
        assert time.monotonic() < end, wire.call("guarded_whoami")
        time.sleep(0.5)


def test_a_second_consent_of_the_same_person_ends_nothing_that_is_in_use(guarded):
    """What replaced tokens may live on the same grant as the new ones; these work on, whatever became of the old."""
    wire = guarded.consent("twice")
    (again,) = guarded.server.cli_json("account", "link", "LASTING", "twice")
    guarded.allow(wire.walker, again["link"])
    assert wire.done("guarded_whoami")["sub"] == guarded.account("twice")["subject"]
    assert guarded.provider.granted(wire.walker, LASTING)
