"""Session tokens and the static MCP URLs that they open: made by the official SDK and over REST, used by the official
clients of both generations, and ended."""

import base64
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import scripts
from kit.connected import connected
from kit.mcp import Wire
from kit.places import SCRIPTS, python
from kit.replicas import within_a_second
from kit.server import clean_environment
from kit.walker import Walker

pytestmark = pytest.mark.waits

USER = "session-ann"
CONFIG = "session-server"
WRONG = 'Bearer error="invalid_token", error_description="the token does not open this URL (any more)"'
CLIENTS = {"mcp1": "seed", "mcp2": "mcp2", "langchain_tools": "seed"}


class Held(Wire):
    """A static URL, spoken to with a token."""

    def __init__(self, url, bearer):
        super().__init__(url)
        self.bearer = bearer

    def raw(self, method="POST", body=b"", headers=None, path=None):
        own = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        return super().raw(method, body, {**own, **(headers or {})}, path)

    def refused(self):
        answer = self.legacy("tools/list")
        return answer.status == 401 and answer.body == b"" and answer.headers["www-authenticate"] == WRONG


@pytest.fixture(scope="module")
def ours(demo):
    """A user who has signed in to both connections, and the config of a server for everyone."""
    connected(demo, USER, "session-ready")
    mapping = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails", "gmail_send_message"]}]
    made = demo.api("POST", "/api/v1/mcp/configs", {"name": CONFIG, "connection_tool_mappings": mapping})
    return made["config"]


def tokens(demo, *asked):
    return scripts.run("session_tokens.py", asked=list(asked), env=demo.sdk_env())


def token(demo, **asked):
    (made,) = tokens(demo, {"identifier": USER, **asked})
    assert "token" in made, made
    return made["token"]


def claims(jwt):
    part = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def url_of(demo, connection):
    (found,) = [one for one in demo.api("GET", "/api/v1/connections/app")["connections"] if one["key_id"] == connection]
    return found["mcp_server_url"]


def test_the_documented_story_of_a_static_server(fresh):
    server = fresh()
    server.start()
    env = server.sdk_env()
    seen = scripts.run("session_story.py", "prepare", "ann", "everyones", env=env)
    (before,), (linked,) = seen["before"], seen["with_links"]
    assert not before["connected_account_id"] and before["connected_account_status"] == "PENDING_AUTH"
    assert not before["authentication_link"] and linked["connected_account_id"].startswith("ca_")
    early = tokens(server, {"mcp_config_id": config_id(server, "everyones"), "identifier": "ann"})
    assert early[0]["class"] == "ScalekitBadRequestException" and "MY_GMAIL" in early[0]["text"]
    Walker().connect(linked["authentication_link"], 1)
    seen = scripts.run("session_story.py", "run", "ann", "everyones", env=env)
    assert seen["tools"] == ["gmail_fetch_mails", "gmail_send_message"]
    assert seen["only_reading"] == ["gmail_fetch_mails"]
    assert seen["status"] == "success" and len(json.loads(seen["text"])["messages"]) == 1
    assert 590 < seen["seconds_left"] <= 600
    again = scripts.run("session_story.py", "prepare", "ann", "everyones", env=env)
    assert [state["connected_account_status"] for state in again["before"]] == ["ACTIVE"]


