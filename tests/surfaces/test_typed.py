"""Signing in without OAuth: forms for keys, passwords, clients and service accounts, in headless Chromium, against httpbin;
the assertion of a service account is checked by Google's own library."""

import http.client
import json
import os
import subprocess
from urllib.parse import urlsplit

import pytest

from kit import node
from kit.dashboard import Member
from kit.places import SCRIPTS, python
from kit.typed import Typed


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    running = Typed(tmp_path_factory.mktemp("typed"))
    try:
        yield running.start()
    finally:
        running.stop()


def fill(person, **fields):
    for name, value in fields.items():
        person.page.fill(f"#field-{name}", value)
    person.page.click("#continue")


def shot(person, name, width):
    """Kept where somebody wants to look at it."""
    folder = os.environ.get("VALETKEY_SCREENSHOTS")
    if folder:
        person.page.set_viewport_size({"width": width, "height": 900})
        person.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_a_password_is_typed_tried_and_used(typed, person):
    wire = typed.wire("ann", "typedbasic")
    person.open(wire.link)
    assert person.title() == "Connect Typed Basic"
    for width in (1280, 390):
        shot(person, "form", width)
    fill(person, username="Ann!", password="")
    assert person.page.inner_text("#fault-username").startswith("This doesn’t look like")
    assert person.page.inner_text("#fault-password") == "This is needed."
    for width in (1280, 390):
        shot(person, "form-faults", width)
    assert person.page.input_value("#field-username") == "Ann!"
    assert typed.services.seen("/basic-auth/ann/right") == [], "nobody was asked about what can't be right"
    fill(person, username="ann", password="wrong")
    assert "did not accept this" in person.page.inner_text(".told")
    assert (person.page.input_value("#field-username"), person.page.input_value("#field-password")) == ("ann", "")
    assert typed.status("ann") == "PENDING_AUTH"
    fill(person, username="ann", password="right")
    assert person.title() == "Typed Basic is connected"
    assert typed.status("ann") == "ACTIVE"
    assert wire.done("typedbasic_whoami")["user"] == "ann"
    assert person.open(wire.link).status == 410, "a link is good once"


def test_attack_48_a_refusal_is_in_the_apps_words_and_shows_no_key(typed, person):
    wire = typed.wire("words", "typedkey")
    person.open(wire.link)
    fill(person, api_key="canary-key-5f2c", app_key="")
    told = person.page.inner_text(".told")
    for width in (1280, 390):
        shot(person, "form-refused", width)
    assert "is unknown" in told and "<blink>now" in told, "their words, as text, and without their address"
    fill(person, api_key="canary-echo-5f2c", app_key="")
    assert "repeats a secret" in person.page.inner_text(".told")
    assert "canary-" not in person.page.content() and "evil.example" not in person.page.content()
    assert typed.services.seen("/keyed")[-1]["key"] == "Key canary-echo-5f2c"
    assert "canary-" not in typed.server.words()
    assert "canary-" not in typed.server.cli("logs", "list", "--json").stdout


def test_an_app_that_is_down_says_nothing_about_a_key(typed, person):
    wire = typed.wire("patient", "typedkey")
    person.open(wire.link)
    typed.services.set(down=True)
    try:
        fill(person, api_key="key-of-ann", app_key="")
        assert "could not be asked" in person.page.inner_text(".told")
    finally:
        typed.services.set(down=False)
    fill(person, api_key="key-of-ann", app_key="the-app")
    assert person.title() == "Typed Key is connected"
    assert wire.done("typedkey_whoami") == {"user": "ann", "app_key": "[redacted credential]"}


def test_a_link_has_ten_tries_and_belongs_to_one_browser(typed, person, stranger):
    wire = typed.wire("guesser", "typedbasic")
    person.open(wire.link)
    stranger.open(wire.link)
    for _ in range(10):
        fill(person, username="ann", password="guess")
        assert "did not accept this" in person.page.inner_text(".told")
    fill(person, username="ann", password="right")
    assert person.title() == "Too many tries"
    fill(stranger, username="ann", password="right")
    assert stranger.title() == "Too many tries"
    assert typed.status("guesser") == "PENDING_AUTH"


