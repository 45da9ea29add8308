"""The wire contract, with both official SDKs over real TLS and with recorded bytes."""

import json
import socket
import ssl
import subprocess

import pytest

from kit import node, scripts
from kit.connected import connected
from kit.places import BINARY, NODE, NODE_MODULES, REPOSITORY

# Requests of the Python SDK 2.21.0 as they were captured: whole gRPC frames.
NAME_ONLY = "00000000180a161214656d61696c2d63616c656e6461722d6167656e74"
WITH_MAPPINGS = (
    "000000004c0a4a1214656d61696c2d63616c656e6461722d6167656e741a0464656d6f221a1205676d61696c2211676d61696c5f6665746368"
    "5f6d61696c732210120e676f6f676c6563616c656e646172"
)
ENSURE = "00000000201214656d61696c2d63616c656e6461722d6167656e741a08757365725f313233"
ENSURE_NAMED = "00000000240a026e311214656d61696c2d63616c656e6461722d6167656e741a08757365725f313233"
UNKNOWN_WITH_LINKS = "000000001a0a16696e73745f3838363330383634353434373930393737" + "1001"


@pytest.fixture(scope="module")
def seen(demo):
    """What tests/scripts/contract.py saw, as a client of its own."""
    made = demo.cli_json("client", "create", "contract")[0]
    env = {
        **demo.sdk_env(), "SCALEKIT_CLIENT_ID": made["client_id"], "SCALEKIT_CLIENT_SECRET": made["client_secret"],
    }
    return scripts.run("contract.py", str(BINARY), str(demo.data), env=env)


@pytest.mark.parametrize(
    ("case", "kind", "http", "code"),
    [
        ("unknown", "ScalekitNotFoundException", 404, "RESOURCE_NOT_FOUND"),
        ("invalid", "ScalekitBadRequestException", 400, "INVALID_ARGUMENT"),
        ("unimplemented", "ScalekitNotImplementedException", 501, "UNIMPLEMENTED"),
        ("no_account", "ScalekitNotFoundException", 404, "RESOURCE_NOT_FOUND"),
        ("no_connection", "ScalekitNotFoundException", 404, "RESOURCE_NOT_FOUND"),
        ("wrong_secret", "ScalekitUnauthorizedException", 401, None),
        ("wrong_client", "ScalekitUnauthorizedException", 401, None),
    ],
)
def test_each_refusal_becomes_the_sdks_own_exception(seen, case, kind, http, code):
    raised = seen[case]
    assert (raised["class"], raised["http"]) == (kind, http), raised
    assert code is None or raised["code"] == code


def test_a_token_that_died_costs_one_refresh_and_no_error(seen):
    assert seen["tokens_after_construction"] == 1
    assert seen["after_the_token_died"] is None
    assert seen["tokens_for_that"] == 1


def test_a_stale_second_authorization_value_is_passed_over(seen):
    assert seen["with_a_stale_second_value"] is None
    assert seen["tokens_then"] == 1
    assert seen["made"] == ["contract-user", "PENDING_AUTH"]
    assert "/connect/" in seen["link"]


LATE = ("ScalekitGatewayTimeoutException", None)
HELD = {"seed": None, "oldest": None, "@scalekit-sdk/node": "node", "scalekit-node-oldest": "node"}


@pytest.mark.parametrize("sdk", HELD)
def test_a_token_that_ends_under_a_write_costs_one_more_and_the_write_is_made_once(demo, sdk):
    """And the other classes that the SDKs have for what is no tool's: too much, too late, no client any more."""
    user = f"held-{sdk}".replace("@", "").replace("/", "-")
    connected(demo, user, config="held", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])
    path = f"/api/v1/connected_accounts/details?connector=MY_GMAIL&identifier={user}"
    account = demo.api("GET", path)["connected_account"]["id"]
    made = demo.cli_json("client", "create", user)[0]
    env = {
        **demo.sdk_env(), "SCALEKIT_CLIENT_ID": made["client_id"], "SCALEKIT_CLIENT_SECRET": made["client_secret"],
    }
    sent = len(demo.control("GET", "/mail")["sent"])
    arguments = (str(BINARY), str(demo.data), account)
    if HELD[sdk]:
        seen = node.run("held_token.mjs", sdk, *arguments, env=env)
    else:
        seen = scripts.run("held_token.py", *arguments, env=env, environment=sdk)
    assert seen["ended"]["class"] is None and seen["ended"]["execution"].startswith("exec_"), seen
    assert len(demo.control("GET", "/mail")["sent"]) == sent + 1
    assert HELD[sdk] or seen["ended"]["tokens"] == 1
    raised = {name: (one["class"], one.get("code")) for name, one in seen.items() if one["class"]}
    assert raised["too_long"] == ("ScalekitTooManyRequestsException", "RATE_LIMITED"), seen
    assert ("too_late" in raised) == ("oldest" not in sdk)
    assert raised.get("too_late", LATE)[0] == LATE[0], seen
    # Node's hands on what its HTTP client says of the token that it can't get.
    assert raised["removed"][0] == ("AxiosError" if HELD[sdk] else "ScalekitUnauthorizedException"), seen