def config_id(server, name):
    (config,) = server.api("GET", f"/api/v1/mcp/configs?filter.name={name}")["configs"]
    return config["id"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("form", ["config", "connection"])
def test_official_clients_at_both_urls(demo, ours, client, form):
    if form == "config":
        url, held = ours["mcp_server_url"], token(demo, mcp_config_id=ours["id"])
    else:
        # key_id is found ignoring case; the URL is the connection's own.
        url, held = url_of(demo, "MY_GMAIL"), token(demo, connection_name="my_gmail")
    command = [str(python(CLIENTS[client])), str(SCRIPTS / f"{client}.py"), url]
    calls = json.dumps([["gmail_fetch_mails", {"query": "subject:invoice", "max_results": 1}]])
    done = subprocess.run([*command, calls, held], capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    seen = json.loads(done.stdout)
    assert seen["tools"] == Held(url, held).tools()
    assert (seen["tools"] == ["gmail_fetch_mails", "gmail_send_message"]) == (form == "config")
    assert [mail["subject"] for mail in json.loads(seen["calls"][0]["text"])["messages"]] == ["Invoice 2026-118"]
    without = subprocess.run([*command, calls], capture_output=True, text=True, timeout=120, env=clean_environment())
    # The 2.x client tells its caller no status.
    assert without.returncode != 0
    assert "401" in without.stderr or "Server returned an error response" in without.stderr


def test_what_a_token_says(demo, ours):
    by_config, by_connection = (
        claims(token(demo, mcp_config_id=ours["id"], expiry=120)), claims(token(demo, connection_name="MY_GMAIL")),
    )
    assert by_config["aud"] == ours["mcp_server_url"] and by_connection["aud"] == url_of(demo, "MY_GMAIL")
    assert by_config["mcp_cfg"] == ours["id"] and "conn_id" not in by_config
    assert by_connection["conn_id"].startswith("conn_") and "mcp_cfg" not in by_connection
    assert by_config["exp"] - by_config["iat"] == 120 and by_connection["exp"] - by_connection["iat"] == 3600
    for said in (by_config, by_connection):
        assert said["sub"] == USER and [one[:3] for one in said["ca_ids"]] == ["ca_"]
        assert said["iss"] == demo.url and said["token_type"] == "mcp_session"


@pytest.mark.parametrize(("asked", "raised"), [
    ({"connection_name": "MY_GMAIL", "expiry": 59}, "ScalekitBadRequestException"),
    ({"connection_name": "MY_GMAIL", "expiry": 24 * 3600 + 1}, "ScalekitBadRequestException"),
    ({"connection_name": "MY_GMAIL", "access_level": "read_only"}, "ScalekitBadRequestException"),
    ({"connection_name": "MY_GMAIL", "identifier": "x" * 256}, "ScalekitBadRequestException"),
    ({"connection_name": "MY_GMAIL", "identifier": "nobody-at-all"}, "ScalekitBadRequestException"),
    ({"connection_name": "MY_GMIAL"}, "ScalekitNotFoundException"),
    ({"mcp_config_id": "cfg_none"}, "ScalekitNotFoundException"),
])
def test_what_the_sdk_raises(demo, ours, asked, raised):
    (refused,) = tokens(demo, {"identifier": USER, **asked})
    assert refused["class"] == raised, refused


def test_rest_has_both_paths_and_words_of_its_own(demo, ours):
    for path in (f"/api/v1/mcp/configs/{ours['id']}/tokens", "/api/v1/mcp/connections/my_gmail/tokens"):
        made = demo.api("POST", path, {"identifier": USER, "expiry": "60s", "access_level": "READ_ONLY"})
        said = claims(made["token"])
        assert said["access_level"] == "READ_ONLY" and said["exp"] - said["iat"] == 60
        refused = demo.api("POST", path, {"identifier": USER, "expiry": "-60s"}, expect=400)
        assert "expiry" in json.dumps(refused)
        demo.api("POST", path, {"identifier": USER, "mcp_config_id": "x", "key_id": "y"}, expect=400)


def test_attack_26_and_28_no_token_opens_another_door(demo, ours):
    by_config, by_connection = token(demo, mcp_config_id=ours["id"]), token(demo, connection_name="MY_GMAIL")
    static, of_connection = ours["mcp_server_url"], url_of(demo, "MY_GMAIL")
    client = demo.token()
    for url, bearer in [
        (static, by_connection), (of_connection, by_config), (static, client), (of_connection, client),
        (of_connection.replace("MY_GMAIL", "my_gmail"), by_connection),
        (url_of(demo, "MY_CALENDAR"), by_connection), (static.upper().replace("HTTP://LOCALHOST", "http://localhost"), ""),
    ]:
        assert Held(url, bearer).legacy("tools/list").status in (401, 404), url
    assert Held(static, by_connection).refused() and Held(static, client).refused()
    assert Held(f"{static}?access_token={by_config}", None).legacy("tools/list").status == 401
    assert Held(static, None).legacy("tools/list").headers["www-authenticate"] == "Bearer"
    # Nor is it a client's token, or an instance's.
    for path in ("/api/v1/mcp/configs", "/api/v1/connected_accounts"):
        demo.api("GET", path, token=by_config, expect=401)
    assert Held(f"{demo.url}/mcp/v1", by_config).legacy("tools/list").status == 401
    for method in ("GET", "DELETE"):
        assert Held(static, by_config).raw(method).status == 405


def test_attack_1_and_2_a_token_is_of_its_user_and_environment(demo, ours):
    held = Held(ours["mcp_server_url"], token(demo, mcp_config_id=ours["id"]))
    elsewhere = {"identifier": "somebody-else", "X-Identifier": "somebody-else"}
    answer = held.legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 1}}, headers=elsewhere)
    assert not answer.said[0]
    named = held.legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"identifier": "somebody-else"}})
    assert named.said[0] and "identifier" in named.said[1]
    demo.cli("environment", "create", "session-theirs")
    (made,) = demo.cli_json("client", "--environment", "session-theirs", "create", "theirs")
    stranger = demo.token_of(made["client_id"], made["client_secret"])
    for path in (f"/api/v1/mcp/configs/{ours['id']}/tokens", "/api/v1/mcp/connections/MY_GMAIL/tokens"):
        demo.api("POST", path, {"identifier": USER}, token=stranger, expect=404)