def test_attack_67_only_our_own_page_sends_a_form(typed, person):
    wire = typed.wire("forged", "typedbasic")
    person.open(wire.link)
    sent = {"kind": "typed", "field.username": "ann", "field.password": "right"}
    answer = person.context.request.post(wire.link, form=sent, headers={"origin": typed.server.url})
    assert answer.status == 403, "no token of the form"
    token = person.page.get_attribute("input[name=token]", "value")
    for origin in ("http://localhost:1", "null", "https://evil.example"):
        answer = person.context.request.post(wire.link, form={**sent, "token": token}, headers={"origin": origin})
        assert answer.status == 403, origin
    assert typed.status("forged") == "PENDING_AUTH"
    policy = person.open(wire.link).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script" not in policy


def test_another_provider_account_is_asked_about_first(typed, person):
    """Attack 65: a key of somebody else doesn't take the place of the one that was there."""
    wire = typed.wire("twice", "typedkey")
    person.open(wire.link)
    fill(person, api_key="key-of-ann", app_key="")
    (again,) = typed.server.cli_json("account", "link", "TYPEDKEY", "twice")
    person.open(again["link"])
    fill(person, api_key="key-of-bob", app_key="")
    assert person.title() == "This is another account"
    assert wire.done("typedkey_whoami")["user"] == "ann"
    person.page.click("#replace")
    assert person.title() == "Typed Key is connected"
    assert wire.done("typedkey_whoami")["user"] == "bob"


def test_github_with_a_personal_access_token(typed, person):
    """The shipped alias of GitHub: its form, the try, a tool under the alias's name, and the proxy."""
    typed.connect("githubpat")
    wire = typed.wire("octo", "githubpat")
    tools = wire.tools()
    assert "githubpat_repo_get" in tools and all(tool.startswith("githubpat_") for tool in tools)
    assert "/connect/" in wire.refused("githubpat_repo_get", owner="octocat", repo="hello")
    person.open(wire.link)
    fill(person, token="not a token")
    assert person.page.inner_text("#fault-token").startswith("This doesn’t look like")
    fill(person, token="ghp_canary0123456789")
    assert "Bad credentials" in person.page.inner_text(".told")
    fill(person, token="ghp_thisIsTheOneThatWorks0123456789")
    assert person.title() == "GitHub (personal access token) is connected"
    assert typed.status("octo") == "ACTIVE"
    assert wire.done("githubpat_repo_get", owner="octocat", repo="hello")["full_name"] == "octocat/hello"
    whose = {"connection_name": "GITHUBPAT", "identifier": "octo"}
    status, text = typed.server.answer("GET", "/proxy/repos/octocat/hello", token=typed.server.token(), headers=whose)
    assert status == 200 and json.loads(text)["version"] == "2022-11-28", "with the headers that GitHub wants"
    assert "ghp_" not in typed.server.words()


def test_attack_37_a_key_in_a_header_of_its_own_follows_no_redirect(typed, person):
    wire = typed.wire("sent-on", "typedkey")
    person.open(wire.link)
    fill(person, api_key="key-of-ann", app_key="app-1")
    assert typed.status("sent-on") == "ACTIVE"
    before = len(typed.services.seen("/keyed"))
    elsewhere = f"http://localhost:{typed.services.port}/keyed"
    asked = {"connection_name": "TYPEDKEY", "identifier": "sent-on", "authorization": f"Bearer {typed.server.token()}"}
    # By hand, for urllib would go on itself.
    connection = http.client.HTTPConnection(urlsplit(typed.server.url).netloc, timeout=60)
    connection.request("GET", f"/proxy/sent-on?to={elsewhere}", headers=asked)
    assert connection.getresponse().status == 302
    connection.close()
    assert typed.services.seen("/sent-on")[-1]["key"] == "Key key-of-ann"
    assert len(typed.services.seen("/keyed")) == before, "the answer is the caller's; nothing went on with the key"


def test_no_key_is_needed_where_there_is_none(typed, person):
    wire = typed.wire("nobody", "typednone")
    person.open(wire.link)
    person.page.click("#continue")
    assert person.title() == "Typed None is connected"
    assert set(wire.done("typednone_whoami")) == {"uuid"}
    whose = [("connection_name", "TYPEDNONE"), ("identifier", "nobody")]
    status, text = typed.server.answer("GET", "/proxy/uuid?by=proxy", token=typed.server.token(), headers=whose)
    assert status == 200 and set(json.loads(text)) == {"uuid"}
    asked = typed.services.seen("/uuid")[-1]
    assert asked["path"] == "/uuid?by=proxy" and not asked["authorization"] and not asked["key"], "nothing of the caller's goes on"


