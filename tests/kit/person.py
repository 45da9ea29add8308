"""A person with a browser: headless Chromium, driven by clicks as a person would make them."""

from contextlib import contextmanager

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

    def words(self):
        return self.page.inner_text("body")

    def close(self):
        self.context.close()
