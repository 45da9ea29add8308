"""What comes too late. A release has no clock that could be moved, so the server is stopped, the rows of the consent are
aged in its database file, and the server is started again."""

import sqlite3

import pytest

from kit.account import Account


class Ageing:
    """A server whose consents can grow old."""

    def __init__(self, server):
        self.server = server

    def age(self, sql):
        self.server.stop()
        with sqlite3.connect(self.server.data / "valetkey.sqlite") as opened:
            assert opened.execute(sql).rowcount > 0, "no row was aged"
        opened.close()
        self.server.start()


@pytest.fixture
def late(fresh):
    return Ageing(fresh().start())


def test_an_expired_link_says_so_whenever_it_is_found_out_and_who_sends_a_new_one(late, person):
    account = Account(late.server, "late")
    link = account.link()
    person.open(link)
    late.age("UPDATE authorizations SET link_expires_at = created_at WHERE stage = 'linked'")
    person.press_continue()
    assert person.told() == "This link has expired"
    assert person.open(link).status == 410
    assert person.told() == "This link has expired"
    assert "Ask the agent or the app that gave it to you" in person.words()
    assert account.status() == "PENDING_AUTH"
    person.connect(account.link())
    assert account.status() == "ACTIVE"


def test_a_sign_in_that_took_too_long_is_told_and_exchanges_nothing(late, person):
    account = Account(late.server, "slow")
    person.reach_consent(account.link())
    answer = person.take_answer()
    late.age("UPDATE authorizations SET consent_expires_at = created_at WHERE stage = 'started'")
    asked = late.server.control("GET", "/exchanges")
    person.open(answer)
    assert person.told() == "Time ran out"
    assert late.server.control("GET", "/exchanges") == asked
    assert account.status() == "PENDING_AUTH"


def test_attack_65_a_choice_that_comes_too_late_replaces_nothing(late, person):
    account = Account(late.server, "undecided")
    person.connect(account.link(), account=1)
    before = account.mailbox()
    person.connect(account.link(), account=2)
    late.age("UPDATE pending_credentials SET expires_at = 0")
    person.page.click("#replace")
    assert person.told() == "Time ran out"
    assert account.status() == "ACTIVE" and account.mailbox() == before


def test_a_crash_while_exchanging_means_start_again(late, person):
    """As a server leaves it that died between asking for tokens and storing them."""
    account = Account(late.server, "crashed")
    link = account.link()
    person.reach_consent(link)
    answer = person.take_answer()
    late.age("UPDATE authorizations SET stage = 'exchanging', consent_expires_at = created_at WHERE stage = 'started'")
    person.open(answer)
    assert person.told() == "The server stopped in the middle"
    assert account.status() == "PENDING_AUTH"
    person.connect(link)
    assert account.status() == "ACTIVE"