def test_a_service_accounts_key_file_brings_access_tokens(typed, person):
    wire = typed.wire("robot", "typedaccount")
    person.open(wire.link)
    fill(person, service_account_json='{"client_email": "x@y"}')
    assert "not a service account’s key file" in person.page.inner_text("#fault-service_account_json")
    shot(person, "form-key-file", 390)
    fill(person, service_account_json=typed.services.key_file)
    assert person.title() == "Typed Account is connected"
    told = wire.done("typedaccount_whoami")
    assert (told["user"], told["scope"]) == ("robot@practice.iam.gserviceaccount.com", "things.read")
    assert told["token"] == "[redacted credential]"


def test_a_connection_is_tried_by_its_own_key_or_client_and_no_token_is_kept(typed, person):
    """By "Test connection": a service account's key and a client's secret bring an access token, which is let go; where each user
    brings a key, the token endpoint is asked with one that is nobody's."""
    member = Member(person, typed.server).sign_in()
    another = json.loads(typed.services.key_file)
    done = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], capture_output=True, text=True)
    another["private_key"] = done.stdout
    typed.connect("typedclient", "TRIED_CLIENT")
    typed.connect("typeddwd", "TRIED_DWD")

    def tried(name):
        (row,) = [one for one in typed.server.cli_json("connection", "list") if one["name"] == name]
        member.at(f"/connections/{row['id']}")
        before, accounts = len(typed.services.seen("/token")), typed.server.cli_json("account", "list")
        member.click("Test connection")
        assert not member.faults() and typed.server.cli_json("account", "list") == accounts
        (record,) = typed.server.cli_json("logs", "list", "--limit", "1", "--subject", row["id"])
        assert record["action"] == "connection.tried"
        words = member.page.locator("[role=status]")
        return words.inner_text(), "good" in words.get_attribute("class"), typed.services.seen("/token")[before:]

    words, good, asked = tried("TRIED_DWD")
    assert good and "gave an access token, of which nothing is kept" in words and len(asked) == 1
    assert member.page.get_by_role("button", name="Test connection").count() == 1
    words, good, _ = tried("TRIED_CLIENT")
    assert good and "nothing is kept" in words
    for name in ("TYPEDACCOUNT", "TYPEDGRANT"):
        words, good, asked = tried(name)
        assert good and "token endpoint answers" in words and "nobody" in words and len(asked) == 1, words
    typed.server.cli("connection", "update", "TRIED_DWD", "--client-secret-file", "-", stdin=json.dumps(another))
    words, good, _ = tried("TRIED_DWD")
    assert not good and "invalid_grant" in words and "PRIVATE KEY" not in member.page.content()
    typed.server.cli("connection", "update", "TRIED_CLIENT", "--client-secret-file", "-", stdin="another secret")
    words, good, _ = tried("TRIED_CLIENT")
    assert not good and "invalid_client" in words
    kept = b"".join(path.read_bytes() for path in typed.server.data.iterdir() if path.is_file())
    assert b"minted-" not in kept and "minted-" not in typed.server.words()
    for name in ("TYPEDKEY", "TYPEDSIGNED", "TYPEDNONE"):
        (row,) = [one for one in typed.server.cli_json("connection", "list") if one["name"] == name]
        member.at(f"/connections/{row['id']}")
        assert member.page.get_by_role("button", name="Test connection").count() == 0, "there is nobody to ask"


def test_a_connections_own_client_brings_access_tokens(typed, person):
    wire = typed.wire("machine", "typedclient")
    person.open(wire.link)
    person.page.click("#continue")
    assert person.title() == "Typed Client is connected"
    told = wire.done("typedclient_whoami")
    assert (told["user"], told["scope"]) == ("the-client", "things.read things.write")


