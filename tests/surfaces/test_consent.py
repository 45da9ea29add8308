"""Consent in headless Chromium, with the provider lab as the provider: the way through, and what a person may do on it.

Statuses are read over REST before and after; "usable" means that a tool call by the instance's URL succeeds.
"""

import re
from datetime import datetime, timedelta, timezone

import pytest

from kit import raw
from kit.account import Account

SEND = "https://www.googleapis.com/auth/gmail.send"
# Connections of the demo ask for it; it allows sending too.
COMPOSE = "https://www.googleapis.com/auth/gmail.compose"
ALEX, SAM = 1, 2


@pytest.mark.parametrize("connection", ["MY_GMAIL", "MY_CALENDAR"])
def test_a_link_says_who_asks_for_whom_and_leads_to_active(demo, person, connection):
    account = Account(demo, f"way-{connection.lower()}", connection)
    assert account.status() == "PENDING_AUTH"
    person.open(account.link())
    assert person.facts() == {"App": "Valetkey demo", "Connection": connection, "You, in the app": account.user}
    assert f"Continue to 127.0.0.1:{demo.lab}" in person.words()
    person.press_continue()
    person.page.wait_for_url(lambda url: url.startswith(f"{demo.lab_url}/o/oauth2/v2/auth?"))
    person.sign_in(ALEX)
    assert account.status() == "PENDING_AUTH", "nothing is stored before the person has consented"
    person.consent()
    assert person.told().endswith(" is connected")
    assert person.facts() == {"Connection": connection, "You, in the app": account.user}
    assert account.status() == "ACTIVE"


def test_of_two_printed_links_the_second_opens_after_the_first_was_finished(demo, person):
    gmail, calendar = Account(demo, "two-links"), Account(demo, "two-links", "MY_CALENDAR")
    links = demo.links(gmail.instance)
    for account in (gmail, calendar):
        person.open(links[account.connection]["authentication_link"])
        assert person.title().startswith("Connect ")
        person.open("about:blank")
    for account, title in ((gmail, "Gmail is connected"), (calendar, "Google Calendar is connected")):
        person.connect(links[account.connection]["authentication_link"])
        assert (person.title(), account.status()) == (title, "ACTIVE")


def test_a_provider_may_send_the_browser_on_to_hosts_that_nobody_named(demo, person):
    """Chromium holds redirects that follow a form against the form's policy, so no form of ours leads to a provider."""
    account = Account(demo, "sent-on")
    person.open(account.link())
    policies = []
    person.page.on(
        "console", lambda message: "Content Security Policy" in message.text and policies.append(message.text)
    )
    start = person.page.expect_request(lambda request: request.url.startswith(f"{demo.lab_url}/o/oauth2/v2/auth?"))
    elsewhere = f"http://localhost:{demo.lab}"
    fault = {"kind": "redirect", "to": f"{elsewhere}/"}
    demo.control("POST", "/faults", {"route": "authorize", "fault": fault}, expect=204)
    with start as asked:
        person.press_continue()
    person.page.wait_for_url(f"{elsewhere}/")
    assert policies == []
    # The second host sends the person to the sign-in, as a provider's would.
    person.open(asked.value.url.replace(demo.lab_url, elsewhere))
    person.sign_in(ALEX)
    person.consent()
    assert (person.told(), account.status()) == ("Gmail is connected", "ACTIVE")


def test_a_link_is_handed_out_again_until_somebody_begins_with_it(demo, person, stranger):
    """A chat that asks often gets one link; who goes on in another browser asks once more and gets another."""
    account = Account(demo, "again")
    first = account.link()
    assert {account.link() for _ in range(5)} == {first}
    stranger.reach_consent(first)
    person.open(first)
    person.press_continue()
    assert person.told() == "You began in another browser"
    later = account.link()
    assert later != first
    person.connect(later)
    assert (person.title(), account.status()) == ("Gmail is connected", "ACTIVE")


