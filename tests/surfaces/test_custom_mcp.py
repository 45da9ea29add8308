"""Remote MCP servers that a developer describes by API, by the official Python SDK: FastMCP on TLS, without sign-in, with a
token and with OAuth and dynamic registration; each as the app's own code, an agent's URL and a session token reach it."""

import ssl
import subprocess
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

from kit import ports, scripts
from kit.dashboard import Member
from kit.mcp import Wire
from kit.places import SCRIPTS, python
from kit.server import Server
from kit.walker import Walker

USER = "ann"
WAYS = ("open", "bearer", "oauth")
SCRIPT = "custom_mcp.py"


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A server that trusts the others' certificate, and where those are."""
    folder = tmp_path_factory.mktemp("custom-mcp")
    subprocess.run([python("typed"), SCRIPTS / "tls_pair.py", folder], check=True)
    pair = [str(folder / "app.pem"), str(folder / "app.key")]
    at = dict(zip(WAYS, ports.free(len(WAYS))))
    data = folder / "data"
    data.mkdir(mode=0o700)
    allow = ", ".join(f'"127.0.0.1:{port}"' for port in at.values())
    (data / "valetkey.toml").write_text(f"[outbound]\nallow = [{allow}]\n")
    processes = {}
    server = Server(data, "serve", env={"SSL_CERT_FILE": pair[0]})
    try:
        for way, port in at.items():
            log = (folder / f"{way}.log").open("w")
            command = [python("agents"), SCRIPTS / "upstream_server.py", str(port), way, *pair]
            processes[way] = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env={"HOME": str(folder)})
        for way, port in at.items():
            answers(port, folder / f"{way}.log", pair[0])
        yield server.start(), {way: f"https://127.0.0.1:{port}/mcp" for way, port in at.items()}, processes
    finally:
        server.stop()
        for process in processes.values():
            process.kill()
            process.wait(10)


def answers(port, log, trusted):
    end, context = time.monotonic() + 60, ssl.create_default_context(cafile=trusted)
    while True:
        try:
            urllib.request.urlopen(f"https://127.0.0.1:{port}/nowhere", timeout=5, context=context)
        except urllib.error.HTTPError:
            return
        except OSError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def providers(there):
    server, addresses, _ = there
    return scripts.run(SCRIPT, "make", asked=addresses, env=server.sdk_env())


@pytest.fixture(scope="module")
def made(providers):
    return {way: one["name"] for way, one in providers.items()}


@pytest.fixture(scope="module")
def seen(there, made):
    server = there[0]
    links = scripts.run(SCRIPT, "connect", USER, asked=made, env=server.sdk_env())
    assert links["bearer"] is None and links["oauth"], links
    for link in filter(None, links.values()):
        walker = Walker(server.env["SSL_CERT_FILE"]).open(link)
        walker.submit("continue")
        assert walker.status == 200 and "is connected" in walker.text, (walker.status, walker.passed, walker.text)
    return scripts.run(SCRIPT, "use", USER, asked=made, env=server.sdk_env())


@pytest.mark.parametrize("way", WAYS)
def test_the_apps_own_code_lists_and_calls_its_tools(seen, way):
    it = seen[way]
    # 'MY open' has a blank, so that its names are changed by the published rule: what vendors take, and a hash.
    assert it["add"].startswith(f"c-MY_{way}_") and len(it["scoped"]) == 9, it["scoped"]
    assert it["answers"] == [{"result": {"result": 5}}] * 2, it["answers"]


@pytest.mark.parametrize("way", WAYS)
def test_the_catalogues_list_has_its_tools_where_its_user_or_account_is_named(seen, way):
    it = seen[way]
    assert it["listed"] == {"by_user": sorted(it["scoped"]), "by_account": sorted(it["scoped"]), "alone": []}


def test_its_list_is_asked_for_anew(there, made, seen):
    server = there[0]
    anew = server.api("POST", "/api/v1/tools:refresh", {"connector": made["open"], "identifier": USER})
    names = [tool["definition"]["name"] for tool in anew["tools"]]
    assert (names, anew["total_size"]) == (sorted(seen["open"]["scoped"]), len(names))


def test_a_tool_is_called_on_no_connection_but_its_own(seen):
    assert all("is of connection 'MY " in words for words in seen["refused"]), seen["refused"]


@pytest.mark.parametrize("way", WAYS)
def test_an_agent_has_what_the_whitelist_leaves(seen, way):
    it = seen[way]
    wire = Wire(it["url"])
    for era in ("legacy", "modern"):
        (tool,) = getattr(wire, era)("tools/list").result["tools"]
        assert tool["name"] == it["add"] and tool["annotations"]["readOnlyHint"]
        assert set(tool["inputSchema"]["properties"]) == {"a", "b"}
        done = getattr(wire, era)("tools/call", {"name": it["add"], "arguments": {"a": 20, "b": 22}}).result
        assert done["structuredContent"] == {"result": 42}, done
    (other,) = [name for name in it["scoped"] if name.endswith("_picture")]
    assert wire.legacy("tools/call", {"name": other, "arguments": {}}).code == -32602


@pytest.mark.parametrize("way", WAYS)
def test_the_official_client_calls_it_by_a_session_token(seen, way):
    it = seen[way]
    calls = '[["%s", {"a": 1, "b": 2}]]' % it["add"]
    used = scripts.run("mcp1.py", it["static"], calls, it["token"])
    assert used["tools"] == [it["add"]] and [one["text"] for one in used["calls"]] == ["3"], used


