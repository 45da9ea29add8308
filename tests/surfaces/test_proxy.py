"""`/proxy` through the official SDKs: to an app that tells what reached it, and to the lab's Gmail and Calendar by the
paths that their vendors document."""

import hashlib
import json
import subprocess

import pytest

from kit.account import Account
from kit.echoing import echoing
from kit.elsewhere import Elsewhere
from kit.node import placed
from kit.places import NODE, REPOSITORY, SCRIPTS, python
from kit.server import Server

LAB = [
    ("MY_GMAIL", "/gmail/v1/users/me/profile", "emailAddress"),
    ("MY_GMAIL", "/gmail/v1/users/me/messages?maxResults=1", "messages"),
    ("MY_CALENDAR", "/calendar/v3/users/me/calendarList", "items"),
    ("MY_CALENDAR", "/calendar/v3/calendars/primary/events?maxResults=1", "items"),
]


def samples():
    """The documented requests of every shipped connector."""
    lines = (REPOSITORY / "catalogue" / "proxy-samples.tsv").read_text().splitlines()
    for line in lines:
        if not line.startswith("#"):
            connector, method, path, body, wanted = [*line.split("\t"), "", ""][:5]
            yield connector, method, path, json.loads(body) if body else None, wanted


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A server, an app that echoes, and what an SDK needs to ask it in ann's name."""
    with echoing() as app:
        data = tmp_path_factory.mktemp("proxied") / "data"
        data.mkdir(mode=0o700)
        (data / "valetkey.toml").write_text(f'[outbound]\nallow = ["127.0.0.1:{app.port}"]\n')
        server = Server(data).start()
        try:
            elsewhere = Elsewhere(server, "proxied", app.url)
            elsewhere.connected("ann")
            (client,) = elsewhere.cli("client", "create", "sdk")
            ids = {"SCALEKIT_CLIENT_ID": client["client_id"], "SCALEKIT_CLIENT_SECRET": client["client_secret"]}
            server.proxied, server.elsewhere = {**server.sdk_env(), **ids}, elsewhere
            yield server, app
        finally:
            server.stop()


