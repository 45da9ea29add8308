"""Lists that are longer than a page, gone through in headless Chromium by their own links."""

import pytest

from kit.connected import connected
from kit.dashboard import Member

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

ROOT = "/dashboard/development"


@pytest.fixture
def member(demo, person):
    return Member(person, demo).sign_in()


def walked(member, row="tbody tr"):
    """What each page shows, from the first to the last by "Next"; then back by "Previous", where the same is seen."""
    pages = []
    while True:
        pages.append(member.page.locator(row).all_inner_texts())
        if not member.page.get_by_role("link", name="Next", exact=True).count():
            break
        member.click("Next", role="link")
        assert len(pages) < 20
    assert len(pages) > 1, "one page is no paging"
    for before in reversed(pages[:-1]):
        member.click("Previous", role="link")
        assert member.page.locator(row).all_inner_texts() == before
    assert not member.page.get_by_role("link", name="Previous", exact=True).count()
    return pages


def test_calls_go_on_to_a_second_page_and_keep_what_they_were_narrowed_by(demo, member):
    wire, other = connected(demo, "pages-of-calls"), connected(demo, "other-calls")
    for number in range(62):
        (wire if number % 10 else other).legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}})
    member.at("/calls?user=pages-of-calls")
    pages = walked(member)
    rows = [row for page in pages for row in page]
    assert [len(page) for page in pages] == [50, len(rows) - 50] and len(rows) == 55
    assert all("pages-of-calls" in row and "other-calls" not in row for row in rows)
    member.click("Next", role="link")
    assert member.page.input_value("#user") == "pages-of-calls", "the filter stands in its form"
    member.page.locator("tbody a").first.click()
    member.page.wait_for_load_state()
    assert "pages-of-calls" in member.page.inner_text("dl")
    member.page.go_back()
    assert member.page.locator("tbody tr").count() == 5, "the page that one came from"
    assert not member.faults() and not member.is_wide()


def test_events_go_on_to_a_second_page_and_keep_what_they_were_narrowed_by(demo, member):
    kind = "connected_account.created"
    for number in range(53):
        body = {"connector": "MY_GMAIL", "identifier": f"pages-of-events-{number}", "connected_account": {}}
        demo.api("POST", "/api/v1/connected_accounts", body)
    member.at("/events")
    options = member.page.eval_on_selector_all("#kind option", "all => all.map(one => one.value)")
    (kind,) = [one for one in options if one.endswith("created")][:1] or [kind]
    member.page.select_option("#kind", kind)
    member.click("Show")
    pages = walked(member)
    rows = [row for page in pages for row in page]
    assert len(pages[0]) == 50 and all(kind in row for row in rows), rows[:3]
    ours = [row for row in rows if "pages-of-events-" in row]
    assert len(ours) == len(set(ours)) == 53, "each once"
    member.click("Next", role="link")
    assert member.page.input_value("#kind") == kind
    member.page.locator("tbody a").first.click()
    member.page.wait_for_load_state()
    assert kind in member.page.inner_text("dl")
    assert not member.faults() and not member.is_wide()
