"""Whose account it is: identifiers that look alike, identifiers that look like something else, and endpoints that are no
web addresses."""

import pytest

from kit.account import Account

# Another case, composed and decomposed accents, a full-width letter, an uppercase that some foldings equate, a hyphen.
LOOK_ALIKES = ["Zoe", "ZOE", "zo\u00e9", "zoe\u0301", "\uff5aoe", "z\u03bfe", "zoe-"]
# A blank at either end, NUL, a zero-width space, a right-to-left override, a line end, nothing.
REFUSED = ["zoe ", " zoe", "zoe\u0000", "zoe\u200b", "\u202ezoe", "zoe\n", ""]


def test_attack_09_a_consent_is_for_exactly_one_identifier(demo, person):
    zoe = Account(demo, "zoe")
    others = [Account(demo, identifier) for identifier in LOOK_ALIKES]
    assert len({one.instance["id"] for one in [zoe, *others]}) == 1 + len(others)
    person.connect(zoe.link())
    assert zoe.status() == "ACTIVE"
    for other in others:
        assert other.status() == "PENDING_AUTH", other.user
        failed, text = other.call("gmail_fetch_mails", max_results=1)
        assert failed and f"{demo.url}/connect/" in text, other.user


@pytest.mark.parametrize("identifier", REFUSED, ids=ascii)
def test_attack_09_an_identifier_that_cannot_be_seen_is_refused(demo, identifier):
    body = {"config_name": "consent", "user_identifier": identifier}
    Account(demo, "zoe")
    refused = demo.api("POST", "/api/v1/mcp/instances", body, expect=400)
    assert "identifier" in refused["message"]


def test_an_identifier_is_shown_as_text(demo, person):
    hostile = '<img src=x onerror="document.title=1"> & {{ 7*7 }} \u05d0\u05d1'
    account = Account(demo, hostile)
    person.open(account.link())
    assert person.facts()["You, in the app"] == hostile
    assert person.page.locator("main img").count() == 0
    person.press_continue()
    person.sign_in()
    person.consent()
    assert person.facts()["You, in the app"] == hostile and account.status() == "ACTIVE"


@pytest.mark.parametrize("flag", ["--authorize-url", "--token-url", "--identity-url", "--revoke-url", "--api-base-url"])
def test_attack_17_endpoints_are_web_addresses(demo, flag):
    for wrong in ("javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "//evil.example", "http://evil.example"):
        refused = demo.cli("connection", "create", "gmail", "--name", "ODD", flag, wrong, check=False)
        assert refused.returncode != 0, wrong
        assert flag.strip("-").replace("-", "_") in refused.stderr
    assert "ODD" not in demo.cli("connection", "list").stdout
