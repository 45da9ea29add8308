"""The dashboard against other pages, other people, other names and who writes the database; each test is named by the
attack's number in docs/THREATS.md, where the rest of them are."""

import hashlib
import html
import json
import re
import sqlite3
import subprocess
from urllib.parse import urlencode, urlsplit

import pytest

from kit import raw
from kit.account import Account
from kit.dashboard import Member
from kit.mcp import Wire
from kit.person import Person
from kit.places import REPOSITORY
from kit.server import Server

# A browser's pages, most of the time.
pytestmark = pytest.mark.waits

PASSWORD = "correct horse battery"


@pytest.fixture
def member(demo, person):
    return Member(person, demo).sign_in()


def auto_sent(action, fields):
    """Somebody else's page, which sends a form by itself."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    return f'<form method="post" action="{action}">{inputs}</form><script>document.forms[0].submit()</script>'


def lured(person, page):
    """Shows it at an address of its own, on another port of localhost; gives what the form's target answered."""
    address = "http://localhost:9/lure"
    person.page.route(address, lambda route: route.fulfill(content_type="text/html", body=page))
    with person.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        person.page.goto(address)
    person.page.unroute(address)
    return answered.value


def test_attack_11_a_link_of_the_dashboard_connects_only_whom_a_member_confirms(fresh, person, stranger):
    """Where members say who is who, a link that another person opened connects nobody."""
    demo = fresh().start()
    member = Member(person, demo).sign_in()
    member.at("/settings")
    person.page.get_by_role("radio", name=re.compile("^Members")).check()
    member.click("Save verification")
    account = Account(demo, "of-the-dashboard")
    account.link()
    row = next(one for one in demo.cli_json("account", "list", "--identifier", account.user) if one["connection"] == "MY_GMAIL")
    member.at(f"/accounts/{row['id']}")
    member.click("Make a link to sign in")
    link = member.text("user-link")
    stranger.open(link)
    if stranger.page.locator("#continue").count():
        stranger.press_continue()
    if stranger.page.locator("#account-1").count():
        stranger.sign_in()
        stranger.consent()
    assert (account.status(), account.mailbox()) != ("ACTIVE", None) and account.mailbox() is None, stranger.words()
    assert account.status() != "ACTIVE"
    person.connect(link)
    assert account.status() == "ACTIVE", person.words()


