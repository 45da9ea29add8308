"""Answers that get lost on the way back, token endpoints that are down, and refreshing before anybody has to wait:
against oidc-provider, whose own events say how many exchanges it has granted and refused."""

import http.client
import threading
import time

import pytest

from kit.metrics import lint, metrics, value
from kit.oidc import Practice, sign_in
from kit.walker import Walker

pytestmark = pytest.mark.waits


@pytest.fixture(scope="module")
def start(tmp_path_factory, database):
    """Starts a server with a provider, whose connector file says this of lost answers; one of each kind."""
    running = {}

    def once(lost_answer):
        if lost_answer not in running:
            running[lost_answer] = Practice(tmp_path_factory.mktemp(lost_answer), lost_answer, env=database())
            running[lost_answer].start()
        return running[lost_answer]

    yield once
    for practice in running.values():
        practice.stop()


def since(practice, before):
    """Refreshes granted and refused since then."""
    now = practice.seen()
    granted = now["granted"].get("refresh_token", 0) - before["granted"].get("refresh_token", 0)
    return granted, now["refused"][len(before["refused"]):]


def test_attack_22_retry_now_makes_a_lost_answer_good_at_once(start):
    practice = start("retry_now")
    practice.make("grace/60")
    wire = practice.consent("again", ttl=3)
    practice.run_out("again")
    before = practice.seen()
    practice.way.lose_answers()
    assert wire.done("practice_whoami")["user"] == "again"
    assert practice.way.lost() and since(practice, before) == (2, [])
    assert practice.account("again")["last_refresh"] == "refreshed"


def unanswered(wire):
    """A call whose server dies."""
    with pytest.raises((OSError, http.client.HTTPException)):
        wire.call("practice_whoami")


def test_attack_22_after_a_kill_the_next_caller_waits_for_seconds_and_not_for_the_lease(start):
    practice = start("retry_now")
    practice.make("grace/60")
    wire = practice.consent("killed", ttl=3)
    practice.run_out("killed")
    practice.way.hold_answers()
    caller = threading.Thread(target=unanswered, args=(wire,))
    caller.start()
    practice.way.holds_one()
    practice.server.kill()
    practice.way.release()
    caller.join()
    practice.server.start()
    begun = time.monotonic()
    assert wire.done("practice_whoami")["user"] == "killed"
    assert time.monotonic() - begun < 15


def test_attack_22_retry_now_at_a_provider_that_takes_no_repeat_ends_with_its_reason(start):
    practice = start("retry_now")
    practice.make("grace/0")
    wire = practice.consent("lied", ttl=3)
    practice.run_out("lied")
    before = practice.seen()
    practice.way.lose_answers()
    assert "/connect/" in wire.refused("practice_whoami")
    assert since(practice, before) == (1, ["refresh_token invalid_grant"])
    ended = practice.account("lied")
    assert (ended["status"], ended["reason"]) == ("EXPIRED", "refresh_answer_lost")
    assert ended["why"] == "its renewal was lost on the way"


def test_attack_22_retry_at_expiry_waits_and_a_provider_with_grace_loses_nobody(start):
    practice = start("retry_at_expiry")
    practice.make("grace/60")
    wire = practice.consent("waits", ttl=8)
    before = practice.seen()
    practice.way.lose_answers()
    assert wire.done("practice_whoami")["user"] == "waits"
    assert wire.done("practice_whoami")["user"] == "waits"
    assert practice.way.lost() and since(practice, before) == (1, []), "the live token serves meanwhile"
    assert practice.account("waits")["last_refresh"].startswith("refresh_lost: ")
    # The new access token, which nobody has, lives an hour; the old one has its eight seconds.
    end = time.monotonic() + 30
    while since(practice, before)[0] == 1:
        assert wire.done("practice_whoami")["user"] == "waits"
        assert time.monotonic() < end, "the refresh token is never tried again"
    assert since(practice, before) == (2, [])


def test_attack_22_never_lets_the_account_end_when_its_token_does(start):
    practice = start("never")
    wire = practice.consent("gone", ttl=8)
    before = practice.seen()
    practice.way.lose_answers()
    assert wire.done("practice_whoami")["user"] == "gone"
    end = time.monotonic() + 30
    while not (words := wire.call("practice_whoami"))[0]:
        assert time.monotonic() < end, "the token outlives its time"
    assert "/connect/" in words[1]
    assert since(practice, before) == (1, []), "nothing was sent again"
    ended = practice.account("gone")
    assert (ended["status"], ended["reason"]) == ("EXPIRED", "refresh_answer_lost")
    link = next(word for word in words[1].split() if "/connect/" in word)
    sign_in(Walker(), link, "gone")
    assert wire.done("practice_whoami")["user"] == "gone"


def test_attack_23_a_token_endpoint_that_is_down_is_left_alone_and_ends_nobody(start):
    practice = start("retry_now")
    wire = practice.consent("down", ttl=3)
    practice.run_out("down")
    practice.kill_provider()
    shown = metrics(practice.server)
    assert value(shown, "valetkey_breakers", state="open") == 0
    words, end = [""], time.monotonic() + 30
    while "is down" not in words[-1]:
        assert time.monotonic() < end, words[-5:]
        words.append(wire.refused("practice_whoami"))
    shown = metrics(practice.server)
    assert value(shown, "valetkey_breakers", state="open") == 1
    assert value(shown, "valetkey_breaker_changes_total", change="opened") == 1
    assert value(shown, "valetkey_breaker_refusals_total", urgency="on_use") >= 1
    assert lint(shown) == "" and "127.0.0.1" not in shown
    practice.start_provider()
    assert len(words) > 5, "five failures in a row"
    assert "Practice" in words[-1] and "Try again in" in words[-1]
    assert not any("/connect/" in said for said in words)
    assert practice.account("down")["status"] == "ACTIVE"
    before = practice.seen()
    end = time.monotonic() + 60
    while wire.call("practice_whoami")[0]:
        assert time.monotonic() < end, "it is never tried again"
        time.sleep(0.2)
    assert since(practice, before) == (1, [])
    shown = metrics(practice.server)
    assert sum(value(shown, "valetkey_breakers", state=state) for state in ("failing", "open", "trying")) == 0
    assert value(shown, "valetkey_breaker_changes_total", change="closed") == 1


def test_an_account_in_use_is_refreshed_before_anybody_waits_and_no_other(start):
    practice = start("retry_at_expiry")
    wire = practice.consent("ahead")
    practice.consent("unused")
    assert wire.done("practice_whoami")["user"] == "ahead"
    before = practice.seen()
    practice.server.stop()
    assert practice.age("UPDATE connected_accounts SET next_refresh_at = 1 WHERE status = 'ACTIVE'") >= 2
    practice.server.start()
    end = time.monotonic() + 60
    while practice.account("ahead")["last_refresh"] != "refreshed":
        assert time.monotonic() < end, "nothing is refreshed ahead"
        time.sleep(0.2)
    assert practice.account("unused")["last_refresh"] is None
    assert wire.done("practice_whoami")["user"] == "ahead"
    granted, refused = since(practice, before)
    assert granted >= 1 and refused == []