def test_a_link_says_until_when_it_opens_which_is_fifteen_minutes(demo, person):
    before = datetime.now(timezone.utc)
    person.open(Account(demo, "until").link())
    shown = re.search(r"until (\d+ \w+ \d+, \d\d:\d\d) UTC", person.words()).group(1)
    until = datetime.strptime(shown, "%d %B %Y, %H:%M").replace(tzinfo=timezone.utc)
    life = timedelta(minutes=15)
    assert before + life - timedelta(minutes=1) < until <= datetime.now(timezone.utc) + life


@pytest.mark.parametrize("times", [1, 3])
def test_attack_66_a_scanner_or_preview_that_opens_the_link_first_spends_nothing(demo, person, times):
    account = Account(demo, f"scanned-{times}")
    link = account.link()
    for _ in range(times):
        for method, headers in [
            ("GET", {"sec-purpose": "prefetch;prerender", "purpose": "prefetch"}),
            ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0"}),
            ("GET", {}),
            ("HEAD", {}),
        ]:
            assert raw.ask(method, link, headers).status == 200
    assert account.status() == "PENDING_AUTH"
    person.connect(link)
    assert account.status() == "ACTIVE"


def test_a_no_is_told_changes_nothing_and_the_link_opens_again(demo, person):
    account = Account(demo, "decliner")
    link = account.link()
    person.reach_consent(link)
    person.decline()
    assert person.told() == "You said no"
    assert account.status() == "PENDING_AUTH"
    person.connect(link)
    assert (person.title(), account.status()) == ("Gmail is connected", "ACTIVE")


def test_a_spent_link_says_so_and_changes_nothing(demo, person, stranger):
    account = Account(demo, "spent")
    link = account.link()
    person.connect(link)
    for somebody in (person, stranger):
        assert somebody.open(link).status == 410
        assert somebody.told() == "This link was already used"
    assert account.status() == "ACTIVE"


def test_a_link_that_nobody_made_leads_nowhere(demo, person):
    for wrong in ("nonsense", "A" * 43, "%00", "%3Cscript%3E"):
        assert person.open(f"{demo.url}/connect/{wrong}").status == 404
        assert person.told() == "This link leads nowhere"


def test_the_outcome_can_be_reloaded_and_repeats_nothing(demo, person):
    account = Account(demo, "reloader")
    person.connect(account.link())
    exchanges = demo.control("GET", "/exchanges")
    for _ in range(2):
        person.page.reload()
        assert person.told() == "Gmail is connected"
    assert demo.control("GET", "/exchanges") == exchanges
    assert account.status() == "ACTIVE"


def test_back_from_the_provider_and_another_try(demo, person):
    account = Account(demo, "back-button")
    person.reach_consent(account.link())
    while not person.title().startswith("Connect "):
        person.page.go_back()
    assert account.status() == "PENDING_AUTH"
    person.press_continue()
    person.sign_in(ALEX)
    person.consent()
    assert (person.title(), account.status()) == ("Gmail is connected", "ACTIVE")


def test_back_from_the_outcome_spends_no_second_time(demo, person):
    account = Account(demo, "back-later")
    person.connect(account.link())
    exchanges = demo.control("GET", "/exchanges")
    person.go_to_where_it_began()
    assert person.told() == "This link was already used"
    assert demo.control("GET", "/exchanges") == exchanges
    assert account.status() == "ACTIVE"


def test_two_links_in_two_tabs_of_one_browser_at_once(demo, person):
    gmail, calendar = Account(demo, "two-tabs"), Account(demo, "two-tabs", "MY_CALENDAR")
    other = person.tab()
    person.reach_consent(gmail.link())
    other.reach_consent(calendar.link())
    person.consent()
    other.consent()
    assert (person.title(), other.title()) == ("Gmail is connected", "Google Calendar is connected")
    assert (gmail.status(), calendar.status()) == ("ACTIVE", "ACTIVE")


def test_one_link_in_two_tabs_the_later_start_counts_and_the_earlier_is_told(demo, person):
    account = Account(demo, "same-tabs")
    link, other = account.link(), person.tab()
    person.reach_consent(link)
    other.reach_consent(link)
    person.consent()
    assert person.told() == "Nobody is waiting for this answer"
    assert account.status() == "PENDING_AUTH"
    other.consent()
    assert (other.title(), account.status()) == ("Gmail is connected", "ACTIVE")


