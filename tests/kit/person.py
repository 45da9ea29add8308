"""A person with a browser: headless Chromium, driven by clicks as a person would make them."""

from contextlib import contextmanager
from urllib.parse import urlencode, urljoin

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


@contextmanager
def chromium():
    """The browser itself, once for many people."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody with a fresh profile: no cookie of anybody else's."""

    def __init__(self, browser):
        self.context = browser.new_context()
        self.page = self.context.new_page()

    def open(self, url):
        return self.page.goto(url)

    def press_continue(self):
        """Our page's button, which leads to the provider."""
        self.page.click("#continue")

    def sign_in(self, account=1):
        """The provider's sign-in page."""
        self.page.click(f"#account-{account}")

    def consent(self, without=()):
        """The provider's consent page, with some boxes unticked."""
        for scope in without:
            self.page.uncheck(f'input[name="scope"][value="{scope}"]')
        self.page.click("#allow")

    def decline(self):
        self.page.click("#deny")

    def connect(self, link, account=1, without=()):
        """The whole way from a link to its outcome; gives the outcome page's words."""
        self.open(link)
        self.press_continue()
        self.sign_in(account)
        self.consent(without)
        return self.words()

    def reach_consent(self, link, account=1):
        """The way from a link to the provider's consent page."""
        self.open(link)
        self.press_continue()
        self.sign_in(account)

    def take_answer(self, decision="allow"):
        """Decides on the consent page, but stops before the browser follows: where the provider sends it back to."""
        fields = self.page.eval_on_selector_all("input", "all => all.map(one => [one.name, one.value])")
        action = urljoin(self.page.url, self.page.get_attribute("form", "action"))
        body = urlencode([*map(tuple, fields), ("decision", decision)])
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.context.request.post(action, data=body, headers=kind, max_redirects=0).headers["location"]

    def title(self):
        return self.page.inner_text("h1")

    def told(self):
        """The title of a page that says what happened and what to do, and is no form."""
        assert self.page.locator("main p").count() >= 2, self.words()
        assert self.page.locator("button").count() == 0, self.words()
        return self.title()

    def facts(self):
        """What the page says it is about: its terms and their values."""
        terms = self.page.eval_on_selector_all("dt", "all => all.map(one => one.innerText)")
        values = self.page.eval_on_selector_all("dd", "all => all.map(one => one.innerText)")
        return dict(zip(terms, values))

    def form_token(self):
        return self.page.get_attribute('input[name="token"]', "value")

    def cookies(self, url):
        """The Cookie header that the browser sends there."""
        return "; ".join(f"{one['name']}={one['value']}" for one in self.context.cookies(url))

    def go_to_where_it_began(self):
        """The back button, pressed long: the first page of this tab after the empty one."""
        with self.page.expect_navigation():
            self.page.evaluate("setTimeout(() => history.go(2 - history.length))")

    def tab(self):
        """The same person, cookies and all, in another tab."""
        other = Person.__new__(Person)
        other.context, other.page = self.context, self.context.new_page()
        return other

    def words(self):
        return self.page.inner_text("body")

    def close(self):
        self.context.close()
