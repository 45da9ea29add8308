"""Everything that can be stored and means it ill, on every page that shows it, in headless Chromium: no script runs, no
template is filled, nothing is wider than a phone, and no text turns round what stands beside it."""

import json
import re

import pytest

from kit.dashboard import Member
from kit.hostile import ALL, LONG, SCRIPT, TEMPLATE, TURNED, hostile_app, tries, visible
from kit.mcp import Wire
from kit.person import Person
from kit.server import Server

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": ALL, "version": ALL, "description": ALL},
    "servers": [{"url": "https://api.hostile.example"}],
    "paths": {
        "/things": {"get": {"operationId": "listThings", "summary": ALL, "description": ALL, "responses": {"200": {"description": ALL}}}},
        "/odd": {"post": {"operationId": ALL, "summary": ALL, "requestBody": {"content": {ALL: {}}}, "responses": {}}},
    },
}

# What would have run, what was filled, and what turns round its neighbours: a text that is written from right to left stands
# alone in its block, or in an element that keeps it to itself.
LOOK = """(() => {
  const found = [];
  if (window.taken) found.push("a script ran");
  for (const one of document.querySelectorAll("script:not([src]), [onerror], img[src=x]")) found.push(one.outerHTML.slice(0, 80));
  if (/==49==|\\$49/.test(document.documentElement.textContent)) found.push("a template was filled");
  const turns = /[\\u0590-\\u08ff\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (!turns.test(text.data)) continue;
    const parent = text.parentElement;
    if (parent.closest("bdi, code, pre, option, textarea, datalist, script, title")) continue;
    let block = parent;
    while (getComputedStyle(block).display.startsWith("inline") && getComputedStyle(block).display === "inline") block = block.parentElement;
    if (block.textContent.trim() !== text.data.trim()) found.push("turns: " + block.outerHTML.slice(0, 160));
  }
  return found;
})()"""


# What is wider than the window, innermost; nothing unless the page can be moved sideways.
WIDE = """(() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  const over = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > most + 1);
  const inner = over.filter((one) => !over.some((other) => other !== one && one.contains(other)));
  return ["wide", ...inner.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))];
})()"""


class Stored:
    """A server in which everything has such words, and which places took how much of them."""

    def __init__(self, server, app):
        self.server, self.app, self.kept = server, app, {}

    def put(self, place, give, text=ALL, lengths=(4000, 200, 100)):
        """Gives the first of the tries that is taken; `give` says whether it was."""
        for made in tries(text, lengths):
            taken = give(made)
            if taken:
                self.kept[place] = made
                return taken
        raise AssertionError(f"{place} takes none of it")

    def rest(self, method, path, body):
        status, text = self.server.answer(method, path, body, self.server.token())
        assert status in (200, 400, 409), (path, status, text)
        return json.loads(text) if status == 200 else None

    def cli(self, *arguments):
        done = self.server.cli(*arguments, check=False)
        return done.returncode == 0

    def furnish(self):
        app, lab = self.app.url, self.server.lab_url
        flags = ["--authorize-url", f"{app}/authorize", "--token-url", f"{app}/token", "--api-base-url", app]
        flags += ["--identity-url", f"{app}/v1/userinfo", "--client-id", "client", "--client-secret-file", "-"]
        for name in ("HOSTILE", "A" * 400):
            self.server.cli("connection", "create", "gmail", "--name", name, *flags, stdin="secret")
        mapping = [{"connection_name": "HOSTILE", "tools": []}]
        config = lambda text: self.rest("POST", "/api/v1/mcp/configs", {
            "name": "hostile", "description": text, "connection_tool_mappings": mapping})
        self.put("a config's description", config)
        self.server.api("POST", "/api/v1/mcp/configs", {"name": "c" * 100, "description": LONG, "connection_tool_mappings": mapping})
        account = lambda text: self.rest("POST", "/api/v1/connected_accounts", {
            "connector": "HOSTILE", "identifier": text, "connected_account": {}})
        for place, text in (("an identifier", SCRIPT), ("an identifier in braces", TEMPLATE), ("a turned identifier", TURNED),
                            ("a long identifier", LONG)):
            self.put(place, account, text)
        user = visible(SCRIPT)[:100]
        instance = lambda text: self.rest("POST", "/api/v1/mcp/instances", {
            "config_name": "hostile", "user_identifier": user, "name": text})
        self.instance = self.put("an instance's name", instance)["instance"]
        self.put("a webhook's description", lambda text: self.cli(
            "webhook", "create", f"https://app.example/{'h' * 300}?{'q' * 200}=%22%3E%3Cscript%3E", "--description", text))
        for hook in self.server.cli_json("webhook", "list"):
            self.server.cli("webhook", "update", hook["id"], "--pause")
        field = lambda text: {"field_name": "key", "label": text, "hint": text, "input_type": "password"}
        pattern = lambda text: {"type": "API_KEY", "display_name": text, "description": text, "fields": [field(text)]}
        self.put("a provider", lambda text: self.rest("POST", "/api/v1/custom-providers", {
            "display_name": "W" * 200, "description": text, "proxy_url": "https://api.hostile.example",
            "auth_patterns": [pattern(text)]}))
        self.put("the app's name", lambda text: self.cli("environment", "update", "development", "--display-name", text))
        self.put("an API client's name", lambda text: self.cli("client", "create", text))
        # Who looks has such a name too: it stands beside the role on every page.
        self.server.cli("member", "create", visible(TURNED), "--role", "owner")
        self.put("a member's name", lambda text: self.cli("member", "create", text, "--role", "auditor"))
        return self

    def live(self, person):
        """The app is signed in to as somebody who means it ill, refuses a call, answers another, and renews nothing."""
        (entry,) = self.server.links(self.instance).values()
        person.open(entry["authentication_link"])
        person.page.click("#continue")
        person.page.wait_for_url("**/connect/done/**")
        wire = Wire(self.instance["url"])
        wire.legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"query": ALL}})
        self.app.refuses = False
        wire.legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"query": ALL}})
        self.app.refuses = True


