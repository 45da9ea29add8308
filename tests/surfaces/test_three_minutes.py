"""The seed prints two links, and people take their time: the second is opened three real minutes after the first.

The first test of all prints both and opens the first; another of them opens the second, and by then others have used up the
time (`conftest.py` puts them there). Alone, the last one waits.
"""

import time

import pytest

from kit.account import Account
from kit.person import Person

THREE_MINUTES = 180


@pytest.fixture(scope="session")
def printed(demo, browser):
    """Somebody who has opened the first of two links: the person, both accounts, the second link, and when that was."""
    person = Person(browser)
    gmail, calendar = Account(demo, "three-minutes"), Account(demo, "three-minutes", "MY_CALENDAR")
    links = demo.links(gmail.instance)
    person.connect(links["MY_GMAIL"]["authentication_link"])
    yield person, gmail, calendar, links["MY_CALENDAR"]["authentication_link"], time.monotonic()
    person.close()


@pytest.mark.at_the_start
def test_of_two_printed_links_the_first_is_opened(printed):
    person, gmail, calendar, _, _ = printed
    assert person.title() == "Gmail is connected"
    assert (gmail.status(), calendar.status()) == ("ACTIVE", "PENDING_AUTH")


@pytest.mark.a_while_later
def test_and_the_second_three_minutes_later(printed):
    person, gmail, calendar, second, opened = printed
    time.sleep(max(0, opened + THREE_MINUTES - time.monotonic()))
    person.connect(second)
    assert person.title() == "Google Calendar is connected"
    assert (gmail.status(), calendar.status()) == ("ACTIVE", "ACTIVE")
