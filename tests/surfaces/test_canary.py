"""The canary: every secret of a whole story, failures included, is known to this test; then everything that the server
wrote or said where it doesn't belong is searched for each of them (attacks 48, 49, 50).

A relay before the provider lab learns what passes between server and provider; the browser's own record gives links,
states, codes and cookies. The log is at its most talkative (-vv), and every trace goes to a collector.
"""

import base64
import json
import re
import sqlite3
import urllib.parse

import pytest

from kit.collector import collecting
from kit.person import Person
from kit.recorder import recording

OAUTH_SECRET = "marked-oauth-client-secret-4f1d"
USER = "canary-user"


class Story:
    """A server, what it said on the way, and the secrets by name."""

    def __init__(self, server, recorder):
        self.server, self.recorder = server, recorder
        self.secrets, self.said = {}, {}

    def know(self, name, *values):
        self.secrets.setdefault(name, set()).update(value for value in values if value)

    def hear(self, where, text):
        self.said[f"{where} ({len(self.said)})"] = text

    def api(self, method, path, body=None, token=None, headers=()):
        """A call that is expected to fail: what it says must hold no secret."""
        status, text = self.server.answer(method, path, body, token, headers)
        assert status >= 400, text
        self.hear(f"{method} {path.split('?')[0][:40]}", text)
        return text

    def mcp(self, url, method, params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        accepts = {"accept": "application/json, text/event-stream"}
        return self.server.answer("POST", url.removeprefix(self.server.url), body, headers=accepts)[1]

    def fetch(self, url):
        return self.mcp(url, "tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}})


@pytest.fixture(scope="module")
def story(tmp_path_factory, browser):
    from kit.server import Server

    server = Server(tmp_path_factory.mktemp("canary") / "data", flags=["-vv"])
    with recording(server.lab_url) as (relay, recorder), collecting() as collector:
        server.data.mkdir(mode=0o700)
        allowed = f'[outbound]\nallow = ["{relay.removeprefix("http://")}"]\n'
        (server.data / "valetkey.toml").write_text(allowed + collector.settings)
        server.start()
        told = Story(server, recorder)
        person = Person(browser)
        try:
            live(told, relay, person)
        finally:
            person.close()
            server.stop()
        # The last spans are sent before the server has ended.
        told.spans = list(collector.spans)
        for name, values in recorder.secrets.items():
            told.know(f"provider: {name}", *values)
        told.know("root key", (server.data / "root.key").read_text().strip())
        yield told


def live(story, relay, person):
    server = story.server
    made = server.cli_json("client", "create", "canary")[0]
    story.know("API client secret", made["client_secret"])
    token = server.token_of(made["client_id"], made["client_secret"])
    story.know("our access token", token, token.split(".")[2])
    rotated = server.cli_json("client", "rotate", made["client_id"])[0]
    story.know("API client secret", rotated["client_secret"])
    connect(story, relay)
    instance = server.instance(USER, "canary", [{"connection_name": "CANARY", "tools": []}])
    url = instance["url"]
    story.know("instance URL", url.rsplit("/", 1)[1])
    watch(story, person)
    consent(story, person, instance)
    work(story, url, token)
    fail(story, url, token)
    look(story, instance)


def connect(story, relay):
    """A connection whose OAuth client has a marked secret, and whose endpoints lead through the relay."""
    server = story.server
    flags = ["--authorize-url", f"{server.lab_url}/o/oauth2/v2/auth", "--token-url", f"{relay}/token"]
    flags += ["--revoke-url", f"{relay}/revoke", "--identity-url", f"{relay}/v1/userinfo", "--api-base-url", relay]
    flags += ["--client-id", "canary-client", "--client-secret-file", "-"]
    made = server.cli_json("connection", "create", "gmail", "--name", "CANARY", *flags, stdin=OAUTH_SECRET)[0]
    story.know("OAuth client secret", OAUTH_SECRET)
    assert OAUTH_SECRET not in json.dumps(made) and made["client_secret"] == "set"
    client = {"id": "canary-client", "secret": OAUTH_SECRET, "redirect_uris": [made["redirect_uri"]]}
    server.control("POST", "/clients", client, expect=None)


def watch(story, person):
    """Learns what the browser carries: link tokens, states, codes."""

    def note(request):
        parts = urllib.parse.urlsplit(request.url)
        query = urllib.parse.parse_qs(parts.query)
        for name in ("state", "code"):
            story.know(f"browser: {name}", *query.get(name, []))
        # Only the authorize request and the callback carry state: a challenge is public, the verifier is not.

    person.page.on("request", note)


def consent(story, person, instance):
    """One link declined, one opened by a prefetch and then finished, one replayed."""
    links = [story.server.links(instance)["CANARY"]["authentication_link"] for _ in range(2)]
    story.know("link token", *(urllib.parse.urlsplit(link).path.rsplit("/", 1)[1] for link in links))
    person.open(links[0])
    person.press_continue()
    person.sign_in()
    person.decline()
    story.hear("the page after declining", person.page.content())
    callbacks = []
    person.page.on("request", lambda request: callbacks.append(request.url) if "/callback?" in request.url else None)
    person.connect(links[1])
    assert story.server.cli_json("account", "list", "--identifier", USER)[0]["status"] == "ACTIVE"
    story.hear("the page after consent", person.page.content())
    story.know("cookie", *(cookie["value"] for cookie in person.context.cookies() if len(cookie["value"]) > 16))
    person.open(callbacks[0])
    story.hear("the page after a replay", person.page.content())
    assert "code=" not in person.page.url and "state=" not in person.page.url
    person.open(links[1])
    story.hear("a spent link", person.page.content().replace(links[1], ""))


def work(story, url, token):
    assert '"isError":true' not in story.fetch(url)
    auth = f"/api/v1/connected_accounts/auth?connector=CANARY&identifier={USER}"
    given = story.server.api("GET", auth, token=token)["connected_account"]["authorization_details"]["oauth_token"]
    assert given["access_token"] and not given.get("refresh_token")
    story.know("access token as handed out", given["access_token"])


def fail(story, url, token):
    recorder = story.recorder

    def echo(status):
        def answer(bearer, body):
            text = {"error": {"code": status, "message": f"bad token {bearer}", "status": "X"}, "sent": body.decode()}
            return status, "application/json", json.dumps(text).encode()

        return answer

    for status in (400, 403, 429, 500):
        recorder.instead = echo(status)
        said = story.fetch(url)
        assert '"isError":true' in said, said
        story.hear(f"a provider that echoes the token with {status}", said)
    before = next(iter(story.secrets["access token as handed out"]))
    refused = (401, "text/plain", f"who is {before}?".encode())
    recorder.instead = lambda bearer, _: refused if bearer == before else None
    assert '"isError":true' not in story.fetch(url), "the 401 made no refresh"
    assert recorder.secrets["access_token"] > {before} and recorder.secrets["refresh_token"]
    recorder.instead = None

    secrets = story.server.sdk_env()
    story.know("API client secret", secrets["SCALEKIT_CLIENT_SECRET"])
    form = f"grant_type=client_credentials&client_id={secrets['SCALEKIT_CLIENT_ID']}&client_secret=wrong-marked-7c2e"
    story.know("a wrong secret", "wrong-marked-7c2e")
    story.api("POST", "/oauth/token", form.encode(), headers={"content-type": "application/x-www-form-urlencoded"})
    story.api("GET", "/api/v1/mcp/configs", token=token[:-4] + "AAAA")
    story.api("POST", "/api/v1/mcp/configs", b'{"name": "' + token.encode(), token=token)
    story.api("GET", f"/api/v1/mcp/instances/inst_1?token={token}", token=token)
    changed = url[:-4] + ("AAAA" if not url.endswith("AAAA") else "BBBB")
    story.know("a forged instance URL", changed.rsplit("/", 1)[1])
    story.hear("a forged URL", story.mcp(changed, "tools/list", {}))
    state = next(iter(story.secrets["browser: state"]))
    connection = story.server.cli_json("connection", "get", "CANARY")[0]["id"]
    story.api("GET", f"/sso/v1/oauth/{connection}/callback?state={state}&code=marked-code-91aa")
    story.know("a planted code", "marked-code-91aa")


def look(story, instance):
    """All that the command line lists, and what operators ask for."""
    for path in ("/metrics", "/readyz", "/healthz"):
        story.hear(path, story.server.answer("GET", path)[1])
    for words in (
        ["logs", "list", "--limit", "1000"], ["account", "list"], ["client", "list"], ["connection", "list"],
        ["connection", "get", "CANARY"], ["config", "list"], ["instance", "list"], ["environment", "list"],
        ["instance", "auth", instance["id"]],
    ):
        for json_flag in ([], ["--json"]):
            text = story.server.cli(*words, *json_flag).stdout
            if words[:2] == ["instance", "auth"]:
                text = re.sub(r"/connect/\S+", "", text)
            story.hear(" ".join(words), text)


def forms(secret):
    """A secret as it may lie about: plain, percent-encoded, in hex, in either base64."""
    raw = secret.encode()
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield raw.hex()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


def leaks(story, texts):
    return [
        f"{name} in {where}"
        for where, text in texts.items() for name, values in story.secrets.items() for value in values
        if any(form in text for form in forms(value))
    ]


def test_the_story_had_every_kind_of_secret(story):
    """So that the searches below can fail."""
    assert {
        "API client secret", "our access token", "OAuth client secret", "instance URL", "link token", "browser: state",
        "browser: code", "cookie", "provider: code_verifier", "provider: refresh_token", "provider: access_token",
        "root key",
    } <= set(story.secrets)
    assert all(len(value) > 10 for values in story.secrets.values() for value in values)
    for form in forms(OAUTH_SECRET):
        assert "OAuth client secret in a log" in leaks(story, {"a log": f"before {form} after"})


def test_attack_48_no_secret_is_in_the_log(story):
    log = story.server.words()
    assert "INFO" in log and "Valetkey is running" in log
    assert leaks(story, {"log": log}) == []


def test_attack_48_no_secret_is_in_any_trace(story):
    names = {span["name"] for span in story.spans}
    assert {"tool.call", "POST /mcp/v1/{token}", "POST /oauth/token", "POST /connect/{link}"} <= names, names
    assert any("request" in span["attributes"] for span in story.spans)
    assert leaks(story, {"traces": json.dumps(story.spans)}) == []


def test_attack_48_no_secret_is_in_any_error_page_or_list(story):
    assert len(story.said) > 25
    assert leaks(story, story.said) == []


def test_attack_49_a_token_that_a_provider_echoes_is_cut_out(story):
    echoed = {where: text for where, text in story.said.items() if "echoes" in where}
    assert len(echoed) == 4 and leaks(story, echoed) == []


def test_attack_50_no_secret_lies_readable_on_the_disk(story):
    """Hashes and sealed values may; beside the root key's own file, the demo's file for `env` is the one exception."""
    texts = {}
    for path in story.server.data.rglob("*"):
        # The lab's file is the provider's memory, not ours.
        if path.is_file() and path.name not in ("root.key", "demo-client.json", "lab.json"):
            texts[path.name] = path.read_bytes().decode("latin-1")
    assert "valetkey.sqlite" in texts
    assert leaks(story, texts) == []


def test_attack_50_no_secret_is_in_a_row(story):
    """The rows themselves, so that what a page split apart on the disk is seen too."""
    with sqlite3.connect(story.server.data / "valetkey.sqlite") as database:
        dump = "\n".join(database.iterdump())
    assert "canary-client" in dump
    assert leaks(story, {"rows": dump}) == []
