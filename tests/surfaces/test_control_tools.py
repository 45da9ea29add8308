"""The control plane as an MCP server: a coding agent with an API client's token sets up an empty environment, through
clients that nobody here wrote."""

import json
import shlex
import subprocess

import pytest

from kit.connected import attempt
from kit.mcp import MODERN, Wire, request
from kit.places import NODE, NODE_MODULES, SCRIPTS, python
from kit.server import clean_environment
from kit.walker import Walker

SECRET = "agents-own-oauth-secret-5f2c"
CLIENT = "agents-own-client"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A demo of its own that logs all it can: it is searched for secrets at the end."""
    from kit.server import Server

    running = Server(tmp_path_factory.mktemp("control") / "data", flags=["-vv"]).start()
    yield running
    running.stop()


def made(server, environment, *flags):
    """A client in an environment of its own, which is empty, and its token."""
    server.cli("environment", "create", environment)
    client = server.cli_json("client", "create", "agent", "--environment", environment, *flags)[0]
    return client["client_id"], server.token_of(client["client_id"], client["client_secret"])


@pytest.fixture(scope="module")
def token(server):
    return made(server, "agents")[1]


class Control(Wire):
    """The control plane's tools, by hand."""

    def __init__(self, server, token):
        super().__init__(f"{server.url}/mcp")
        self.own = {"Authorization": f"Bearer {token}"} if token else {}

    def raw(self, method="POST", body=b"", headers=None, path=None):
        return super().raw(method, body, {**self.own, **(headers or {})}, path)


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def plan(server):
    lab = server.lab_url
    return [
        ["gmail", "list_providers", {"identifier": "GMAIL"}],
        ["made", "create_connection", {"provider_key": "$gmail/providers/0/identifier", "key_id": "AGENTS_GMAIL"}],
        ["set", "update_connection", {
            "connection_id": "$made/connection/id", "provider_key": "GMAIL", "client_id": CLIENT, "client_secret": SECRET,
            "authorize_uri": f"{lab}/o/oauth2/v2/auth", "token_uri": f"{lab}/token", "user_info_uri": f"{lab}/v1/userinfo",
        }],
        ["ready", "list_connections", {"query": "AGENTS"}],
        ["found", "search_tools", {"query": "fetch mails from gmail", "top_k": 3}],
        ["config", "create_mcp_config", {
            "name": "agents-own",
            "connection_tool_mappings": [{"connection_name": "AGENTS_GMAIL", "tools": ["gmail_fetch_mails"]}],
        }],
        ["instance", "ensure_mcp_instance", {"config_name": "$config/config/name", "user_identifier": "first-user"}],
        ["links", "get_mcp_instance_auth_state", {"instance_id": "$instance/instance/id", "include_auth_links": True}],
        ["link", "create_link", {"connector": "AGENTS_GMAIL", "identifier": "second-user"}],
    ]


def test_from_an_empty_environment_an_agent_sets_up_a_first_users_link(server, token):
    seen = run(python("mcp2"), SCRIPTS / "control_agent.py", f"{server.url}/mcp", token, json.dumps(plan(server)))
    assert seen["ready"]["connections"][0]["status"] == "COMPLETED"
    assert "gmail_fetch_mails" in json.dumps(seen["found"])
    assert seen["link"]["link"].startswith(f"{server.url}/connect/")
    oauth = seen["set"]["connection"]["oauth_config"]
    client = {"id": CLIENT, "secret": SECRET, "redirect_uris": [oauth["redirect_uri"]]}
    server.control("POST", "/clients", client, expect=None)
    (state,) = seen["links"]["connections"]
    Walker().connect(state["authentication_link"])
    control = Control(server, token)
    state = control.done("get_mcp_instance_auth_state", instance_id=seen["instance"]["instance"]["id"])
    assert [one["connected_account_status"] for one in state["connections"]] == ["ACTIVE"]
    assert Wire(seen["instance"]["instance"]["url"]).tools() == ["gmail_fetch_mails"]
    # The secret that the agent gave is in no answer, no log, and not in the database as it is.
    assert SECRET not in json.dumps(seen)
    assert "list_connections" in server.words() or "/mcp" in server.words()
    assert SECRET not in server.words()
    for file in server.data.iterdir():
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
    # What it did is in the journal as that client's.
    actions = {line["action"]: line["actor"] for line in server.cli_json("logs", "list", "--environment", "agents")}
    assert actions["connection.created"].startswith("client:skc_")


@pytest.mark.parametrize("client", ["mcp1", "mcp2", "langchain_tools"])
def test_clients_list_and_call_in_their_own_words(server, token, client):
    calls = [["list_mcp_configs", {}], ["get_mcp_config", {"config_id": "cfg_none"}]]
    environment = {"mcp2": "mcp2"}.get(client, "seed")
    seen = run(python(environment), SCRIPTS / f"{client}.py", f"{server.url}/mcp", json.dumps(calls), token)
    assert {"create_connection", "create_mcp_config", "ensure_mcp_instance", "create_link"} < set(seen["tools"])
    good, bad = seen["calls"]
    assert "configs" in json.loads(good["text"]) and bad["is_error"] and "cfg_none" in bad["text"]
    if client != "langchain_tools":
        assert "create_connection" in seen["instructions"]


