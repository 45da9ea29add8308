"""Every door of the control plane, tried by a nobody and by a stranger (a client of another environment).

REST doors come from the server's own /openapi.json, gRPC doors from the descriptors in the official SDK: a door that
appears in either and is not in the tables below fails a test here.
"""

import json
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from kit import scripts
from kit.connected import connected, fetch

OPEN = {"/oauth/token", "/keys"}
# The services that AgentKit is made of; of the SDK's others the server answers that it has no such method.
OURS = {
    f"scalekit.v1.{package}.{service}"
    for package, service in [
        ("mcp", "McpService"), ("connections", "ConnectionService"), ("connected_accounts", "ConnectedAccountService"),
        ("providers", "ProviderService"), ("tools", "ToolService"), ("triggers", "TriggerService"),
        ("events", "EventsService"),
        ("agentkit_logs", "AgentkitLogsService"), ("agentkit_logs", "AgentkitAnalyticsService"),
        ("organizations", "OrganizationService"),
    ]
}
# What the SDK's service of organisations has beside them: sign-on, which this server has no such method for.
SIGN_ON = {
    "GeneratePortalLink", "DeletePortalLink", "DeletePortalLinkByID", "GetPortalLinks", "UpdateOrganizationSettings",
    "UpdateOrganizationSessionPolicy", "GetOrganizationSessionPolicy", "GetOrganizationBranding",
    "UpdateOrganizationBranding", "UpsertUserManagementSettings", "GetOrganizationUserManagementSetting",
    "GetApplicationSessionPolicy",
}
OWNER = "doors-owner"

# What a stranger sends to each method: the owner's own ids and names.
FOREIGN = {
    "CreateConnectedAccount": {"connector": "doors-only", "identifier": OWNER, "connected_account": {}},
    "UpdateConnectedAccount": {"connector": "doors-only", "identifier": OWNER, "connected_account": {}},
    "DeleteConnectedAccount": {"id": "account"},
    "DisconnectConnectedAccount": {"id": "account"},
    "GetConnectedAccount": {"id": "account"},
    "GetConnectedAccountAuth": {"connector": "doors-only", "identifier": OWNER},
    "GetConnectedAccountDetails": {"id": "account"},
    "GetMagicLinkForConnectedAccount": {"connector": "doors-only", "identifier": OWNER},
    # One that nobody was ever given; test_verify has real ones.
    "VerifyConnectedAccountUser": {"auth_request_id": "A" * 60, "identifier": OWNER},
    "DeleteEnvironmentConnection": {"connection_id": "connection"},
    "GetEnvironmentConnection": {"connection_id": "connection"},
    "UpdateEnvironmentConnection": {"connection_id": "connection", "connection": {"provider_key": "GMAIL", "type": "OAUTH"}},
    "DisableEnvironmentConnection": {"connection_id": "connection"},
    "EnableEnvironmentConnection": {"connection_id": "connection"},
    "UpdateCustomProvider": {
        "identifier": "provider", "provider": {"display_name": "taken", "proxy_url": "https://evil.test"},
    },
    "DeleteCustomProvider": {"identifier": "provider"},
    "GetOrganization": {"id": "organization"},
    "UpdateOrganization": {"id": "organization", "organization": {"display_name": "taken"}},
    "DeleteOrganization": {"id": "organization"},
    "GetOrganizationByExternalId": {"external_id": "doors-customer"},
    "DeleteMcpConfig": {"config_id": "config"},
    "GetMcpConfig": {"config_id": "config"},
    "UpdateMcpConfig": {"config_id": "config", "description": "taken"},
    "ListMcpConfigVersions": {"config_id": "config"},
    "CompareMcpConfigVersions": {"config_id": "config", "from_version": 1, "to_version": 1},
    "RollBackMcpConfig": {"config_id": "config", "version": 1},
    "ListMcpConnectedAccounts": {"config_id": "config", "identifier": OWNER, "include_auth_link": True},
    "DeleteMcpInstance": {"instance_id": "instance"},
    "GetMcpInstance": {"instance_id": "instance"},
    "UpdateMcpInstance": {"instance_id": "instance", "name": "taken"},
    "EnsureMcpInstance": {"config_name": "doors", "user_identifier": OWNER},
    "GetMcpInstanceAuthState": {"instance_id": "instance", "include_auth_links": True},
    "CreateMcpSessionToken": {"mcp_config_id": "config", "identifier": OWNER},
    "ExecuteTool": {"tool_name": "gmail_fetch_mails", "connected_account_id": "account"},
    "RefreshTools": {"connected_account_id": "account"},
    "GetToolCallLog": {"execution_id": "call"},
    "ExplainCall": {"connected_account_id": "account"},
    "ListScopedTools": {"identifier": OWNER, "filter": {"connection_names": ["doors-only"]}},
}
# Methods of this server's own, which no descriptor of an SDK has.
OWN = {"ExplainCall", "ListMcpConfigVersions", "CompareMcpConfigVersions", "RollBackMcpConfig"}
# The same methods where a path of theirs takes something else.
BY_PATH = {"/api/v1/mcp/connections/{key_id}/tokens": {"key_id": "doors-only", "identifier": OWNER}}
# Methods that list, with what they have to be told: the stranger gets an empty list.
LISTS = {
    "ListConnectedAccounts": "", "ListConnections": "", "ListAppConnections": "", "ListMcpConfigs": "", "ListMcpInstances": "",
    "ListAvailableTools": f"?identifier={OWNER}", "SearchConnectedAccounts": f"?query={OWNER}",
    "ListOrganization": "", "SearchOrganization": "?query=doors", "ListToolCallLogs": "", "ListEventsPaginated": "",
    "ListProviders": "?filter.provider_type=CUSTOM",
}
# Methods that show the catalogue, which is everybody's. Methods that make something of the stranger's own: see below.
CATALOGUE = {"ListTools": None, "SearchTools": {"query": "fetch mails", "identifier": OWNER}}
MAKES = {"CreateMcpConfig", "CreateEnvironmentConnection", "CreateOrganization", "CreateCustomProvider"}
# Methods that sum what was called.
SUMS = {"GetOverviewStats"}