def test_a_whitelist_names_tools_as_they_are_called_here(there, made, seen):
    server = there[0]
    wanted = {"connection_name": made["open"], "tools": ["add"]}
    body = {"name": "wrong-names", "connection_tool_mappings": [wanted]}
    refused = server.api("POST", "/api/v1/mcp/configs", body, expect=400)
    assert seen["open"]["add"].removesuffix("add") + "…" in refused["message"], refused


def test_who_has_not_signed_in_is_told_where(there, made):
    server = there[0]
    wire = Wire(server.instance("bob", "server-bearer")["url"])
    listed = [tool["name"] for tool in wire.legacy("tools/list").result["tools"]]
    assert len(listed) == 1 and listed[0].endswith("_sign_in"), listed
    assert "/connect/" in wire.refused(listed[0])


def test_a_developer_calls_it_by_hand_as_a_user_and_is_told_who_has_to_sign_in(there, made, seen, person):
    member = Member(person, there[0]).sign_in()
    choice = lambda user: f"/playground?{urlencode({'connection': made['open'], 'user': user})}"
    member.at(choice(USER))
    assert "dotted_name" in member.page.inner_text("ul.tools")
    member.click(seen["open"]["add"], role="link")
    member.page.fill('[id="arg:a"]', "20")
    member.page.fill('[id="arg:b"]', "22")
    member.click(f"Call it as {USER}")
    assert "42" in member.text("answer")
    member.at(f"/playground?{urlencode({'connection': made['bearer'], 'user': 'nobody-yet'})}")
    assert "signed in there" in member.text("wrong")
    member.click("Why does a call not work?", role="link")
    assert member.page.input_value("#what") == made["bearer"]


def test_attack_59_a_server_that_moves_takes_nobodys_token_along(there, providers, seen):
    server, addresses, _ = there
    identifier = providers["bearer"]["identifier"]
    (provider,) = server.api("GET", f"/api/v1/providers?identifier={identifier}")["providers"]
    change = {
        "display_name": provider["display_name"], "proxy_url": addresses["open"],
        "auth_patterns": provider["auth_patterns"],
    }
    server.api("PUT", f"/api/v1/custom-providers/{identifier}", change)
    wire = Wire(seen["bearer"]["url"])
    assert "/connect/" in wire.refused(seen["bearer"]["add"], a=1, b=1)
    assert [tool["name"].rsplit("_", 2)[-2:] for tool in wire.legacy("tools/list").result["tools"]] == [["sign", "in"]]


def test_a_tool_that_is_taken_out_with_grace_is_called_by_the_official_client_and_listed_to_nobody(there, made, seen):
    server, it = there[0], seen["open"]
    gone, kept = (next(name for name in it["scoped"] if name.endswith(end)) for end in ("_told", "_add"))
    mappings = [{"connection_name": made["open"], "tools": [kept, gone]}]
    instance = server.instance(USER, "graced", mappings)
    (config,) = server.api("GET", "/api/v1/mcp/configs?filter.name=graced")["configs"]
    used = lambda: scripts.run("mcp1.py", instance["url"], f'[["{gone}", {{}}], ["{kept}", {{"a": 1, "b": 2}}]]')
    assert set(used()["tools"]) == {kept, gone}
    edit = lambda tools, **grace: server.api(
        "PUT", f"/api/v1/mcp/configs/{config['id']}",
        {"connection_tool_mappings": [{"connection_name": made["open"], "tools": tools}], **grace},
    )
    edit([kept], removed_tools_grace="300s")
    during = used()
    assert during["tools"] == [kept] and [call.get("is_error") for call in during["calls"]] == [False, False], during
    (got,) = server.cli_json("config", "get", "graced")
    assert any(gone in line or "all tools" in line for line in got["still_callable"]), got
    why = server.cli("why", instance["id"], "--tool", gone, check=False)
    assert "can be called until" in why.stdout, why.stdout
    edit([kept], removed_tools_grace="0s")
    after = used()
    assert after["tools"] == [kept] and after["calls"][0]["code"] == -32602 and not after["calls"][1]["is_error"], after
    too_short = {"removed_tools_grace": "60s", "description": "x"}
    refused = server.api("PUT", f"/api/v1/mcp/configs/{config['id']}", too_short, expect=400)
    assert "5 minutes to 24 hours" in refused["message"], refused
    edit([kept, gone])
    server.cli("config", "update", "graced", "--connection", f"{made['open']}={kept}", "--grace", "5")
    assert not used()["calls"][0]["is_error"]
    server.cli("config", "update", "graced", "--connection", f"{made['open']}={kept},{gone}")
    server.cli("config", "update", "graced", "--connection", f"{made['open']}={kept}")
    assert used()["calls"][0]["code"] == -32602, "it came back, and went without a grace"


def test_a_server_that_is_gone_costs_only_its_own_tools(there, made, seen):
    server, _, processes = there
    mappings = [{"connection_name": made[way], "tools": []} for way in ("open", "oauth")]
    wire = Wire(server.instance(USER, "two", mappings)["url"])
    processes["oauth"].kill()
    processes["oauth"].wait(10)
    assert "cannot be reached" in wire.refused(seen["oauth"]["add"], a=1, b=1)
    done = wire.legacy("tools/call", {"name": seen["open"]["add"], "arguments": {"a": 1, "b": 1}}).result
    assert done["structuredContent"] == {"result": 2}