def test_attack_19_a_withheld_scope_is_named_on_the_page_and_to_the_model_with_a_link(demo, person):
    account = Account(demo, "withholder")
    person.connect(account.link(), without=[COMPOSE])
    assert person.told() == "Gmail is connected, with less access"
    assert COMPOSE in person.words() and "Write drafts, and send mail in your name" in person.words()
    assert account.status() == "ACTIVE" and account.mailbox()["messages"]
    mail = {"to": "sam@lab.example", "subject": "withheld", "body": "x"}
    failed, text = account.call("gmail_send_message", **mail)
    assert failed and SEND in text
    link = re.search(rf"Link for the user: ({re.escape(demo.url)}/connect/\S+)", text).group(1)
    person.connect(link)
    assert person.title() == "Gmail is connected"
    assert account.call("gmail_send_message", **mail)[0] is False


def test_a_provider_that_breaks_is_told_changes_nothing_and_the_link_opens_again(demo, person):
    account = Account(demo, "unlucky")
    link = account.link()
    person.reach_consent(link)
    demo.control("POST", "/faults", {"route": "token.authorization_code", "fault": {"kind": "server_error"}}, expect=204)
    person.consent()
    assert person.told() == "Gmail did not answer"
    assert account.status() == "PENDING_AUTH"
    person.connect(link)
    assert account.status() == "ACTIVE"


def test_an_active_account_serves_while_a_new_link_is_open_declined_or_broken_off(demo, person):
    account = Account(demo, "busy-bee")
    person.connect(account.link())
    link = account.link()

    def still_serves():
        return account.status() == "ACTIVE" and account.mailbox()["messages"] != []

    assert still_serves()
    person.reach_consent(link)
    assert still_serves()
    person.decline()
    assert person.title() == "You said no" and still_serves()
    person.reach_consent(link)
    person.open("about:blank")
    assert still_serves()


def test_the_same_provider_account_again_is_no_question(demo, person):
    account = Account(demo, "same-again")
    for _ in range(2):
        person.connect(account.link())
        assert (person.title(), account.status()) == ("Gmail is connected", "ACTIVE")


class TestAnotherProviderAccount:
    """Attack 65: re-consent as somebody else. Whose account it is shows in the mailbox that the tools read."""

    @pytest.fixture
    def asked(self, demo, person, request):
        account = Account(demo, f"swap-{request.node.name[-20:]}")
        person.connect(account.link(), account=ALEX)
        account.before = account.mailbox()
        person.connect(account.link(), account=SAM)
        assert person.title() == "This is another account"
        return account

    def test_attack_65_both_are_shown_and_nothing_is_replaced_unasked(self, asked, person):
        facts = person.facts()
        assert facts["Connected until now"] == "alex@lab.example"
        assert facts["You signed in as"] == "sam@lab.example"
        person.page.reload()
        person.open("about:blank")
        assert asked.status() == "ACTIVE" and asked.mailbox() == asked.before

    def test_attack_65_keep(self, asked, person):
        person.page.click("#keep")
        assert person.told() == "Nothing was replaced"
        assert asked.status() == "ACTIVE" and asked.mailbox() == asked.before

    def test_attack_65_replace(self, asked, person):
        person.page.click("#replace")
        assert person.told() == "Gmail is connected"
        assert asked.status() == "ACTIVE" and asked.mailbox() != asked.before

    def test_attack_65_the_choice_counts_once(self, asked, person):
        other = person.tab()
        other.open(person.page.url)
        person.page.click("#keep")
        other.page.click("#replace")
        assert "nothing" in other.words().lower()
        assert asked.mailbox() == asked.before

    def test_attack_65_another_browser_cannot_choose(self, asked, person, stranger):
        assert stranger.open(person.page.url).status == 403
        assert stranger.told() == "You began in another browser"
        assert asked.mailbox() == asked.before