def test_a_token_that_ran_out_is_minted_again_once_for_all_callers(typed, person):
    wire = typed.wire("renewed", "typedclient")
    typed.services.set(lives=1)
    try:
        person.open(wire.link)
        person.page.click("#continue")
    finally:
        typed.services.set(lives=3600)
    before = len(typed.services.seen("/token"))
    assert wire.done("typedclient_whoami")["user"] == "the-client"
    assert wire.done("typedclient_whoami")["user"] == "the-client"
    assert len(typed.services.seen("/token")) == before + 1


SDK = SCRIPTS / "typed_sdk.py"


def sdk(typed, *arguments):
    done = subprocess.run(
        [python("seed"), SDK, *arguments], env=typed.server.sdk_env(), capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_node_sdk_brings_a_password_and_reads_it_back(typed):
    seen = node.run("verify.mjs", "static", "TYPEDBASIC", "static-node", "ann", "right", env=typed.server.sdk_env())
    assert seen["status"] == 1, "ACTIVE"
    assert seen["details"] == {"username": "ann", "password": "right"}


def test_the_python_sdk_brings_credentials_of_every_kind(typed):
    seen = sdk(typed, "static", typed.services.key_file)
    assert seen["basic"]["status"] == "ACTIVE"
    assert seen["basic"]["details"] == {"username": "ann", "password": "right"}
    assert seen["basic_read"] == {"username": "ann", "password": "right"}
    assert seen["proxied_basic"] == {"authenticated": True, "user": "ann"}
    assert seen["proxied_key"]["user"] == "ann", "the key stands where the app looks for it"
    assert typed.services.seen("/keyed")[-1]["path"] == "/keyed?app_key=the+app", "and not where the caller put one"
    assert seen["empty"] == "PENDING_AUTH"
    assert seen["unknown"]["class"] == "ScalekitBadRequestException"
    assert "`pasword`" in seen["unknown"]["text"] and "password" in seen["unknown"]["text"]
    assert "password is missing" in seen["missing"]["text"]
    assert "signs in by basic" in seen["other_kind"]["text"]
    dwd = seen["dwd"]
    assert (dwd["subject"], dwd["status"]) == ("ann@practice.example", "ACTIVE")
    assert dwd["access_token"].startswith("minted-")
    assert seen["stranger"] == "EXPIRED", "the provider doesn't know that person"
    assert "private_key" not in json.dumps(seen)
    claims = [one["form"] for one in typed.services.seen("/token") if "assertion" in one["form"]]
    assert claims, "an assertion was sent"
    assert typed.wire("dwd-user", "typeddwd").done("typeddwd_whoami")["user"] == "ann@practice.example"


@pytest.mark.parametrize("connector", ["typeddwd", "typedaccount"])
def test_proxied_requests_carry_tokens_that_a_service_accounts_key_brought(typed, connector):
    user, details = f"proxied-{connector}", {"static_auth": {"details": {"service_account_json": typed.services.key_file}}}
    if connector == "typeddwd":
        details = {"google_dwd": {"subject": "ann@practice.example"}}
    body = {"connector": connector.upper(), "identifier": user, "connected_account": {"authorization_details": details}}
    typed.api("POST", "connected_accounts", body)
    whose = [("connection_name", connector.upper()), ("identifier", user)]
    status, text = typed.server.answer("GET", f"/proxy/minted?by={connector}", token=typed.server.token(), headers=whose)
    person = "ann@practice.example" if connector == "typeddwd" else json.loads(typed.services.key_file)["client_email"]
    assert (status, json.loads(text)["user"]) == (200, person), text
    (asked,) = [one for one in typed.services.seen("/minted") if one["path"].endswith(f"?by={connector}")]
    assert asked["authorization"].startswith("Bearer minted-") and not asked["key"]
    stranger = [("connection_name", connector.upper()), ("identifier", "nobody")]
    assert typed.server.answer("GET", "/proxy/minted", token=typed.server.token(), headers=stranger)[0] == 404


def test_lists_and_searches_never_have_credentials(typed):
    found = typed.api("GET", "connected_accounts:search?query=static-")
    assert [one["identifier"] for one in found["connected_accounts"]] and "right" not in json.dumps(found)
    assert "authorization_details" not in json.dumps(found)
    assert "authorization_details" not in json.dumps(typed.api("GET", "connected_accounts"))
    typed.api("GET", "connected_accounts:search?query=ab", expect=400)
    typed.api("GET", "connected_accounts:search?query=abc&connection_id=conn_none", expect=404)
