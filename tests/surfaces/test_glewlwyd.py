"""Sign-in and refresh against Glewlwyd 2, an authorization server unlike the one of test_oidc.py: what it refuses it
refuses with 400 and an empty body. Nobody here wrote it."""

import time
from datetime import UTC, datetime

import pytest

from kit.glewlwyd import BRIEF, LASTING, STAYING, Guarded


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
    run_out(guarded, f"runs-out-{way}")
    assert wire.done("guarded_whoami")["sub"]
    (after,) = guarded.provider.granted(wire.walker, way)
    assert (after["token_hash"] != before["token_hash"]) == (way == BRIEF)


def test_a_secret_that_is_refused_without_a_word_ends_no_account(guarded):
    """It looks as a grant does that is over."""
    wire = guarded.consent("patient", STAYING)
    guarded.provider.client("another-secret", *guarded.redirects, method="PUT")
    try:
        run_out(guarded, "patient")
        assert "400" in wire.refused("guarded_whoami")
        assert guarded.account("patient")["status"] == "ACTIVE"
        assert guarded.provider.granted(wire.walker, STAYING)
    finally:
        guarded.provider.client(guarded.secret, *guarded.redirects, method="PUT")
    end = time.monotonic() + 60
    while wire.call("guarded_whoami")[0]:
        assert time.monotonic() < end, wire.call("guarded_whoami")
        time.sleep(0.5)


def run_out(guarded, user):
    """Returns when the account's access token has ended."""
    end = time.monotonic() + 30
    while datetime.fromisoformat(guarded.account(user)["token_ends_at"]) > datetime.now(UTC):
        assert time.monotonic() < end, "the token outlives its time"
        time.sleep(0.05)