@pytest.fixture(scope="module")
def stranger(demo):
    """A token of a client in a second environment."""
    demo.cli("environment", "create", "elsewhere")
    made = demo.cli_json("client", "create", "stranger", "--environment", "elsewhere")[0]
    return demo.token_of(made["client_id"], made["client_secret"])


@pytest.fixture(scope="module")
def owner(demo):
    """The ids of things in the demo's own environment."""
    connection = demo.cli_json("connection", "create", "gmail", "--name", "doors-only")[0]["id"]
    mappings = [{"connection_name": "doors-only", "tools": []}]
    instance = demo.instance(OWNER, "doors", mappings)
    token = demo.token()
    account = demo.api(
        "POST", "/api/v1/connected_accounts",
        {"connector": "doors-only", "identifier": OWNER, "connected_account": {}}, token,
    )["connected_account"]["id"]
    wanted = {"display_name": "Doors", "proxy_url": "https://api.acme.com", "auth_patterns": [{"type": "NO_AUTH"}]}
    provider = demo.api("POST", "/api/v1/custom-providers", wanted, token)["provider"]["identifier"]
    wanted = {"display_name": "doors", "external_id": "doors-customer"}
    organization = demo.api("POST", "/api/v1/organizations", wanted, token)["organization"]["id"]
    assert fetch(connected(demo, "doors-caller")) is None
    call = demo.api("GET", "/api/v1/agentkit/tool_call_logs?identifier=doors-caller", token=token)["tool_call_logs"][0]
    config = instance["config"]["id"]
    return {
        "call": call["execution_id"], "connection": connection, "config": config, "instance": instance["id"],
        "account": account, "organization": organization, "provider": provider,
    }


@pytest.fixture(scope="module")
def documented(demo):
    """(verb, path, method name) of every REST door."""
    paths = json.loads(demo.answer("GET", "/openapi.json")[1])["paths"]
    return [
        (verb.upper(), path, re.sub(r"^.*?_|_\d+$", "", operation["operationId"]))
        for path, verbs in paths.items() for verb, operation in verbs.items() if path not in OPEN
    ]


@pytest.fixture(scope="module")
def methods():
    return scripts.run("grpc_doors.py", asked={})


@pytest.fixture(scope="module")
def refused_tokens(demo):
    """Tokens that are no good: forged ones, and one that was good until its client was removed."""
    made = demo.cli_json("client", "create", "short-lived")[0]
    gone = demo.token_of(made["client_id"], made["client_secret"])
    forged = scripts.run("tokens.py", gone, demo.answer("GET", "/keys")[1])
    assert demo.answer("GET", "/api/v1/mcp/configs", token=gone)[0] == 200
    demo.cli("client", "delete", made["client_id"])
    return {**forged, "of a removed client": gone}