def test_the_inspector_finds_no_fault_with_the_tools(server, token):
    inspector = NODE_MODULES / ".bin" / "mcp-inspector"
    command = [NODE, inspector, "--cli", f"{server.url}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {token}"]
    listed = run(*command, "--method", "tools/list", "--strict")["tools"]
    assert {tool["name"] for tool in listed} == set(Control(server, token).tools())
    called = run(*command, "--method", "tools/call", "--tool-name", "list_connections", "--tool-arg", "page_size=5")
    assert "connections" in json.loads(called["content"][0]["text"])


def test_what_is_printed_for_claude_code_lets_it_in(server):
    (line,) = [line for line in server.words().splitlines() if "claude mcp add-json" in line]
    *_, name, added = shlex.split(line)
    added = json.loads(added)
    assert (name, added["type"], added["url"]) == ("valetkey", "http", f"{server.url}/mcp")
    helped = subprocess.run(added["headersHelper"], shell=True, capture_output=True, text=True, env=server.env, timeout=30)
    assert helped.returncode == 0, helped.stderr
    # The helper is asked at every connection, so it must not use up the secrets of shells.
    before = server.token()
    for _ in range(4):
        headers = json.loads(subprocess.check_output(added["headersHelper"], shell=True, text=True, env=server.env))
    control = Control(server, headers["Authorization"].removeprefix("Bearer "))
    assert control.done("list_connections")["connections"]
    assert Control(server, before).done("list_connections")["connections"]
    told = server.cli_json("logs", "list")
    assert any(line["action"] == "client.token_issued" for line in told)


def test_both_eras_and_errors_as_everywhere(server, token):
    control = Control(server, token)
    opened = control.legacy("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}})
    assert opened.result["protocolVersion"] == "2025-06-18"
    assert MODERN in control.modern("server/discover").result["supportedVersions"]
    listed = control.modern("tools/list").result
    assert (listed["resultType"], listed["cacheScope"]) == ("complete", "private")
    for tool in listed["tools"]:
        assert "additionalProperties" not in tool["inputSchema"] and len(tool["annotations"]) == 4
    unknown = control.modern("tools/call", {"name": "create_conection", "arguments": {}})
    assert (unknown.status, unknown.code) == (400, -32602) and "create_connection" in unknown.json["error"]["message"]
    assert "did you mean 'page_size'?" in control.refused("list_mcp_configs", pagesize=1)
    assert "config.name" in control.refused("create_mcp_config", name="No Good", connection_tool_mappings=[])
    assert control.raw("GET").status == 405


def test_attack_only_a_clients_own_token_opens_it(server, token):
    instance = server.instance("control-user")
    for wrong in ["nonsense", instance["url"].rsplit("/", 1)[1], token[:-2] + "AA", "x" * 9000]:
        answer = Control(server, wrong).legacy("tools/list")
        assert (answer.status, answer.body) == (401, b""), wrong
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith('Bearer error="invalid_token"') and "resource_metadata" not in challenge
    nobody = Control(server, None)
    assert nobody.legacy("tools/list").headers["www-authenticate"] == "Bearer"
    assert nobody.post(request("tools/list"), path=f"/mcp?access_token={token}").status == 401
    # The other way round: an API client's token is no user's server.
    assert Control(server, token).post(request("tools/list"), path="/mcp/v1").status == 401
    assert Control(server, token).post(request("tools/list"), {"Origin": "https://evil.test"}).status == 403
    gone, theirs = made(server, "leaving")
    assert Control(server, theirs).legacy("tools/list").status == 200
    server.cli("client", "delete", gone, "--environment", "leaving")
    assert Control(server, theirs).legacy("tools/list").status == 401


def test_attack_another_environments_agent_finds_nothing(server, token):
    ours = Control(server, token)
    config = ours.done("create_mcp_config", name="ours", connection_tool_mappings=[])["config"]["id"]
    instance = ours.done("ensure_mcp_instance", config_name="ours", user_identifier="u")["instance"]["id"]
    theirs = Control(server, made(server, "strangers")[1])
    for listing in ("list_mcp_configs", "list_mcp_instances", "list_connections", "list_accounts", "list_tool_call_logs"):
        answer = theirs.done(listing)
        assert [rows for rows in answer.values() if isinstance(rows, list)] == [[]], answer
    for tool, arguments in [("get_mcp_config", {"config_id": config}), ("get_mcp_instance", {"instance_id": instance}),
                            ("delete_mcp_config", {"config_id": config}), ("delete_mcp_instance", {"instance_id": instance})]:
        assert "not found" in theirs.refused(tool, **arguments)
    assert ours.done("get_mcp_config", config_id=config)


def test_attack_a_client_without_the_right_to_tokens_moves_no_endpoint(server):
    control = Control(server, made(server, "frugal", "--no-secrets")[1])
    connection = control.done("create_connection", provider_key="GMAIL", key_id="MAIL")["connection"]["id"]
    words = control.refused("update_connection", connection_id=connection, provider_key="GMAIL", token_uri="https://evil.test/token")
    assert "accounts:secrets" in words
    assert not [tool for tool in control.tools() if "auth" in tool and tool != "get_mcp_instance_auth_state"]


def test_a_call_whose_arguments_are_large_is_bounded(server, token):
    control = Control(server, token)
    assert attempt(control, "list_mcp_configs", search="x" * 5_000_000).startswith("413")
