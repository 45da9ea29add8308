"""How pages come into being and how they fit a phone, in headless Chromium."""

import re

import pytest

from kit.account import Account
from kit.connected import connected
from kit.dashboard import Member
from kit.in_pieces import PAUSE, in_pieces
from kit.person import Person

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

# What moves of a page once it is seen, and when something is seen first.
NOTED = """window.shifts = []; window.painted = null;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push(entry.sources.map((one) => one.node?.outerHTML?.slice(0, 80)));
}).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => window.painted ??= list.getEntries()[0].startTime).observe({type: "paint", buffered: true});"""

WAITS = re.compile(r'<link rel="expect" [^>]*>\n')


@pytest.fixture
def slow(browser):
    """A browser that notes what moves; gives what it saw of an address: what moved, when it was painted, what was refused."""
    person = Person(browser)
    person.page.add_init_script(NOTED)
    person.page.emulate_media(color_scheme="dark")
    refused = []
    person.page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)

    def see(address, width=1280):
        refused.clear()
        person.page.set_viewport_size({"width": width, "height": 900})
        person.page.goto(address)
        # By looking again: the page's policy lets nothing be waited for inside of it.
        while person.page.evaluate("window.painted") is None:
            person.page.wait_for_timeout(50)
        person.page.wait_for_timeout(150)
        # The icon alone is not relayed to everywhere.
        return person.page.evaluate("[window.shifts, window.painted]") + [[one for one in refused if "favicon" not in one]]

    see.person = person
    yield see
    person.close()


def test_nothing_is_seen_of_a_page_before_it_is_whole_and_nothing_moves(demo, slow):
    """Wherever a slow line cuts it: in the form to sign out, in the midst of a table, of a form, of a consent page."""
    connected(demo, "in-pieces")
    member = Member(slow.person, demo).sign_in()
    link = Account(demo, "in-pieces-consent").link()
    of = f"{demo.url}/dashboard/development"
    for address, before in ((f"{of}/accounts", '<button class="second small">Sign out'), (f"{of}/accounts", "</tr>\n</tbody>"),
                            (f"{of}/configs/create", "<fieldset"), (link, '<button id="continue"'), (link, "<footer")):
        answer = member.page.request.get(address)
        assert len(WAITS.findall(answer.text())) == 1, address
        for width in (1280, 390):
            with in_pieces(demo, answer, answer.text(), before) as slowly:
                shifts, painted, refused = slow(slowly, width)
            assert (shifts, refused) == ([], []), (address, before, width)
            assert painted >= PAUSE * 1000, (address, before, width, painted)


def test_who_signs_out_finds_the_button_where_it_will_be_also_in_a_browser_that_does_not_wait(demo, slow):
    """Some browsers paint what has come: the form at the lower end of the side has its place before its button is there."""
    member = Member(slow.person, demo).sign_in()
    answer = member.page.request.get(f"{demo.url}/dashboard/development/settings/limits")
    text = WAITS.sub("", answer.text())
    assert text != answer.text()
    for before in ('<button class="second small">Sign out', '<span><bdi>', "</header>"):
        with in_pieces(demo, answer, text, before) as slowly:
            shifts, painted, _ = slow(slowly)
        assert shifts == [], before
        assert painted < PAUSE * 1000, "this one did not wait"


LISTS = ["/connections", "/accounts", "/configs", "/instances", "/providers", "/calls", "/events", "/webhooks", "/logs",
         "/settings", "/settings/limits", "/settings/keys"]

# Of each table: whether a row is a card, what each cell is called there, and whether that stands before what the cell has.
CARDS = """[...document.querySelectorAll("main table")].map((table) => {
  const head = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const wide = table.closest(".scroll");
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => [...row.cells].map((cell) => getComputedStyle(cell, "::before").content.split('"')[1]));
  const [first, second] = rows[0].cells;
  return {
    head, labels,
    stacked: first.getBoundingClientRect().bottom <= second.getBoundingClientRect().top + 1,
    scrolls: wide.scrollWidth > wide.clientWidth,
    over: rows.flatMap((row) => [...row.querySelectorAll("*")]).filter((one) => {
      const [box, card] = [one.getBoundingClientRect(), one.closest("tr").getBoundingClientRect()];
      return box.width > 1 && (box.right > card.right + 1 || box.left < card.left - 1);
    }).map((one) => one.outerHTML.slice(0, 80)),
  };
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_each_row_is_a_card_whose_values_are_named_and_still_a_table_to_who_hears_it(demo, browser, scheme):
    connected(demo, "on-a-phone").done("gmail_fetch_mails", max_results=1)
    if not demo.cli_json("webhook", "list"):
        (hook,) = demo.cli_json("webhook", "create", "https://app.example/hooks/valetkey")
        demo.cli("webhook", "update", hook["id"], "--pause")
    key = {"type": "API_KEY", "fields": [{"field_name": "api_key", "label": "API key", "input_type": "password"}]}
    provider = {"display_name": f"Phone Desk {scheme}", "proxy_url": "https://api.phonedesk.example", "auth_patterns": [key]}
    demo.api("POST", "/api/v1/custom-providers", provider)
    person = Person(browser)
    person.page.emulate_media(color_scheme=scheme)
    member = Member(person, demo).sign_in()
    for page in LISTS:
        person.page.set_viewport_size({"width": 390, "height": 800})
        member.at(page)
        tables = person.page.evaluate(CARDS)
        assert tables, page
        for table in tables:
            assert table["stacked"] and not table["scrolls"] and not table["over"], (page, table)
            assert all(row == table["head"] for row in table["labels"]), (page, table)
        tree = person.page.locator("main table").first.aria_snapshot()
        for role in ("- table", "- rowgroup", "- row ", "- columnheader ", "- cell"):
            assert role in tree, (page, role, tree)
        assert not member.is_wide() and not member.faults(), page
        person.page.set_viewport_size({"width": 1280, "height": 900})
        assert not any(table["stacked"] for table in person.page.evaluate(CARDS)), page
    person.close()