def run(command, env):
    done = subprocess.run([str(part) for part in command], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(there):
    server, app = there
    return run([python("seed"), SCRIPTS / "proxied.py"], server.proxied), app


def headers(about):
    return dict(about["headers"])


def test_the_python_sdks_requests_reach_the_app_as_they_were_written(seen):
    seen, _ = seen
    query = seen["query"]["body"]
    assert (query["method"], query["target"]) == ("GET", "/echo?a=1&a=2&b=%C3%BC%26%3D")
    assert headers(query)["authorization"].startswith("Bearer ")
    assert seen["query"]["ours"] is None
    assert json.loads(seen["json"]["body"]["body"]) == {"n": 1} and seen["json"]["body"]["method"] == "POST"
    assert seen["form"]["body"]["body"] == "k=v+w"
    raw = seen["raw"]["body"]
    assert (raw["body"], headers(raw)["content-type"], headers(raw)["x-mine"]) == ("<a/>", "application/xml", "1")
    assert seen["no_slash"]["body"]["target"] == "/echo/no-slash"
    assert seen["delete"]["body"]["method"] == "DELETE"


def test_large_and_binary_bodies_pass_whole(seen):
    seen, _ = seen
    large = bytes(range(256)) * 4096
    assert seen["large"]["body"]["length"] == 1 << 20
    assert headers(seen["large"]["body"])["content-length"] == str(1 << 20)
    assert seen["pieces"]["body"]["length"] == 140_000
    assert seen["bytes"]["body"] == hashlib.sha256(large).hexdigest()


def test_attack_76_nothing_of_ours_reaches_the_app_and_nothing_of_its_address_comes_back(seen):
    seen, app = seen
    ours = {"connection_name", "identifier", "x-sdk-version", "x-api-version", "cookie"}
    for about in app.asked:
        names = {name for name, _ in about["headers"]}
        assert not names & ours and "Scalekit" not in json.dumps(about["headers"]), about
    evil = {name.lower(): value for name, value in seen["evil"]["headers"].items()}
    assert not {"set-cookie", "access-control-allow-origin", "x-valetkey-error"} & set(evil)
    assert evil["cache-control"] == "private, no-store" and evil["x-content-type-options"] == "nosniff"


def test_a_redirect_within_the_app_comes_back_through_us(seen):
    seen, _ = seen
    assert seen["redirect"]["body"]["target"] == "/echo/after?x=1"


def test_the_apps_401_is_its_own_and_the_sdks_second_try_changes_nothing(seen):
    """The SDK repeats the request once. Of its two runs the first renews the token, the second finds it just renewed."""
    seen, app = seen
    assert (seen["refused"]["status"], seen["refused"]["body"]) == (401, {"error": "refused"})
    assert seen["refused"]["ours"] is None
    asked = [about for about in app.asked if about["target"] == "/refuse"]
    tokens = [headers(about)["authorization"] for about in asked]
    assert len(asked) == 3 and tokens[0] != tokens[1] == tokens[2]


def test_attack_1_what_is_ours_says_so(seen):
    seen, _ = seen
    for name, status, code, words in [
        ("nobody", 404, "RESOURCE_NOT_FOUND", "'bob' has no connected account on connection 'MAIL'"),
        ("nothing", 404, "RESOURCE_NOT_FOUND", "MAIL"),
        ("up", 400, "INVALID_ARGUMENT", "'..' part"),
    ]:
        answer = seen[name]
        assert (answer["status"], answer["ours"]) == (status, code), answer
        assert "Valetkey's own" in answer["body"]["message"] and words in answer["body"]["message"]


def test_the_node_sdk(there):
    server, _ = there
    seen = run([NODE, placed("proxied.mjs")], server.proxied)
    assert (seen["cold"]["class"], seen["cold"]["status"]) == ("ScalekitUnauthorizedException", 401)
    assert (seen["query"]["status"], seen["query"]["body"]["target"]) == (200, "/echo?a=1")
    assert json.loads(seen["json"]["body"]["body"]) == {"n": 1}
    assert seen["nobody"]["class"] == "ScalekitNotFoundException" and "bob" in seen["nobody"]["text"]


def test_every_request_has_its_record(seen, there):
    server, _ = there
    lines = server.elsewhere.cli("logs", "list", "--limit", "200")
    proxied = [line for line in lines if line["detail"].get("source") == "PROXY"]
    methods = {line["detail"]["method"] for line in proxied}
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= methods
    assert not any("echo" in json.dumps(line) for line in proxied), "paths are digests"


def test_it_can_be_switched_off_for_a_connection(there):
    server, _ = there
    env = server.proxied
    token = server.token_of(env["SCALEKIT_CLIENT_ID"], env["SCALEKIT_CLIENT_SECRET"])
    whose = [("connection_name", "MAIL"), ("identifier", "ann")]
    server.elsewhere.cli("connection", "update", "MAIL", "--proxy", "false")
    status, text = server.answer("GET", "/proxy/echo", token=token, headers=whose)
    assert status == 403 and "proxy not enabled for provider" in text
    server.elsewhere.cli("connection", "update", "MAIL", "--proxy", "true")
    assert server.answer("GET", "/proxy/echo", token=token, headers=whose)[0] == 200


@pytest.mark.parametrize(("connection", "path", "member"), LAB)
def test_the_documented_paths_at_the_labs_apps(demo, person, connection, path, member):
    user = f"proxy-{connection.lower()}-{path.count('/')}"
    account = Account(demo, user, connection)
    person.connect(account.link())
    whose = [("connection_name", connection), ("identifier", user)]
    status, text = demo.answer("GET", f"/proxy{path}", token=account.token, headers=whose)
    assert status == 200 and member in json.loads(text), text


def test_the_documented_request_of_each_shipped_connector_reaches_its_app(there):
    """As the official SDK sends it: below the app's root, with the user's own token and the headers that the vendor wants."""
    server, app = there
    rows = list(samples())
    for connector in sorted({row[0] for row in rows}):
        oauth = connector != "githubpat"
        client = ["--client-id", "id", "--client-secret-file", "-"] if oauth else []
        name = f"SAMPLE_{connector.upper()}"
        server.elsewhere.cli(
            "connection", "create", connector, "--name", name, "--api-base-url", app.url, *client, stdin="hush" if oauth else None
        )
        given = {"oauth_token": {"access_token": f"token-{connector}"}} if oauth else {"static_auth": {"details": {"token": "ghp_0123456789abcdef"}}}
        account = {"connector": name, "identifier": "ann", "connected_account": {"authorization_details": given}}
        token = server.token_of(server.proxied["SCALEKIT_CLIENT_ID"], server.proxied["SCALEKIT_CLIENT_SECRET"])
        server.api("POST", "/api/v1/connected_accounts", account, token)
    wanted = [
        {"connection": f"SAMPLE_{connector.upper()}", "method": method, "path": path, "body": body}
        for connector, method, path, body, _ in rows
    ]
    done = subprocess.run(
        [python("seed"), SCRIPTS / "proxy_samples.py"], env=server.proxied, input=json.dumps(wanted), capture_output=True,
        text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for (connector, method, path, body, header), seen in zip(rows, json.loads(done.stdout), strict=True):
        about = seen["body"]
        assert (seen["status"], about["method"], about["target"]) == (200, method, path), (connector, seen)
        sent = headers(about)
        bearer = "ghp_0123456789abcdef" if connector == "githubpat" else f"token-{connector}"
        assert sent["authorization"] == f"Bearer {bearer}" and sent["user-agent"], (connector, sent)
        assert body is None or json.loads(about["body"]) == body
        name, _, value = header.partition(": ")
        assert not header or sent[name] == value, (connector, sent)


def test_a_connector_that_is_a_remote_server_has_no_proxy(there):
    """Its tools are all that it has: what would be sent there is not its API."""
    server, _ = there
    listed = server.api("GET", "/api/v1/providers?page_size=1000")["providers"]
    remote = next(one["identifier"] for one in listed if one.get("is_custom_mcp") or one["identifier"].endswith("MCP"))
    server.elsewhere.cli("connection", "create", remote.lower(), "--name", "REMOTE")
    token = server.token_of(server.proxied["SCALEKIT_CLIENT_ID"], server.proxied["SCALEKIT_CLIENT_SECRET"])
    account = {"connector": "REMOTE", "identifier": "ann", "connected_account": {}}
    server.api("POST", "/api/v1/connected_accounts", account, token)
    whose = [("connection_name", "REMOTE"), ("identifier", "ann")]
    status, text = server.answer("GET", "/proxy/x", token=token, headers=whose)
    assert status == 403 and "proxy not enabled for provider" in text, text