def is_ours(method):
    _, service, name = method.split("/")
    return service in OURS and name not in SIGN_ON


def ask(demo, calls):
    return scripts.run("grpc_doors.py", asked={"target": f"localhost:{demo.http}", "calls": calls})


def foreign(method, ids, path=None):
    sent = BY_PATH.get(path, FOREIGN[method])
    return {key: ids.get(value, value) if isinstance(value, str) else value for key, value in sent.items()}


def pairs(message, within=""):
    """The fields of a message as a query has them."""
    for key, value in message.items():
        if isinstance(value, dict):
            yield from pairs(value, f"{within}{key}.")
        else:
            for one in value if isinstance(value, list) else [value]:
                yield f"{within}{key}={str(one).lower() if one is True else one}"


def rest(verb, path, message):
    """The REST form of a message: path, query or body."""
    rest_of = dict(message)
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", str(rest_of.pop(name)))
    if verb in ("GET", "DELETE") or path.endswith(":get_auth_state"):
        query = "&".join(pairs(rest_of))
        return f"{path}?{query}" if query else path, None
    return path, next((rest_of[body] for body in ("connection", "organization", "provider") if body in rest_of), rest_of)


def test_attack_2_a_nobody_passes_no_rest_door(demo, documented):
    assert len(documented) > 30
    for verb, path, _ in documented:
        path = re.sub(r"{\w+}", "conn_1", path)
        status, text = demo.answer(verb, path, None if verb in ("GET", "DELETE") else {})
        assert (status, json.loads(text)["code"]) == (401, 16), f"{verb} {path}: {text}"


def test_attacks_27_and_69_forged_and_dead_tokens_all_read_the_same(demo, documented, refused_tokens):
    """Attack 69 too: the removed client's token is one of them."""
    words = set()
    for name, token in refused_tokens.items():
        for verb, path, _ in documented:
            body = None if verb in ("GET", "DELETE") else {}
            status, text = demo.answer(verb, re.sub(r"{\w+}", "conn_1", path), body, token)
            assert status == 401, f"{name}: {verb} {path}: {text}"
            answer = json.loads(text)
            words.add((answer["code"], answer["message"]))
    assert len(words) == 1, words


def test_a_nobody_passes_no_grpc_door_and_unknown_methods_say_so_to_anyone(demo, methods):
    answers = ask(demo, [{"method": method, "tokens": []} for method in methods])
    for method, answer in zip(methods, answers):
        ours = is_ours(method)
        assert answer["code"] == (16 if ours else 12), f"{method}: {answer}"
    assert {method.split("/")[1] for method in methods} > OURS


def test_attacks_27_and_69_on_grpc_the_same_tokens_are_refused_in_the_same_words(demo, methods, refused_tokens):
    ours = [method for method in methods if is_ours(method)]
    calls = [{"method": method, "tokens": [token]} for method in ours for token in refused_tokens.values()]
    answers = ask(demo, calls)
    assert len(answers) == len(ours) * len(refused_tokens) > 300
    assert {answer["code"] for answer in answers} == {16}
    assert len({answer["text"] for answer in answers}) == 1


@pytest.fixture(scope="module")
def of_agents(demo):
    """Tokens that are good, each at a door of its own, and none of a client's."""
    user = "doors-agent"
    connected(demo, user, config="doors-agent", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])
    instance = demo.instance(user, "doors-agent", [])
    config = instance["config"]["id"]
    session = lambda path: demo.api("POST", path, {"identifier": user})["token"]
    return {
        "a session token of a config": session(f"/api/v1/mcp/configs/{config}/tokens"),
        "a session token of a connection": session("/api/v1/mcp/connections/MY_GMAIL/tokens"),
        "an instance's": instance["url"].rsplit("/", 1)[1],
    }


def test_attack_26_no_agents_token_opens_a_door_of_a_client(demo, documented, methods, of_agents):
    for name, token in of_agents.items():
        for verb, path, _ in documented:
            body = None if verb in ("GET", "DELETE") else {}
            status, text = demo.answer(verb, re.sub(r"{\w+}", "conn_1", path), body, token)
            assert (status, json.loads(text)["code"]) == (401, 16), f"{name}: {verb} {path}: {text}"
    ours = [method for method in methods if is_ours(method)]
    calls = [{"method": method, "tokens": [token]} for method in ours for token in of_agents.values()]
    for asked, answer in zip(calls, ask(demo, calls)):
        assert answer["code"] == 16, f"{asked['method']}: {answer}"