@pytest.mark.parametrize("next_page", [
    "//evil.example/dashboard/", "https://evil.example/dashboard/", "/\\evil.example", "javascript:alert(1)",
    "/dashboard/development\r\nlocation: https://evil.example", "/connect/nothing", "/dashboard/../../evil",
])
def test_attack_15_signing_in_leads_into_the_dashboard_and_nowhere_else(demo, person, next_page):
    name = "redirected@example.com"
    if not [one for one in demo.cli_json("member", "list") if one["name"] == name]:
        demo.cli("member", "create", name, "--role", "auditor")
        somebody = Member(person, demo).sign_in(name)
        somebody.go("Settings")
        for label in ("New password", "The same again"):
            somebody.type(label, PASSWORD)
        somebody.click("Set password")
        person.context.clear_cookies()
    elsewhere = []
    person.page.on("request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(demo.url) else None)
    person.open(f"{demo.url}/sign-in?{urlencode({'next': next_page})}")
    somebody = Member(person, demo)
    somebody.type("Name", name)
    somebody.type("Password", PASSWORD)
    somebody.click("Sign in")
    assert urlsplit(person.page.url).path.startswith("/dashboard/development") and not elsewhere, (person.page.url, elsewhere)


def test_attack_18_nobody_is_signed_in_as_an_attacker_by_a_page_of_theirs(demo, member, stranger):
    """The attacker has a link, or a password, and the token that their own browser was shown with it; the victim's browser
    sends both, and stays who it was."""
    demo.cli("member", "create", "attacker@example.com", "--role", "auditor")
    (made,) = demo.cli_json("login", "--member", "attacker@example.com")
    stranger.open(made["link"])
    token = stranger.form_token()
    victim = member.person
    answer = lured(victim, auto_sent(made["link"], {"token": token}))
    assert answer.status == 403 and "set-cookie" not in answer.headers, answer.text()
    member.at("/settings")
    assert "owner" in member.page.inner_text("header .who") and "attacker" not in member.page.inner_text("header")
    stranger.open(f"{demo.url}/sign-in")
    fields = {"token": stranger.form_token(), "name": "attacker@example.com", "password": "whatever it is"}
    answer = lured(victim, auto_sent(f"{demo.url}/sign-in", fields))
    assert answer.status == 403, answer.text()
    member.at("/settings")
    assert "owner" in member.page.inner_text("header .who")
    # The link was spent by nobody.
    stranger.open(made["link"])
    assert stranger.title() == "Sign in to Valetkey"


def test_attack_67_a_page_on_a_neighbour_port_changes_nothing_and_frames_nothing(demo, member):
    """Same site to the browser, so the session's cookie comes along; and it is given the right token, which no page could read."""
    token = member.page.get_attribute('form.who input[name="token"]', "value")
    before = demo.cli_json("client", "list")
    for path, fields in (("/settings/clients", {"name": "stolen"}), ("/sign-out", {}), ("/settings/members", {"name": "eve", "role": "owner"})):
        answer = lured(member.person, auto_sent(f"{demo.url}/dashboard/development{path}", {"token": token, **fields}))
        assert answer.status == 403 and "nothing was changed" in answer.text().lower(), (path, answer.status, answer.text())
    assert demo.cli_json("client", "list") == before
    assert not [one for one in demo.cli_json("member", "list") if one["name"] == "eve"]
    assert member.at("/settings").status == 200 and "/sign-in" not in member.page.url
    frame = f'<iframe src="{demo.url}/dashboard/development/settings"></iframe>'
    member.page.route("http://localhost:9/frame", lambda route: route.fulfill(content_type="text/html", body=frame))
    member.page.goto("http://localhost:9/frame")
    member.page.wait_for_timeout(500)
    assert "Settings" not in "".join(one.content() for one in member.page.frames[1:])


LIES = {
    "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-port": "444",
    "forwarded": "host=evil.example;proto=https", "x-original-url": "https://evil.example/", "x-rewrite-url": "https://evil.example/",
}


def test_attack_68_what_the_dashboard_shows_and_where_it_leads_is_built_from_public_url_alone(demo, member):
    """At each of its doors, asked by another name of this machine that is let in, and with what a proxy would say of
    evil.example: redirects stay here, and every link for users, members and apps is of the public address."""
    other = f"127.0.0.1:{demo.http}"
    cookie = member.person.cookies(demo.url)
    lies = {**LIES, "host": other}
    root = f"{demo.url}/dashboard/development"
    for path, asked in (("/", {}), ("/dashboard/development/settings", {}), ("/sign-in", {}), ("/", {"cookie": cookie})):
        answer = raw.ask("GET", demo.url + path, {**lies, **asked})
        told = json.dumps(answer.headers) + answer.text
        assert "evil.example" not in told and other not in told, (path, told[:400])
        assert answer.headers.get("location", "/").startswith("/"), path
    token = member.page.get_attribute('form.who input[name="token"]', "value")
    demo.links(demo.instance("poisoned"))
    (account,) = [one for one in demo.cli_json("account", "list", "--identifier", "poisoned") if one["connection"] == "MY_GMAIL"]
    (instance,) = [one for one in demo.cli_json("instance", "list") if one["identifier"] == "poisoned"]
    (connection,) = [one for one in demo.cli_json("connection", "list") if one["name"] == "MY_GMAIL"]
    demo.cli("member", "create", "poisoned@example.com", "--role", "auditor")
    (somebody,) = [one for one in demo.cli_json("member", "list") if one["name"] == "poisoned@example.com"]
    for method, path, shows in (
        ("GET", "/settings", demo.url), ("GET", f"/connections/{connection['id']}", "/sso/v1/oauth/conn_"),
        ("GET", f"/instances/{instance['id']}", "/mcp/v1/vkm_"), ("POST", f"/accounts/{account['id']}/link", "/connect/"),
        ("POST", f"/settings/members/{somebody['id']}/link", "/login/"), ("POST", "/settings/clients", demo.sdk_url),
    ):
        form = urlencode({"token": token, "name": "poisoned"})
        asked = {**lies, "cookie": cookie}
        answer = raw.ask("GET", root + path, asked) if method == "GET" else raw.submit(root + path, form, **asked, origin=demo.url)
        text = html.unescape(answer.text)
        assert answer.status == 200, (path, answer.status, text[:300])
        assert "evil.example" not in text and other not in text, path
        assert shows in text, path
        ours = {one for one in re.findall(r"https?://[^\s<\"'/]+", text) if one.endswith((f":{demo.http}", f":{demo.tls}"))}
        assert ours <= {demo.url, demo.sdk_url}, (path, ours)


def edit(server, sql, *values):
    with sqlite3.connect(server.data / "valetkey.sqlite", timeout=10) as database:
        done = database.execute(sql, values).rowcount
    database.close()
    assert done >= 1, sql


def test_attack_70_who_writes_the_database_opens_no_page_of_the_dashboard(fresh, browser):
    """A session of one's own making, another's session, another role: each is sent to sign in, and sees nothing."""
    server = fresh(command="serve").start()
    server.cli("member", "create", "ann@example.com", "--role", "auditor")
    person = Person(browser)
    ann = Member(person, server).sign_in("ann@example.com")
    assert ann.at("/settings").status == 200 and person.page.get_by_role("button", name="Add member").count() == 0
    (cookie,) = [one for one in person.context.cookies() if "session" in one["name"]]
    planted = "A" * len(cookie["value"])
    edit(server, "INSERT INTO member_sessions SELECT 'ses_planted', member_id, ?, browser, created_at, last_seen_at, expires_at, mac"
                 " FROM member_sessions LIMIT 1", hashlib.sha256(planted.encode()).digest())
    forger = Person(browser)
    forger.context.add_cookies([{**cookie, "value": planted}])
    Member(forger, server).at("/settings")
    assert "/sign-in" in forger.page.url
    edit(server, "DELETE FROM member_sessions WHERE id = 'ses_planted'")
    ann.at("/settings")
    assert "/sign-in" not in person.page.url, "her own still opens"
    edit(server, "UPDATE members SET role = 'owner' WHERE name = 'ann@example.com'")
    person.page.wait_for_timeout(1_200)
    ann.at("/settings")
    assert "/sign-in" in person.page.url and "Add member" not in person.page.content()
    for one in (person, forger):
        one.close()


class Canary(Member):
    """A member whose every page is noted, with what the browser asked for, and the secrets by name, each with how many pages
    may show it."""

    def __init__(self, person, server):
        super().__init__(person, server)
        self.pages, self.requests, self.secrets = [], [], {}
        person.page.on("request", lambda asked: self.requests.append((asked.url, asked.headers.get("referer", ""))))

    def note(self):
        self.pages.append((self.page.url, html.unescape(self.page.content())))

    def click(self, name, role="button", within=None):
        super().click(name, role, within)
        self.note()

    def at(self, path, environment="development"):
        answer = super().at(path, environment)
        self.note()
        return answer

    def know(self, name, value, shown=0):
        assert len(value) > 10, name
        self.secrets[name] = (value, shown)


def key_file():
    """A service account's key, as a vendor gives it."""
    done = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], capture_output=True, text=True, check=True)
    return json.dumps({"client_email": "robot@practice.example", "private_key": done.stdout})