@pytest.fixture(scope="module")
def frames(demo):
    ca = demo.sdk_env()["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]

    def send(*calls):
        shaped = [dict(zip(("method", "frame", "answer", "tokens"), call)) for call in calls]
        asked = {"target": f"localhost:{demo.tls}", "ca": ca, "calls": shaped}
        return scripts.run("frames.py", asked=asked, env=demo.sdk_env())

    return send


def framed(message):
    return (b"\0" + len(message).to_bytes(4, "big") + message).hex()


def test_the_seeds_recorded_bytes_are_understood_field_by_field(demo, frames):
    token = [demo.token()]
    made, again, first, named, unknown = frames(
        ("CreateMcpConfig", WITH_MAPPINGS, "CreateMcpConfigResponse", token),
        ("CreateMcpConfig", NAME_ONLY, "CreateMcpConfigResponse", token),
        ("EnsureMcpInstance", ENSURE, "EnsureMcpInstanceResponse", token),
        ("EnsureMcpInstance", ENSURE_NAMED, "EnsureMcpInstanceResponse", token),
        ("GetMcpInstanceAuthState", UNKNOWN_WITH_LINKS, "GetMcpInstanceAuthStateResponse", token),
    )
    config = made["message"]["config"]
    assert (config["name"], config["description"]) == ("email-calendar-agent", "demo")
    mappings = [(m["connection_name"], m["provider"], m.get("tools", [])) for m in config["connection_tool_mappings"]]
    assert mappings == [("gmail", "GMAIL", ["gmail_fetch_mails"]), ("googlecalendar", "GOOGLECALENDAR", [])]
    assert again["code"] == 6 and config["id"] in again["text"]
    instance = first["message"]["instance"]
    assert instance["user_identifier"] == "user_123" and instance["config"]["id"] == config["id"]
    assert instance["url"].startswith(f"{demo.url}/mcp/v1/")
    assert named["message"]["instance"]["name"] == "n1" and named["message"]["instance"]["id"] != instance["id"]
    assert unknown["code"] == 5 and unknown["details"]

    about = b"\x0a" + bytes([len(instance["id"])]) + instance["id"].encode()
    with_links, without = frames(
        ("GetMcpInstanceAuthState", framed(about + b"\x10\x01"), "GetMcpInstanceAuthStateResponse", token),
        ("GetMcpInstanceAuthState", framed(about), "GetMcpInstanceAuthStateResponse", token),
    )
    linked = with_links["message"]["connections"]
    assert [c["connection_name"] for c in linked] == ["gmail", "googlecalendar"]
    assert all(c["authentication_link"] and c["connected_account_status"] == "PENDING_AUTH" for c in linked)
    assert not any(c.get("authentication_link") for c in without["message"]["connections"])


def test_the_first_authorization_value_decides(demo, frames):
    good = demo.token()
    listing = ("ListMcpConfigs", framed(b""), "ListMcpConfigsResponse")
    first, second, none = frames((*listing, [good, "stale"]), (*listing, ["stale", good]), (*listing, []))
    assert (first["code"], second["code"], none["code"]) == (0, 16, 16)


def test_the_node_sdk_over_tls(demo):
    linked = NODE_MODULES.parent / "sdk.mjs"
    linked.write_text((REPOSITORY / "tests" / "node" / "sdk.mjs").read_text())
    done = subprocess.run(
        [str(NODE), str(linked), "node-user"], env=demo.sdk_env(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert ["MY_GMAIL", "GMAIL"] in seen["connections"]
    assert seen["account"] == ["node-user", 3]
    assert seen["link"].startswith(f"{demo.url}/connect/")
    assert seen["unknown"]["class"] == "ScalekitNotFoundException"
    assert seen["wrongSecret"]["status"] == 401


@pytest.mark.parametrize(("offer", "chosen"), [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), ([], None)])
def test_one_tls_port_speaks_what_the_client_offers(demo, offer, chosen):
    context = ssl.create_default_context(cafile=demo.sdk_env()["SSL_CERT_FILE"])
    if offer:
        context.set_alpn_protocols(offer)
    with socket.create_connection(("localhost", demo.tls)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            assert secure.selected_alpn_protocol() == chosen
            if chosen != "h2":
                secure.sendall(b"GET /keys HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % demo.tls)
                assert secure.recv(64).startswith(b"HTTP/1.1 200")


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ("grant_type=client_credentials&client_id=skc_1&client_secret=x", 401, "invalid_client"),
        ("grant_type=password&client_id=skc_1&client_secret=x", 400, "unsupported_grant_type"),
        ("client_id=skc_1&client_secret=x", 400, "invalid_request"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("", 400, "invalid_request"),
    ],
)
def test_the_token_endpoint_refuses_by_rfc_6749(demo, form, status, error):
    got, text = demo.answer("POST", "/oauth/token", form.encode(), headers=FORM)
    assert (got, json.loads(text)["error"]) == (status, error), text
    assert json.loads(text)["error_description"]


def test_a_doubled_slash_before_the_token_endpoint_is_forgiven(demo):
    env = demo.sdk_env()
    form = (
        f"grant_type=client_credentials&client_id={env['SCALEKIT_CLIENT_ID']}"
        f"&client_secret={env['SCALEKIT_CLIENT_SECRET']}"
    )
    for path in ("/oauth/token", "//oauth/token"):
        status, text = demo.answer("POST", path, form.encode(), token="left-over-from-before", headers=FORM)
        answer = json.loads(text)
        assert status == 200 and answer["token_type"] == "Bearer" and answer["expires_in"] > 86000, text


def test_rest_answers_in_snake_case_and_takes_both(demo):
    token = demo.token()
    for name, mapping in [
        ("rest-snake", {"connection_tool_mappings": [{"connection_name": "gmail", "tools": ["gmail_fetch_mails"]}]}),
        ("rest-camel", {"connectionToolMappings": [{"connectionName": "gmail", "tools": ["gmail_fetch_mails"]}]}),
    ]:
        config = demo.api("POST", "/api/v1/mcp/configs", {"name": name, **mapping}, token)["config"]
        assert config["connection_tool_mappings"][0]["connection_name"] == "gmail"
        assert config["connection_tool_mappings"][0]["tools"] == ["gmail_fetch_mails"]


@pytest.mark.parametrize(
    ("verb", "path", "body", "named"),
    [
        ("POST", "/api/v1/mcp/configs", {"name": "x", "descripton": "typo"}, ["descripton", "description"]),
        ("POST", "/api/v1/mcp/instances", {"config_name": "x", "user": "y"}, ["user"]),
        ("GET", "/api/v1/mcp/configs?filter.nam=x", None, ["filter.nam"]),
        ("POST", "/api/v1/mcp/configs", b"{not json", []),
        ("POST", "/api/v1/mcp/configs", {"name": 5}, ["name"]),
    ],
)
def test_what_rest_does_not_know_is_refused_by_name(demo, verb, path, body, named):
    status, text = demo.answer(verb, path, body, demo.token())
    answer = json.loads(text)
    assert (status, answer["code"]) == (400, 3), text
    assert not [name for name in named if name not in answer["message"]], text
    assert answer["details"][0]["@type"].endswith("scalekit.v1.errdetails.ErrorInfo")


def test_attack_46_a_tool_that_two_connections_would_expose_is_refused(demo):
    token = demo.token()
    one, other = {"connection_name": "MY_GMAIL"}, {"connection_name": "gmail", "tools": ["gmail_fetch_mails"]}
    first = {"name": "shadows", "connection_tool_mappings": [one]}
    config = demo.api("POST", "/api/v1/mcp/configs", first, token)["config"]
    shadowed = {"connection_tool_mappings": [one, other]}
    for verb, path, body in [
        ("POST", "/api/v1/mcp/configs", {"name": "shadows-too", **shadowed}),
        ("PUT", f"/api/v1/mcp/configs/{config['id']}", shadowed),
    ]:
        status, text = demo.answer(verb, path, body, token)
        assert status == 400 and all(name in text for name in ("gmail_fetch_mails", "MY_GMAIL", "'gmail'")), text
    kept = demo.api("GET", f"/api/v1/mcp/configs/{config['id']}", token=token)["config"]
    assert [mapping["connection_name"] for mapping in kept["connection_tool_mappings"]] == ["MY_GMAIL"]


def test_a_rest_path_that_is_none_is_404_in_json(demo):
    status, text = demo.answer("GET", "/api/v1/nothing", None, demo.token())
    assert status == 404 and json.loads(text)["code"] == 5, text