def test_attack_28_a_token_in_the_address_opens_no_door(demo, documented):
    token = demo.token()
    for verb, path, _ in documented:
        body = None if verb in ("GET", "DELETE") else {}
        for name in ("access_token", "authorization"):
            path = re.sub(r"{\w+}", "conn_1", path)
            status, text = demo.answer(verb, f"{path}?{name}={token}", body)
            assert (status, json.loads(text)["code"]) == (401, 16), f"{verb} {path}: {text}"


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", ""])
def test_attack_38_a_strange_host_is_misdirected_at_every_door(demo, documented, host):
    token = demo.token()
    for verb, path, _ in documented:
        path = re.sub(r"{\w+}", "conn_1", path)
        status, text = demo.answer(verb, path, None if verb in ("GET", "DELETE") else {}, token, {"host": host}.items())
        assert status == 421, f"{verb} {path}: {status} {text}"


def test_what_no_sdk_calls_is_done_over_grpc(demo, methods):
    """Of what the SDKs call their own tests have the successes; of the rest REST's tests do, which comes this way too."""
    token, user = demo.token(), "doors-alone"
    made = demo.api("POST", "/api/v1/connections", {"provider_key": "GMAIL", "type": "OAUTH", "key_id": "DOORS_ALONE"}, token)
    connection = made["connection"]["id"]
    wanted = {"connector": "DOORS_ALONE", "identifier": user, "connected_account": {}}
    account = demo.api("POST", "/api/v1/connected_accounts", wanted, token)["connected_account"]["id"]
    config = demo.api("POST", "/api/v1/mcp/configs", {"name": "doors-alone"}, token)["config"]["id"]
    demo.api("POST", "/api/v1/organizations", {"display_name": "alone", "external_id": "doors-alone"}, token)
    by_name = {method.split("/")[-1]: method for method in methods}
    calls = [
        ("GetMcpConfig", {"config_id": config}, lambda it: it["config"]["name"] == "doors-alone"),
        ("SearchConnectedAccounts", {"query": user}, lambda it: it["connected_accounts"][0]["id"] == account),
        ("GetConnectedAccount", {"id": account}, lambda it: it["connected_account"]["identifier"] == user),
        ("DisconnectConnectedAccount", {"id": account}, lambda it: it["connected_account"]["status"] == "DISCONNECTED"),
        ("DisableEnvironmentConnection", {"connection_id": connection}, lambda it: not it.get("enabled")),
        ("EnableEnvironmentConnection", {"connection_id": connection}, lambda it: it["enabled"]),
        ("GetOrganizationByExternalId", {"external_id": "doors-alone"}, lambda it: it["organization"]["display_name"] == "alone"),
        ("DeleteEnvironmentConnection", {"connection_id": connection}, lambda it: it == {}),
    ]
    answers = ask(demo, [{"method": by_name[name], "message": message, "tokens": [token]} for name, message, _ in calls])
    for (name, _, holds), answer in zip(calls, answers):
        assert answer["code"] == 0 and holds(answer["message"]), f"{name}: {answer}"


def test_what_is_not_offered_yet_says_so_by_name(demo, methods):
    """The list of UNIMPLEMENTED methods, printed (pytest -s shows it)."""
    ours = [method for method in methods if is_ours(method)]
    known = {*FOREIGN, *LISTS, *CATALOGUE, *MAKES, *SUMS}
    token = demo.token()
    missing = [method for method in ours if method.split("/")[-1] not in known]
    for method, answer in zip(missing, ask(demo, [{"method": m, "tokens": [token]} for m in missing])):
        assert answer["code"] == 12 and method.strip("/") in answer["text"], f"{method}: {answer}"
        print("UNIMPLEMENTED", method.strip("/"))
    assert len(missing) + len(known - OWN) == len(ours)


