"""The app confirms who signed in: the official SDKs make the link and give the app's word, a person signs in at the lab in
headless Chromium in between, and nothing that was brought is usable before that word."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from kit.account import Account
from kit.dashboard import Member
from kit.node import placed
from kit.places import NODE, SCRIPTS, python
from kit.server import Server


class App:
    """The page of an app to which people are sent to be confirmed."""

    def __init__(self):
        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(b"<h1>The app</h1>")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://localhost:{self.server.server_port}/verify?here=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def app():
    running = App()
    yield running
    running.server.shutdown()


class Python:
    """The app, by the Python SDK."""

    def __init__(self, server):
        self.server = server

    def __call__(self, *arguments):
        command = [python("seed"), SCRIPTS / "typed_sdk.py", *arguments]
        done = subprocess.run(command, env=self.server.sdk_env(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Node(Python):
    """The same by the Node SDK."""

    def __call__(self, *arguments):
        command = [NODE, placed("verify.mjs"), *arguments]
        done = subprocess.run(command, env=self.server.sdk_env(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def brought(person):
    """What the browser brought to the app."""
    person.page.wait_for_selector("h1:has-text('The app')")
    query = parse_qs(urlsplit(person.page.url).query)
    assert query["here"] == ["1"]
    return query["auth_request_id"][0], query.get("state", [None])[0]


def signed_in(sdk, app, person, user, state="st 1/&"):
    account = Account(sdk.server, user)
    person.open(sdk("link", "MY_GMAIL", user, app.url, state)["link"])
    person.press_continue()
    person.sign_in()
    person.consent()
    request, back = brought(person)
    assert back == (state or None)
    return account, request


@pytest.mark.parametrize("kind", [Python, Node])
def test_what_was_brought_counts_with_the_apps_word_alone(demo, app, person, kind):
    sdk, user = kind(demo), f"confirmed-{kind.__name__.lower()}"
    account, request = signed_in(sdk, app, person, user)
    assert account.status() == "PENDING_VERIFICATION"
    assert account.mailbox() is None, "nothing reads what waits"
    other = sdk("verify", request, "somebody-else")["raised"]
    assert other["class"] == "ScalekitForbiddenException", other
    assert (account.status(), account.mailbox()) == ("PENDING_VERIFICATION", None)
    done = sdk("verify", request, user)
    assert done["url"].startswith(f"{demo.url}/connect/done/"), done
    assert (account.status(), account.mailbox() is not None) == ("ACTIVE", True)
    person.open(done["url"])
    assert person.title() == "Gmail is connected"
    again = sdk("verify", request, user)["raised"]
    assert again["class"] == "ScalekitNotFoundException"
    assert "auth request not found or no longer valid" in again["text"]


def test_attack_11_a_link_that_another_person_opened_connects_nobody(demo, app, person):
    """The attacker's link, the victim's browser: the victim's app asks for the victim, and is refused. With the link alone
    nobody can make the name of the request."""
    sdk = Python(demo)
    account, request = signed_in(sdk, app, person, "attacker")
    assert sdk("verify", request, "victim")["raised"]["class"] == "ScalekitForbiddenException"
    link = Account(demo, "attacker").link().rsplit("/", 1)[1]
    for forged in (link, request[:-2] + "AA", "A" * 43, "a" * 1000):
        told = sdk("verify", forged, "attacker")["raised"]
        assert told["class"] == "ScalekitNotFoundException", (forged, told)
        assert "auth request not found or no longer valid" in told["text"]
    for malformed in ("no such thing!", "https://evil.example", "\u00e4"):
        assert sdk("verify", malformed, "attacker")["raised"]["class"] == "ScalekitBadRequestException"
    assert (account.status(), account.mailbox()) == ("PENDING_VERIFICATION", None)


def test_an_account_in_service_stays_so_until_the_word(demo, app, person):
    sdk = Python(demo)
    account = Account(demo, "stays")
    person.connect(account.link())
    assert account.mailbox() is not None
    _, request = signed_in(sdk, app, person, "stays")
    assert (account.status(), account.mailbox() is not None) == ("ACTIVE", True)
    assert sdk("verify", request, "stays")["url"]
    assert (account.status(), account.mailbox() is not None) == ("ACTIVE", True)


def test_another_account_is_asked_about_and_then_confirmed(demo, app, person):
    """Attack 65 in a verified mode."""
    sdk = Python(demo)
    account = Account(demo, "swapped")
    person.connect(account.link(), account=1)
    before = account.mailbox()
    person.open(sdk("link", "MY_GMAIL", "swapped", app.url, "")["link"])
    person.press_continue()
    person.page.context.clear_cookies(domain="127.0.0.1")
    person.sign_in(2)
    person.consent()
    assert person.title() == "This is another account"
    person.page.click("#replace")
    request, state = brought(person)
    assert state is None and account.mailbox() == before, "still the one from before"
    assert sdk("verify", request, "swapped")["url"]
    assert account.mailbox() != before


def test_attack_15_people_are_sent_nowhere_else(demo):
    for lure in (
        "http://app.example/v", "https://user@app.example/v", "https://app.example/#x", "https://app.example\\@evil.example",
        "http://localhost.evil.example/", "javascript:alert(1)", "//evil.example",
    ):
        body = {"connector": "MY_GMAIL", "identifier": "lured", "user_verify_url": lure}
        demo.api("POST", "/api/v1/connected_accounts/magic_link", body, expect=400)


def test_an_environment_has_everybody_confirmed(tmp_path, app, person):
    server = Server(tmp_path / "data").start()
    try:
        name = server.cli_json("environment", "list")[0]["name"]
        server.cli("environment", "update", name, "--user-verify-mode", "b2b")
        body = {"connector": "MY_GMAIL", "identifier": "everybody"}
        told = server.api("POST", "/api/v1/connected_accounts/magic_link", body, expect=400)
        assert told["message"].startswith("user_verify_url not configured for verification redirect"), told
        refused = server.cli("environment", "update", name, "--user-verify-mode", "sometimes", check=False)
        assert refused.returncode != 0 and "scalekit_platform" in refused.stderr
        (shown,) = server.cli_json("environment", "update", name, "--user-verify-url", app.url)
        assert (shown["user_verify_mode"], shown["user_verify_url"]) == ("b2b", app.url)
        elsewhere = {**body, "user_verify_url": "https://evil.example/verify"}
        server.api("POST", "/api/v1/connected_accounts/magic_link", elsewhere, expect=400)
        account = Account(server, "everybody")
        person.open(account.link())
        person.press_continue()
        person.sign_in()
        person.consent()
        request, state = brought(person)
        assert (state, account.status()) == (None, "PENDING_VERIFICATION")
        assert Python(server)("verify", request, "everybody")["url"]
        assert account.status() == "ACTIVE"
    finally:
        server.stop()


def test_a_config_has_an_address_of_its_own(tmp_path, app, person):
    """In an environment that has none: links that are made for the config use it, and no other link does."""
    server = Server(tmp_path / "data").start()
    try:
        server.cli("environment", "update", server.cli_json("environment", "list")[0]["name"], "--user-verify-mode", "b2b")
        account = Account(server, "of-config")
        assert "user_verify_url not configured" in account.call("gmail_fetch_mails")[1]
        for lure in ("http://app.example/v", "javascript:alert(1)", "https://user@app.example/v"):
            refused = server.cli("config", "set", "consent", "--user-verify-url", lure, check=False)
            assert refused.returncode != 0 and "user_verify_url" in refused.stderr, refused
        server.cli("config", "set", "consent", "--user-verify-url", app.url)
        assert server.cli_json("config", "get", "consent")[0]["user_verify_url"] == app.url
        body = {"connector": "MY_GMAIL", "identifier": "of-config"}
        server.api("POST", "/api/v1/connected_accounts/magic_link", body, expect=400)
        server.api("POST", "/api/v1/connected_accounts/magic_link", {**body, "user_verify_url": app.url})
        failed, words = account.call("gmail_fetch_mails")
        # Two sign-ins are missing: the link leads to the page of the instance, which keeps to the config's address.
        person.open(next(word for word in words.split() if "/connect/i/" in word))
        person.page.click("button[value=MY_GMAIL]")
        person.press_continue()
        person.sign_in()
        person.consent()
        request, state = brought(person)
        assert (failed, state, account.status(), account.mailbox()) == (True, None, "PENDING_VERIFICATION", None)
        assert Python(server)("verify", request, "of-config")["url"]
        assert (account.status(), account.mailbox() is not None) == ("ACTIVE", True)
        assert "/connect/" in account.link()
        server.cli("config", "set", "consent", "--user-verify-url", "")
        state = f"/api/v1/mcp/instances/{account.instance['id']}:get_auth_state?include_auth_links=true"
        assert "user_verify_url not configured" in server.api("POST", state, expect=400)["message"]
    finally:
        server.stop()


def test_an_environment_in_which_only_members_of_the_dashboard_sign_in(tmp_path, app, person):
    """SCALEKIT_PLATFORM: in the same browser, before it begins."""
    server = Server(tmp_path / "data").start()
    try:
        name = server.cli_json("environment", "list")[0]["name"]
        server.cli("environment", "update", name, "--user-verify-mode", "USER_VERIFY_MODE_SCALEKIT_PLATFORM")
        account = Account(server, "developer")
        link = account.link()
        person.open(link)
        person.press_continue()
        assert person.title() == "Sign in to the dashboard first"
        assert account.status() == "PENDING_AUTH"
        Member(person, server).sign_in()
        person.page.wait_for_url(f"{server.url}/dashboard/**")
        person.open(link)
        person.press_continue()
        person.sign_in()
        person.consent()
        assert person.title() == "Gmail is connected"
        assert (account.status(), account.mailbox() is not None) == ("ACTIVE", True)
    finally:
        server.stop()