def test_attack_3_two_users_at_one_url_are_answered_each_with_their_own(demo, ours):
    """The same URL, in turns and at once: whose account is read and which tools there are hangs on the token alone."""
    other = "session-bob"
    connected(demo, other, "session-ready", account=2)
    url, both = ours["mcp_server_url"], {}
    for user, access in ((USER, "READ_ONLY"), (other, "FULL")):
        asked = {"identifier": user, "mcp_config_id": ours["id"], "access_level": access}
        both[user] = Held(url, token(demo, **asked))
    subject = {}
    for user in both:
        (account,) = [
            one for one in demo.cli_json("account", "list", "--identifier", user) if one["connection"] == "MY_GMAIL"
        ]
        subject[user] = account["subject"]
    assert subject[USER] != subject[other]

    def look(user):
        listed = both[user].legacy("tools/list")
        read = both[user].legacy("tools/call", {"name": "gmail_fetch_mails", "arguments": {"max_results": 5}})
        assert "no-store" in listed.headers["cache-control"] and "no-store" in read.headers["cache-control"]
        names = [tool["name"] for tool in listed.result["tools"]]
        return names, sorted(message["id"] for message in json.loads(read.said[1])["messages"])

    alone = {user: look(user) for user in both}
    assert alone[USER][0] == ["gmail_fetch_mails"] and alone[other][0] == ["gmail_fetch_mails", "gmail_send_message"]
    assert not set(alone[USER][1]) & set(alone[other][1]), "mailboxes of their own"
    with ThreadPoolExecutor(8) as at_once:
        users = [USER, other] * 12
        assert list(at_once.map(look, users)) == [alone[user] for user in users]


def test_attack_10_the_inner_calls_of_a_tool_are_the_callers_own(demo, ours):
    """A reply looks its thread up before it writes: another user's thread is none, and nothing is written."""
    mapping = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails", "gmail_reply_to_thread"]}]
    made = demo.api("POST", "/api/v1/mcp/configs", {"name": "session-inner", "connection_tool_mappings": mapping})["config"]
    connected(demo, "session-bob", "session-ready", account=2)
    asked = {"mcp_config_id": made["id"]}
    ann, bob = (Held(made["mcp_server_url"], token(demo, identifier=user, **asked)) for user in (USER, "session-bob"))
    threads = [one["threadId"] for one in bob.done("gmail_fetch_mails", max_results=5)["messages"]]
    own = {one["threadId"] for one in ann.done("gmail_fetch_mails", max_results=50)["messages"]}
    foreign = next(one for one in threads if one not in own)
    sent = demo.control("GET", "/mail")["sent"]
    reply = {"thread_id": foreign, "to": "ada@example.com", "body": "hello"}
    failed, words = ann.call("gmail_reply_to_thread", **reply)
    assert failed and "not found" in words.lower(), words
    assert demo.control("GET", "/mail")["sent"] == sent
    assert bob.done("gmail_reply_to_thread", **reply), "who has it may"