def test_attack_6_a_foreign_id_reads_like_one_that_never_was(demo, documented, stranger, owner):
    """Attack 2 across environments: REST, every route that names a thing."""
    made_up = {key: re.sub(r"[0-9a-z]{4}$", "zzzz", value) for key, value in owner.items()}
    tried = set()
    for verb, path, method in documented:
        if method in FOREIGN:
            tried.add(method)
            seen = []
            for ids in (owner, made_up):
                where, body = rest(verb, path, foreign(method, ids, path))
                status, text = demo.answer(verb, where, body, stranger)
                assert status == 404, f"{verb} {where}: {status} {text}"
                message = json.loads(text)["message"]
                seen.append(re.sub("|".join(map(re.escape, ids.values())), "ID", message))
            assert seen[0] == seen[1]
        else:
            assert method in {*LISTS, *CATALOGUE, *MAKES, *SUMS}, f"{method} is in no table of this file"
    assert tried == set(FOREIGN)
    assert demo.cli_json("instance", "get", owner["instance"])[0]["name"] != "taken"


def test_attack_2_a_stranger_finds_nothing_over_grpc(demo, methods, stranger, owner):
    by_name = {method.split("/")[-1]: method for method in methods}
    calls = [{"method": by_name[name], "message": foreign(name, owner), "tokens": [stranger]} for name in FOREIGN if name not in OWN]
    for name, answer in zip([name for name in FOREIGN if name not in OWN], ask(demo, calls)):
        assert answer["code"] == 5, f"{name}: {answer}"


def test_attack_7_a_strangers_lists_are_empty(demo, documented, stranger, owner):
    for verb, path, method in documented:
        if method in LISTS:
            path += LISTS[method]
            status, text = demo.answer(verb, path, None, stranger)
            assert status == 200, text
            lists = [value for value in json.loads(text).values() if isinstance(value, list)]
            assert lists and not any(lists), f"{path}: {text}"
            assert not [value for value in owner.values() if value in text]
            mine = demo.answer(verb, path, None, demo.token())[1]
            assert any(value for value in json.loads(mine).values() if isinstance(value, list)), path


def test_attack_33_a_page_token_of_the_owners_list_gives_a_stranger_nothing(demo, documented, stranger, owner):
    """It reads like none: what comes after it is the stranger's own."""
    tried = set()
    for verb, path, method in documented:
        if method not in LISTS:
            continue
        path += LISTS[method] + ("&" if LISTS[method] else "?")
        token = json.loads(demo.answer(verb, f"{path}page_size=1", None, demo.token())[1]).get("next_page_token")
        if not token:
            continue
        tried.add(method)
        status, text = demo.answer(verb, f"{path}page_token={token}", None, stranger)
        assert (status, text) == demo.answer(verb, path, None, stranger), path
        lists = [value for value in json.loads(text).values() if isinstance(value, list)]
        assert status == 200 and lists and not any(lists), text
    assert len(tried) > 4, tried


def test_attack_7_the_catalogue_tells_a_stranger_of_nobodys_connections(demo, documented, stranger, owner):
    tried = set()
    for verb, path, method in documented:
        if method in CATALOGUE:
            tried.add(method)
            status, text = demo.answer(verb, path, CATALOGUE[method], stranger)
            assert status == 200 and json.loads(text)["tools"], text
            assert not [value for value in (*owner.values(), "doors-only") if value in text]
            assert not any(tool.get("connections") for tool in json.loads(text)["tools"])
    assert tried == set(CATALOGUE)
    seen_by_owner = demo.answer("POST", "/api/v1/tools:search", CATALOGUE["SearchTools"], demo.token())[1]
    assert "doors-only" in seen_by_owner