@pytest.fixture
def whispering(tmp_path):
    server = Server(tmp_path / "data", flags=["-vv", "--connectors", str(REPOSITORY / "tests" / "connectors")]).start()
    yield server
    server.stop()


def test_attack_48_no_page_address_or_log_of_the_dashboard_keeps_a_secret(whispering, browser):
    """Everything secret that is typed into the dashboard or shown by it: what is typed is on no page, also where its form is
    refused; what is shown once is on one page; none of it is in an address, a Referer, the browser's store or the log."""
    server, person = whispering, Person(browser)
    (made,) = server.cli_json("login")
    member = canary = Canary(person, server)
    member.open_link(made["link"])
    member.click("Sign in")
    (session,) = [one for one in person.context.cookies() if "session" in one["name"]]
    canary.know("the session", session["value"])
    canary.know("a client secret", "marked-client-secret-4f1d")
    member.at("/connections/create/gmail")
    # Refused first: the name is taken.
    for name in ("MY_GMAIL", "CANARY"):
        member.type("Connection Name", name)
        member.type("Client ID", "canary-client")
        member.type("Client Secret", "marked-client-secret-4f1d")
        member.click("Save")
    key = key_file()
    canary.know("a private key", json.loads(key)["private_key"].splitlines()[3])
    member.at("/connections/create/typeddwd")
    for name in ("MY_GMAIL", "DELEGATED"):
        member.type("Connection Name", name)
        member.type("Key (JSON)", key)
        member.click("Save")
    assert member.title() == "DELEGATED"
    member.go("Settings")
    member.type("New client", "canary")
    member.click("Create API client")
    canary.know("an API client's secret", member.text("new-secret"), shown=1)
    member.go("Webhooks")
    member.click("Create webhook", role="link")
    member.type("URL", "https://app.example/hooks/canary")
    member.click("Create webhook")
    canary.know("a webhook's secret", member.text("new-secret"), shown=1)
    member.go("Settings")
    member.type("New member", "canary@example.com")
    member.click("Add member")
    canary.know("a member's link", member.text("new-link").rsplit("/", 1)[1], shown=1)
    canary.know("a password", "marked horse battery 77")
    canary.know("a wrong password", "marked wrong battery 78")
    for label, text in (("New password", "marked horse battery 77"), ("The same again", "marked wrong battery 78")):
        member.type(label, text)
    member.click("Set password")
    for label in ("New password", "The same again"):
        member.type(label, "marked horse battery 77")
    member.click("Set password")
    assert "Your password is set" in member.page.inner_text("[role=status]")
    instance = server.instance("canary-user")
    server.links(instance)
    (row,) = [one for one in server.cli_json("account", "list", "--identifier", "canary-user") if one["connection"] == "MY_GMAIL"]
    member.at(f"/accounts/{row['id']}")
    member.click("Make a link to sign in")
    canary.know("a user's link", member.text("user-link").rsplit("/", 1)[1], shown=1)
    member.go("Why?")
    member.type("About", instance["url"])
    member.click("Ask why")
    url = instance["url"].rsplit("/", 1)[1]
    canary.know("an instance's URL", url)
    Wire(instance["url"]).legacy("tools/list")
    for page in ("", "/connections", "/accounts", f"/accounts/{row['id']}", "/configs", "/instances", "/providers", "/playground",
                 "/calls", "/events", "/webhooks", "/logs", "/logs?of=installation", "/settings", "/settings/keys",
                 "/accounts/ca_nothing", "/connections/conn_nothing", "/nothing", "/logs?page=x"):
        member.at(page)
    for connection in server.cli_json("connection", "list"):
        member.at(f"/connections/{connection['id']}")
    pages = canary.pages
    assert len(pages) > 35, len(pages)
    for name, (value, shown) in canary.secrets.items():
        on = [address for address, text in pages if value in text]
        assert len(on) == shown, (name, on)
        assert not [asked for asked in canary.requests if any(value in part for part in asked)], f"{name} in an address or Referer"
    # An instance's own page shows its URL, each time: that is what it is for.
    member.at(f"/instances/{instance['id']}")
    assert url in member.page.content()
    stored = person.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    devtools = person.context.new_cdp_session(person.page)
    visited = json.dumps(devtools.send("Page.getNavigationHistory")["entries"])
    log, journal = server.words(), server.cli("logs", "list", "--limit", "1000", "--json").stdout
    assert "INFO" in log and "webhook.created" in journal
    for name, (value, _) in canary.secrets.items():
        held = {"the store": stored, "the history": visited, "the log": log, "the journal": journal}
        assert not [where for where, text in held.items() if value in text], name
    # The spent link alone was an address, and opens nothing any more.
    person.open(made["link"])
    assert person.title() == "This link does not open any more"
    person.close()