def test_a_tool_taken_away_stays_for_a_token_made_before_and_revocation_ends_it(demo, ours):
    mapping = [{"connection_name": "MY_GMAIL", "tools": ["gmail_fetch_mails", "gmail_send_message"]}]
    config = demo.api("POST", "/api/v1/mcp/configs", {"name": "session-pinned", "connection_tool_mappings": mapping})
    config = config["config"]
    before = Held(config["mcp_server_url"], token(demo, mcp_config_id=config["id"]))
    mapping[0]["tools"] = ["gmail_fetch_mails"]
    demo.api("PUT", f"/api/v1/mcp/configs/{config['id']}", {"connection_tool_mappings": mapping})
    after = Held(config["mcp_server_url"], token(demo, mcp_config_id=config["id"]))
    assert before.tools() == ["gmail_fetch_mails", "gmail_send_message"] and after.tools() == ["gmail_fetch_mails"]
    demo.cli("session", "end", USER)
    assert before.refused() and after.refused()
    again = Held(config["mcp_server_url"], token(demo, mcp_config_id=config["id"]))
    assert again.tools() == ["gmail_fetch_mails"]
    demo.api("DELETE", f"/api/v1/mcp/configs/{config['id']}")
    assert again.refused()


def test_the_operator_tries_a_server_and_ends_everyones_sessions(demo, ours):
    (made,) = demo.cli_json("session", "create", USER, "--config", CONFIG, "--read-only")
    held = Held(made["url"], made["token"])
    assert made["url"] == ours["mcp_server_url"] and held.tools() == ["gmail_fetch_mails"]
    assert demo.cli("session", "create", USER, check=False).returncode != 0
    demo.cli("session", "end", "--everyone")
    assert held.refused()
    lines = demo.cli("logs", "--json", "list").stdout
    assert "session.created" in lines and "session.ended" in lines and made["token"] not in lines


def test_a_clients_tokens_end_with_it_and_a_switched_off_connection_opens_nothing(fresh):
    server = fresh()
    server.start()
    wire = connected(server, "ann", "own")
    (secret,) = server.cli_json("client", "create", "app")
    app = server.token_of(secret["client_id"], secret["client_secret"])
    made = server.api("POST", "/api/v1/mcp/connections/MY_GMAIL/tokens", {"identifier": "ann"}, token=app)
    url = url_of(server, "MY_GMAIL")
    held = Held(url, made["token"])
    assert held.tools()
    server.cli("client", "expire", secret["client_id"])
    assert held.refused()
    held = Held(url, token(server, identifier="ann", connection_name="MY_GMAIL"))
    other = Held(url, token(server, identifier="ann", connection_name="MY_GMAIL"))
    (gmail,) = [one for one in server.api("GET", "/api/v1/connections/app")["connections"] if one["key_id"] == "MY_GMAIL"]
    server.api("PATCH", f"/api/v1/connections/{gmail['id']}:disable")
    assert held.refused()
    assert "switched off" in json.dumps(server.api(
        "POST", "/api/v1/mcp/connections/MY_GMAIL/tokens", {"identifier": "ann"}, expect=404))
    server.api("PATCH", f"/api/v1/connections/{gmail['id']}:enable")
    assert held.tools() and wire.tools()
    server.cli("key", "rotate", "data", "--purpose", "url")
    assert held.refused() and other.refused()


def test_attack_34_what_is_ended_at_one_server_is_ended_at_the_other(replicas):
    replicas.practice.consent("session-two")
    (config,) = replicas.one.api("GET", "/api/v1/mcp/configs?filter.name=practice")["configs"]
    made = replicas.one.api("POST", f"/api/v1/mcp/configs/{config['id']}/tokens", {"identifier": "session-two"})
    both = [Held(replicas.at(server, config["mcp_server_url"]), made["token"]) for server in replicas.both]
    for held in both:
        assert held.tools()
    replicas.one.cli("session", "end", "session-two")
    assert both[0].refused()
    within_a_second(both[1].refused)


def test_a_token_ends_by_itself(demo, ours):
    held = Held(ours["mcp_server_url"], token(demo, mcp_config_id=ours["id"], expiry=60))
    assert held.tools()
    end = claims(held.bearer)["exp"]
    while time.time() < end:
        time.sleep(0.5)
    assert held.refused()
