"""A member at the dashboard, who counts every click and every field that is typed into."""

import json
import re

from .places import NODE_MODULES

AXE = NODE_MODULES / "axe-core" / "axe.min.js"
# What axe looks for: WCAG 2.2 to level AA, and its own best practices.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Member:
    """Somebody with a link from the command line or the demo's own words."""

    def __init__(self, person, server):
        self.person, self.page, self.server = person, person.page, server
        self.clicks, self.typed = 0, []

    def open_link(self, link):
        self.page.goto(link)
        return self

    def sign_in(self, name=None):
        """By a link from the command line."""
        asked = ("login", "--member", name) if name else ("login",)
        (made,) = self.server.cli_json(*asked)
        self.open_link(made["link"]).click("Sign in")
        return self

    def click(self, name, role="button", within=None):
        self.clicks += 1
        place = self.page.locator(within) if within else self.page
        place.get_by_role(role, name=name, exact=True).first.click()
        # The click itself waits until a new page has begun to come, not until it is whole.
        self.page.wait_for_load_state()

    def go(self, name):
        """By the navigation."""
        self.click(name, role="link", within="nav[aria-label=Dashboard]")

    def tick(self, name):
        self.clicks += 1
        self.page.get_by_role("checkbox", name=re.compile(f"^{re.escape(name)}\\b")).first.check()

    def type(self, label, text):
        self.typed.append(label)
        self.page.get_by_label(label, exact=True).first.fill(text)

    def text(self, element):
        return self.page.inner_text(f"#{element}")

    def title(self):
        return self.page.inner_text("h1")

    def at(self, path, environment="development"):
        """An address of an environment, the first one unless another is named."""
        return self.page.goto(f"{self.server.url}/dashboard/{environment}{path}")

    def faults(self):
        """What axe finds serious or critical on this page."""
        self.page.evaluate(AXE.read_text())
        found = json.loads(self.page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(JSON.stringify)"))
        bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        return [(one["id"], one["nodes"][0]["html"][:200]) for one in bad]

    def is_wide(self):
        """Whether the page, and not one of its tables, has to be moved sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