def test_attack_7_a_strangers_sums_count_nobodys_calls(demo, documented, stranger, owner):
    now = datetime.now(timezone.utc)
    start, end = ((now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (-1, 1))
    tried = set()
    for verb, path, method in documented:
        if method in SUMS:
            tried.add(method)
            path += f"?start_time={start}&end_time={end}"
            assert int(demo.api(verb, path)["total"]) > 0
            assert int(demo.api(verb, path, token=stranger)["total"]) == 0
    assert tried == SUMS


def test_attack_1_a_stranger_sends_nothing_through_the_owners_connection(demo, stranger, owner):
    """`/proxy`: the owner's connection reads like one that never was."""
    seen = []
    for name in ("doors-only", "doors-none"):
        whose = [("connection_name", name), ("identifier", OWNER)]
        status, text = demo.answer("GET", "/proxy/gmail/v1/users/me/messages", token=stranger, headers=whose)
        seen.append((status, re.sub(r"(exec|req)_[0-9a-z]{26}", "ID", text.replace(name, "NAME"))))
    assert seen[0] == seen[1] and seen[0][0] == 404, seen
    assert owner["connection"] not in seen[0][1]


def test_a_strangers_config_cannot_name_the_owners_connection(demo, stranger, owner):
    """And a name that the owner has is free in the stranger's own environment."""
    wanted = {"name": "doors", "connection_tool_mappings": [{"connection_name": "doors-only", "tools": []}]}
    status, text = demo.answer("POST", "/api/v1/mcp/configs", wanted, stranger)
    assert status in (400, 404) and owner["connection"] not in text, text
    assert json.loads(demo.answer("GET", "/api/v1/mcp/configs", None, stranger)[1]).get("configs", []) == []


@pytest.mark.parametrize("given", ["filter.id", "filter.name"])
def test_attack_7_a_filter_finds_nothing_abroad(demo, stranger, owner, given):
    value = owner["config"] if given == "filter.id" else "doors"
    here = json.loads(demo.answer("GET", f"/api/v1/mcp/configs?{given}={value}", None, demo.token())[1])
    there = json.loads(demo.answer("GET", f"/api/v1/mcp/configs?{given}={value}", None, stranger)[1])
    assert len(here["configs"]) == 1 and there.get("configs", []) == []


def test_attack_9_look_alike_identifiers_are_different_people(demo, owner):
    """Case, NFC beside NFD and NFKC, a trailing blank: kept as given or refused, never folded into another's."""
    alike = ["zo\u00e9", "zoe\u0301", "Zo\u00e9", "zo\u00e9 ", " zo\u00e9", "\uff5ao\u00e9", "zo\u00e9\u200b"]
    token, instances = demo.token(), {}
    for identifier in alike:
        body = {"config_name": "doors", "user_identifier": identifier}
        status, text = demo.answer("POST", "/api/v1/mcp/instances", body, token)
        assert status in (200, 400), text
        if status == 200:
            made = json.loads(text)["instance"]
            assert made["user_identifier"] == identifier
            instances[identifier] = made["id"]
    assert {"zo\u00e9", "zoe\u0301", "Zo\u00e9"} <= set(instances)
    assert len(set(instances.values())) == len(instances)


def test_attack_9_no_door_takes_one_for_somebody_who_looks_alike(demo, owner):
    """Every method that is told a user: with the owner's look-alikes it finds nobody, or makes something of their own."""
    token, shown = demo.token(), []
    for alike in (OWNER.upper(), OWNER + " ", " " + OWNER, "\uff44" + OWNER[1:], OWNER + "\u200b"):
        for method, path in [
            ("GET", "/api/v1/connected_accounts/details?connector=doors-only&identifier={}"),
            ("GET", "/api/v1/connected_accounts/auth?connector=doors-only&identifier={}"),
            ("GET", "/api/v1/tools/scoped?identifier={}&filter.connection_names=doors-only"),
            ("GET", "/api/v1/connected_accounts?identifier={}"),
            ("GET", "/api/v1/agentkit/tool_call_logs?identifier={}"),
        ]:
            status, text = demo.answer(method, path.format(quote(alike, safe="")), None, token)
            shown.append(status)
            assert status in (200, 400, 404) and owner["account"] not in text, f"{path} {alike!r}: {status} {text}"
        named = {"tool_name": "gmail_fetch_mails", "connector": "doors-only", "identifier": alike, "params": {}}
        status, text = demo.answer("POST", "/api/v1/execute_tool", named, token)
        assert status in (400, 404) and owner["account"] not in text, f"{alike!r}: {status} {text}"
        user = {"connection_name": "doors-only", "identifier": quote(alike, safe="")}
        status, text = demo.answer("GET", "/proxy/gmail/v1/users/me/profile", None, token, user.items())
        assert status in (400, 404) and owner["account"] not in text, f"{alike!r}: {status} {text}"
    assert 404 in shown and 200 in shown


@pytest.mark.parametrize("identifier", ["nul\u0000l", "", "x" * 101])
def test_attack_9_an_identifier_that_nobody_can_have_is_refused(demo, owner, identifier):
    body = {"config_name": "doors", "user_identifier": identifier}
    status, text = demo.answer("POST", "/api/v1/mcp/instances", body, demo.token())
    assert status == 400 and "user_identifier" in text or "identifier" in text, text