@pytest.fixture(scope="module")
def stored(tmp_path_factory, browser):
    with hostile_app() as app:
        server = Server(tmp_path_factory.mktemp("hostile") / "data", command="serve")
        server.data.mkdir(mode=0o700)
        (server.data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
        server.start()
        try:
            made = Stored(server, app).furnish()
            person = Person(browser)
            made.live(person)
            person.close()
            yield made
        finally:
            server.stop()


class Visitor:
    """A member whose browser's name means it ill too, who looks at each page on a phone and on a screen."""

    def __init__(self, browser, server):
        person = Person.__new__(Person)
        person.context = browser.new_context(user_agent=f"{SCRIPT} {TEMPLATE} {'W' * 300}")
        person.page = person.context.new_page()
        self.person, self.page, self.found, self.seen = person, person.page, {}, ""
        self.page.on("dialog", lambda dialog: (self.found.setdefault("a dialog", []).append(dialog.message), dialog.dismiss()))
        self.member = Member(person, server).sign_in(visible(TURNED))

    def look(self, name):
        for width in (390, 1280):
            self.page.set_viewport_size({"width": width, "height": 900})
            wrong = self.page.evaluate(LOOK) + self.page.evaluate(WIDE)
            if wrong:
                self.found[f"{name} at {width}"] = wrong
        self.seen += self.page.inner_text("body")

    def links(self):
        hrefs = self.page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
        here = self.page.url.split("?")[0].split("/dashboard/")[-1]
        return [f"/dashboard/{here}{href}" if href.startswith("?") else href for href in hrefs]

    def crawl(self, server, most):
        """All pages that lead from one to another, each kind of address a few times."""
        waiting, known, kinds = ["/dashboard/development"], {"/dashboard/development"}, {}
        while waiting and len(kinds) < most:
            path = waiting.pop(0)
            answer = self.page.goto(server.url + path)
            assert answer.status == 200, (path, answer.status)
            self.look(path)
            for href in self.links():
                href = href.split("#")[0]
                kind = re.sub(r"_[0-9a-z]{20,}|:\d+|/create/[^?]+|=[^&]*", "_", href)
                if not href.startswith("/dashboard/") or href in known or kinds.get(kind, 0) >= 4:
                    continue
                kinds[kind] = kinds.get(kind, 0) + 1
                known.add(href)
                waiting.append(href)
        return known


def test_hostile_words_are_kept_as_what_they_are(stored):
    """Otherwise the pages below would show none: each place has taken markup or a template's words, and most of them both."""
    assert len(stored.kept) >= 11, stored.kept
    marked = [place for place, text in stored.kept.items() if "<script" in text or "{{7*7}}" in text or place.startswith("a ")]
    assert set(marked) | {"an identifier", "an identifier in braces", "the app's name"} >= set(stored.kept) - {"an API client's name"}


def test_no_page_of_the_dashboard_runs_fills_spills_or_turns_what_is_stored(stored, browser):
    visitor = Visitor(browser, stored.server)
    pages = visitor.crawl(stored.server, 400)
    assert len(pages) > 60, pages
    for place, text in stored.kept.items():
        beginning = text.split("{{")[0].split("WW")[0][:30].strip()
        assert not beginning or beginning in visitor.seen, f"no page shows {place}"
    assert not visitor.found, json.dumps(visitor.found, indent=1)
    visitor.person.close()


def test_no_answer_to_a_form_does_either(stored, browser):
    """What an app says to a test, what a document says of itself, what a tool was called with and what came of it."""
    visitor = Visitor(browser, stored.server)
    member, page = visitor.member, visitor.page
    (connection,) = [one for one in stored.server.cli_json("connection", "list") if one["name"] == "HOSTILE"]
    member.at(f"/connections/{connection['id']}")
    member.click("Test connection")
    assert "could not be asked" in page.inner_text("main") or "provider" in page.inner_text("[role=status]")
    visitor.look("a test")
    member.at("/providers/import")
    page.fill("#document", json.dumps(DOCUMENT))
    member.click("Look at it")
    visitor.look("an import's form")
    page.fill("#name", "Hostile Desk")
    for field, text in (("url", "https://api.hostile.example"),):
        page.fill(f"#{field}", text)
    member.click("Create provider")
    visitor.look("an import's tools")
    assert "list_things" in page.inner_text("main").lower().replace("listthings", "list_things")
    for refuses in (True, False):
        stored.app.refuses = refuses
        user = stored.kept["an identifier"]
        by_hand(visitor, visitor_name(stored), ALL)
        visitor.look(f"a call by hand, {refuses}, of {user[:10]}")
    stored.app.refuses = True
    for path in ("/why?what=", "/calls?user=", "/accounts?q=", "/logs?subject=", "/events?account=", "/configs?q="):
        page.goto(f"{stored.server.url}/dashboard/development{path}{re.sub('[^A-Za-z0-9]', lambda c: '%%%02X' % ord(c.group()) if ord(c.group()) < 128 else '', ALL)}")
        visitor.look(path)
    assert not visitor.found, json.dumps(visitor.found, indent=1)
    visitor.person.close()


def by_hand(visitor, user, query=""):
    """One call in the playground."""
    visitor.member.at("/playground")
    visitor.member.type("Connection", "HOSTILE")
    visitor.member.type("User", user)
    visitor.member.click("Show tools")
    visitor.member.click("gmail_fetch_mails", role="link")
    visitor.page.fill("[id='arg:query']", query)
    visitor.page.get_by_role("button", name=re.compile("^Call it as")).click()
    visitor.page.wait_for_selector("#outcome")


def visitor_name(stored):
    return stored.instance["user_identifier"]


def test_nor_do_the_pages_that_users_see(stored, browser):
    visitor = Visitor(browser, stored.server)
    server, page = stored.server, visitor.page
    for link in (server.cli_json("account", "link", "HOSTILE", stored.kept[place])[0]["link"]
                 for place in ("an identifier", "a turned identifier", "a long identifier")):
        page.goto(link)
        visitor.look("a consent page")
        page.click("#continue")
        page.wait_for_url("**/connect/done/**")
        visitor.look("its outcome")
    page.goto(f"{server.url}/connect/nothing/{'x' * 300}")
    visitor.look("nothing")
    assert not visitor.found, json.dumps(visitor.found, indent=1)
    visitor.person.close()


def test_attack_72_what_an_app_says_is_no_link_of_ours_and_holds_no_escape(stored, browser):
    """An app's words on the dashboard, as a person reads them: they are text, lead nowhere, and steer no terminal."""
    visitor = Visitor(browser, stored.server)
    lure = "\x1b[31mSession ended\x1b[0m sign in again at https://evil.example/login or http://localhost/login/x \x07"
    stored.app.answer, kept = lambda path: (400, {"error": {"code": 400, "message": lure}}), stored.app.answer
    try:
        Wire(stored.instance["url"]).legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {}})
        by_hand(visitor, visitor_name(stored))
        shown = "Session ended" in visitor.page.inner_text("#outcome")
        assert not re.search("[\x07\x1b]", visitor.page.content())
        assert not [one for one in visitor.links() if "evil.example" in one or "/login/" in one]
        for path in ("", "/calls", "/logs", f"/instances/{stored.instance['id']}?tool=gmail_fetch_mails"):
            visitor.member.at(path)
            words = visitor.page.inner_text("body")
            shown += "Session ended" in words
            assert not re.search("[\x07\x1b]", visitor.page.content()), path
            assert not [one for one in visitor.links() if "evil.example" in one or "/login/" in one], path
        visitor.member.at("/calls")
        visitor.page.locator("tbody a").first.click()
        visitor.page.wait_for_load_state()
        shown += "Session ended" in visitor.page.inner_text("body")
        assert not [one for one in visitor.links() if "evil.example" in one]
        assert not re.search("[\x07\x1b]", visitor.page.content())
    finally:
        stored.app.answer = kept
    visitor.person.close()
    assert shown >= 1, "no page showed the app's words"
