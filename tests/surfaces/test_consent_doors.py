"""The doors of consent against other pages, other names and other eyes: forged forms, neighbours on localhost, Host,
headers, what a browser keeps, and what the log keeps."""

import html
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from kit import raw
from kit.account import Account
from kit.walker import goes_on_to


@contextmanager
def neighbour(page):
    """Somebody else's page on another port of localhost; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def form_of(action, fields, head=""):
    inputs = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in fields.items())
    return f'{head}<form method="post" action="{action}">{inputs}<button>Free cake</button></form>'


NO_ORIGIN = '<meta name="referrer" content="no-referrer">'


@pytest.mark.parametrize("head, origin", [("", "its own"), (NO_ORIGIN, "null")])
def test_attack_67_a_page_on_a_neighbour_port_cannot_press_the_button(demo, person, head, origin):
    """Same site to the browser, so our cookie comes along; and it is given the right token, which no page could read."""
    account = Account(demo, f"neighbour-{origin}")
    link = account.link()
    person.open(link)
    token = person.form_token()
    sent = []
    person.page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    with neighbour(form_of(link, {"token": token}, head)) as address:
        person.open(address)
        person.page.click("button")
        assert person.told() == "This page is out of date"
        headers = sent[-1].all_headers()
    assert "valetkey_browser" in headers["cookie"], "the browser did send our cookie"
    assert headers["origin"] == ("null" if head else address.rstrip("/"))
    assert account.status() == "PENDING_AUTH"
    person.connect(link)
    assert account.status() == "ACTIVE", "nothing was lost"


def test_attack_67_a_page_on_a_neighbour_port_cannot_choose_between_accounts(demo, person):
    account = Account(demo, "neighbour-choice")
    person.connect(account.link(), account=1)
    before = account.mailbox()
    person.connect(account.link(), account=2)
    question, token = person.page.url, person.form_token()
    with neighbour(form_of(question, {"token": token, "keep": "no"})) as address:
        person.open(address)
        person.page.click("button")
        assert person.told() == "This page is out of date"
    assert account.mailbox() == before
    person.open(question)
    assert person.title() == "This is another account", "the question is still open"


def test_attack_67_a_neighbour_page_cannot_frame_ours(demo, person):
    link = Account(demo, "framed").link()
    with neighbour(f'<iframe src="{link}"></iframe>') as address:
        person.open(address)
        framed = person.page.frames[1]
        assert framed.locator("#continue").count() == 0
    person.open(link)
    assert person.page.locator("#continue").count() == 1


def test_attack_67_the_button_needs_token_cookie_and_the_exact_origin(demo, person):
    account, other = Account(demo, "forged"), Account(demo, "forged-other")
    link = account.link()
    person.open(other.link())
    foreign = person.form_token()
    person.open(link)
    form, cookie = urlencode({"token": person.form_token()}), person.cookies(demo.url)
    own = {"cookie": cookie, "origin": demo.url}
    for headers, body in [
        (own, ""),
        (own, "token="),
        (own, urlencode({"token": foreign})),
        ({"origin": demo.url}, form),
        ({"cookie": f"{cookie}; {cookie}", "origin": demo.url}, form),
        ({"cookie": cookie}, form),
        *[
            ({"cookie": cookie, "origin": origin}, form)
            for origin in ("null", "", "http://localhost", f"http://localhost:{demo.tls}", f"http://127.0.0.1:{demo.http}",
                           f"https://localhost:{demo.http}", "http://evil.example", demo.url + ".evil.example")
        ],
    ]:
        answer = raw.submit(link, body, **headers)
        assert answer.status == 403 and "This page is out of date" in answer.text, headers
        assert goes_on_to(answer.status, answer.headers) is None
    assert account.status() == "PENDING_AUTH"
    answer = raw.submit(link, form, **own)
    assert goes_on_to(answer.status, answer.headers).startswith(demo.lab_url), "the unforged one works"


def test_other_methods_do_nothing(demo):
    account = Account(demo, "methods")
    for method in ("PUT", "DELETE", "PATCH"):
        assert raw.ask(method, account.link(), {"origin": demo.url}).status == 405
    assert account.status() == "PENDING_AUTH"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost.:{http}", "localhost:1", "x@localhost:{http}", ""])
def test_attack_38_another_host_is_misdirected_at_every_door_of_consent_and_the_dashboard(demo, host):
    host = host.format(http=demo.http)
    account = Account(demo, "host")
    link = account.link()
    for method, url in [
        ("GET", link),
        ("POST", link),
        ("GET", f"{demo.url}/connect/done/auth_1"),
        ("GET", f"{demo.url}/connect/yours/auth_1"),
        ("POST", f"{demo.url}/connect/yours/auth_1"),
        ("GET", f"{demo.url}/connect/i/nonsense"),
        ("POST", f"{demo.url}/connect/i/nonsense"),
        ("GET", f"{demo.url}/connect/stopped/stray-answer"),
        ("GET", f"{demo.url}/sso/v1/oauth/{account.connection_id()}/callback?code=c&state=s"),
        ("GET", f"{demo.url}/"),
        ("GET", f"{demo.url}/sign-in"),
        ("POST", f"{demo.url}/sign-in"),
        ("GET", f"{demo.url}/login/nonsense"),
        ("GET", f"{demo.url}/dashboard/development/settings"),
        ("POST", f"{demo.url}/dashboard/development/settings/members"),
    ]:
        answer = raw.ask(method, url, {"host": host})
        assert answer.status == 421 and "set-cookie" not in answer.headers, (method, url)
        assert link.rsplit("/", 1)[1] not in answer.text


def test_attack_68_links_and_redirects_are_built_from_public_url_alone(demo, person):
    """Asked by another name of this machine, which is let in, and with what a proxy would say of evil.example."""
    account = Account(demo, "poison")
    lies = {
        "host": f"127.0.0.1:{demo.http}", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https",
        "x-forwarded-port": "444", "forwarded": "host=evil.example;proto=https", "x-original-url": "https://evil.example/",
    }
    path = f"/api/v1/mcp/instances/{account.instance['id']}:get_auth_state?include_auth_links=true"
    asked = raw.ask("POST", f"{demo.url}{path}", {**lies, "authorization": f"Bearer {demo.token()}"}, body="")
    assert asked.status == 200 and f"{demo.url}/connect/" in asked.text
    assert "evil.example" not in asked.text and "127.0.0.1" not in asked.text
    link = account.link()
    person.open(link)
    form = urlencode({"token": person.form_token()})
    answer = raw.submit(link, form, **lies, cookie=person.cookies(demo.url), origin=demo.url)
    redirect = parse_qs(urlsplit(goes_on_to(answer.status, answer.headers)).query)["redirect_uri"][0]
    assert redirect == f"{demo.url}/sso/v1/oauth/{account.connection_id()}/callback"
    page = raw.ask("GET", link, lies)
    assert "evil.example" not in page.text and "127.0.0.1:%d" % demo.http not in page.text


def test_pages_carry_the_headers_that_keep_them_to_themselves(demo, person):
    account = Account(demo, "headers")
    link = account.link()
    person.connect(link)
    done = person.page.url
    cookie = {"cookie": person.cookies(demo.url)}
    yours = done.replace("/connect/done/", "/connect/yours/")
    pages = [account.link(), link, done, yours, f"{demo.url}/connect/stopped/stray-answer", f"{demo.url}/connect/nonsense"]
    for url in pages:
        headers = raw.ask("GET", url, cookie).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert "script-src" not in policy, "no script at all"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        # A page with a form needs its own Origin sent with it; other sites see nothing of either.
        with_form = "form-action 'self'" in policy
        assert headers["referrer-policy"] == ("same-origin" if with_form else "no-referrer"), url
        assert with_form == (url in (pages[0], yours))


def test_the_cookie_is_this_servers_alone(demo, person):
    person.open(Account(demo, "cookie").link())
    (cookie,) = person.context.cookies(demo.url)
    assert cookie["name"] == f"valetkey_browser_{demo.http}", "two servers on one machine do not share it"
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"


def test_attack_48_neither_code_nor_state_nor_link_stays_with_the_browser_or_goes_to_the_provider(demo, person):
    account = Account(demo, "history")
    link = account.link()
    to_lab = []
    person.page.on("request", lambda request: to_lab.append(request) if request.url.startswith(demo.lab_url) else None)
    person.connect(link)
    address = urlsplit(person.page.url)
    assert address.path.startswith("/connect/done/auth_") and not address.query and not address.fragment
    devtools = person.context.new_cdp_session(person.page)
    visited = [entry["url"] for entry in devtools.send("Page.getNavigationHistory")["entries"]]
    assert link in visited, "the history was read"
    ours = [url for url in visited if url.startswith(demo.url)]
    assert not any(urlsplit(url).query for url in ours), ours
    assert not any("code=" in url for url in visited), visited
    assert to_lab and not any(link in request.all_headers().get("referer", "") for request in to_lab)


def test_attack_48_no_secret_in_the_log_however_much_it_says(fresh, person, stranger):
    """The most verbose log of consents that went well, were declined, forged, and broken by the provider in ways that
    are logged: an answer cut off in the middle of its tokens, and a refusal of the code."""
    server = fresh(flags=["-vvv"]).start()
    account, token = Account(server, "logged"), server.token()
    link, declined = account.link(), account.link()
    person.reach_consent(declined)
    person.decline()
    for fault in ({"kind": "truncated"}, {"kind": "server_error"}, {"kind": "reset", "handled": True}):
        person.reach_consent(link)
        server.control("POST", "/faults", {"route": "token.authorization_code", "fault": fault}, expect=204)
        person.consent()
        assert person.title() == "Gmail did not answer"
    person.reach_consent(link)
    answer = person.take_answer()
    stranger.open(answer)
    person.open(answer)
    assert account.status() == "ACTIVE" and account.mailbox()["messages"]
    query = parse_qs(urlsplit(answer).query)
    secrets = {
        "link": link.rsplit("/", 1)[1],
        "declined link": declined.rsplit("/", 1)[1],
        "code": query["code"][0],
        "state": query["state"][0],
        "cookie": person.context.cookies(server.url)[0]["value"],
        "instance URL": account.instance["url"].rsplit("/", 1)[1],
        "access token": token,
        "client secret": server.sdk_env()["SCALEKIT_CLIENT_SECRET"],
        "the lab's client secret": "lab-client-secret",
        "the lab's access tokens": "ya29.lab-",
        "the lab's refresh tokens": "1//lab-",
    }
    server.stop()
    words = server.words()
    assert words.count("the provider gave no tokens") == 3, "what went wrong was logged"
    assert not [name for name, secret in secrets.items() if secret in words]
