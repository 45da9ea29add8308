"""A URL whose user has to sign in: clients that nobody here wrote find out where and sign their user in at oidc-provider, which
nobody here wrote either; and what lets nobody in."""

import json
import re
import subprocess
import time
import urllib.request

import pytest

from kit import ports
from kit.agents import AGENT, CONFIG, ByHand, SignedIn, ask
from kit.node import placed
from kit.places import NODE, NODE_MODULES, SCRIPTS, python
from kit.server import clean_environment
from kit.walker import Walker


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory):
    running = SignedIn(tmp_path_factory.mktemp("signed_in"))
    yield running
    running.stop()


@pytest.mark.parametrize("environment", ["seed", "mcp2"])
def test_the_official_clients_sign_their_user_in_and_renew_their_tokens(signed_in, environment):
    user = f"{environment}@example.com"
    url = signed_in.instance(user)["url"]
    command = [str(python(environment)), str(SCRIPTS / "agent_sign_in.py"), url, AGENT]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=clean_environment(), **pipes) as client:
        asked = client.stdout.readline().strip()
        assert asked.startswith(f"{signed_in.server.url}/mcp/oauth/authorize?"), (asked, client.stderr.read())
        came = signed_in.allow(asked, user)
        out, errors = client.communicate(f"{came.where}\n", timeout=60)
    assert client.returncode == 0, errors[-4000:]
    seen = json.loads(out)
    assert "gmail_fetch_mails" in seen["tools"] and "/connect/" in seen["text"]
    assert seen["renewed"] and seen["lasts"] == 600
    assert signed_in.records("grant.token_renewed")


def test_mcp_remote_lets_a_client_in_that_speaks_over_stdio_alone(signed_in, tmp_path):
    user = "remote@example.com"
    url = signed_in.instance(user)["url"]
    command = [str(NODE), str(placed("remote.mjs")), url, json.dumps([["gmail_fetch_mails", {}]])]
    said = tmp_path / "said"
    with open(said, "w") as errors:
        # It keeps what it was given in the home folder, and finds no browser to open.
        home = {**clean_environment(), "HOME": str(tmp_path), "BROWSER": "/bin/false"}
        client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=home)
    try:
        end = time.monotonic() + 60
        while "Waiting for authorization" not in said.read_text():
            assert client.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.1)
        asked = re.search(r"http\S+/mcp/oauth/authorize\S+", said.read_text()).group(0)
        came = signed_in.allow(asked, user, halt=None)
        assert "/oauth/callback?code=" in came.where and came.status == 200, came.text
        out, _ = client.communicate(timeout=60)
    finally:
        client.kill()
    assert client.returncode == 0, said.read_text()
    seen = json.loads(out)
    assert "gmail_fetch_mails" in seen["tools"] and "/connect/" in seen["calls"][0]["text"]


# What the conformance suite finds of an authorization server, by scenario: how many checks it makes.
JUDGED = {"authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1}


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_conformance_suite_finds_no_fault_with_the_authorization_server(signed_in, tmp_path, revision):
    suite = [str(NODE), str(NODE_MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js")]
    listed = subprocess.run([*suite, "list", "--authorization"], capture_output=True, text=True, env=clean_environment())
    assert set(re.findall(r"^  - (\S+) \[", listed.stdout, re.MULTILINE)) == set(JUDGED), "none is new"
    user = "judged@example.com"
    url, (port,) = signed_in.instance(user)["url"], ports.free(1)
    agent = ByHand(url)
    registered = {"client_name": "Suite", "redirect_uris": [f"http://127.0.0.1:{port}/callback"]}
    client = json.loads(ask(agent.server["registration_endpoint"], registered)[2])["client_id"]
    # Without the name of one it takes both, the second with what the first found.
    command = [*suite, "authorization", "--url", agent.server["issuer"], "--spec-version", revision, "--client-id", client]
    command += ["--resource", url, "--port", str(port), "-o", str(tmp_path / "out")]
    said = tmp_path / "said"
    with open(said, "w") as out, subprocess.Popen(command, stdout=out, stderr=out, env=clean_environment()) as judge:
        end = time.monotonic() + 60
        while not (asked := re.search(r"http\S+/mcp/oauth/authorize\?\S+\n", said.read_text())):
            assert judge.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.1)
        signed_in.allow(asked.group(0).strip(), user, halt=None)
        judge.wait(60)
    checks = [check for file in tmp_path.glob("out/**/checks.json") for check in json.loads(file.read_text())]
    assert [check["status"] for check in checks] == ["SUCCESS"] * sum(JUDGED.values()), said.read_text()


def test_a_leaked_url_alone_opens_nothing_and_says_where_its_user_signs_in(signed_in):
    url = signed_in.instance("leaked@example.com")["url"]
    agent = ByHand(url)
    assert agent.challenge.startswith("Bearer resource_metadata=") and agent.resource["resource"] == url
    assert agent.server["issuer"] == f"{signed_in.server.url}/mcp/oauth"
    assert agent.server["code_challenge_methods_supported"] == ["S256"]
    token = url.rsplit("/", 1)[1]
    at = signed_in.server.url
    for path, bearer in ((f"/mcp/v1/{token}", token), (f"/mcp/v1/{token}", "e30.e30.e30"), ("/mcp/v1", token)):
        status, headers, said = ask(f"{at}{path}", {"jsonrpc": "2.0", "id": 1, "method": "ping"}, bearer)
        assert (status, said) == (401, "") and 'error="invalid_token"' in headers["www-authenticate"]
    forged = f"{at}/.well-known/oauth-protected-resource/mcp/v1/{token}x"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(forged)
    # A config that wants nobody signed in has neither.
    open_url = signed_in.server.instance("ann", "open", [{"connection_name": "MAIL", "tools": []}])["url"]
    assert ask(open_url, {"jsonrpc": "2.0", "id": 1, "method": "ping"})[0] == 200
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(open_url.replace("/mcp/", "/.well-known/oauth-protected-resource/mcp/"))


def test_attack_11_who_is_not_the_urls_user_is_told_so_and_lets_nobody_in(signed_in):
    agent = ByHand(signed_in.instance("ann@example.com")["url"])
    for user in ("eve@example.com", "unverified@example.com", "ann"):
        walker = signed_in.allow(agent.asks(), user)
        stranger = user == "eve@example.com"
        assert walker.status == 403 and ("somebody else" if stranger else "did not say who you are") in walker.text
        assert walker.where.startswith(f"{signed_in.server.url}/connect/stopped/agent-"), "no code is left in the history"
    refused = signed_in.records("grant.refused")
    assert refused and not [one for one in signed_in.records("grant.signed_in") if one["detail"]["client"] == "eve"]
    no = Walker()
    no.halt = "/desk"
    said = agent.answered(no.open(agent.asks()).submit("refuse"))
    assert said["error"] == "access_denied" and said["state"] == "theirs" and said["iss"] == agent.server["issuer"]


def test_attacks_12_and_16_an_answer_counts_in_its_own_browser_with_what_that_kept(signed_in):
    user = "bound@example.com"
    agent = ByHand(signed_in.instance(user)["url"])
    caught = signed_in.allow(agent.asks(), user, halt="/mcp/oauth/callback")
    other = Walker()
    other.open(agent.asks())
    assert other.open(caught.where).status == 403 and "another browser" in other.text
    caught.halt = "/desk"
    back = caught.where
    assert agent.answered(caught.open(back))["code"]
    assert caught.open(back).status == 403, "the cookie of that sign-in is gone"


def test_attacks_13_15_and_66_what_is_asked_wrongly_leads_nowhere_and_looking_changes_nothing(signed_in):
    agent = ByHand(signed_in.instance("wrong@example.com")["url"])
    for change in ({"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}, {"resource": f"{agent.url}x"}):
        walker = Walker().open(agent.asks(**change))
        assert walker.status == 400 and "evil.example" not in walker.text and walker.where.startswith(signed_in.server.url)
    for change in ({"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"code_challenge": None}):
        walker = Walker()
        walker.halt = "/desk"
        said = agent.answered(walker.open(agent.asks(**change)))
        assert said["error"] == "invalid_request" and "code" not in said and said["iss"] == agent.server["issuer"]
    twice = Walker().open(f"{agent.asks()}&redirect_uri=https://evil.example/")
    assert twice.status == 400
    # A page of somebody else's cannot press the button.
    walker = Walker().open(agent.asks())
    walker.submit("allow", token="0" * 64)
    assert walker.status == 403


def test_a_code_and_a_refresh_token_count_once_and_end_all_when_they_come_again(signed_in):
    user = "once@example.com"
    agent = ByHand(signed_in.instance(user)["url"])
    said = agent.answered(signed_in.allow(agent.asks(), user))
    assert said["state"] == "theirs" and said["iss"] == agent.server["issuer"]
    assert agent.exchange(said["code"], code_verifier="x" * 43)[1]["error"] == "invalid_grant"
    assert agent.exchange(said["code"], redirect_uri="http://127.0.0.1:9/other")[1]["error"] == "invalid_grant"
    other = signed_in.instance("other@example.com")["url"]
    assert agent.exchange(said["code"], resource=other)[1]["error"] == "invalid_target"
    status, given = agent.exchange(said["code"], resource=agent.url)
    assert status == 200 and given["token_type"] == "Bearer" and given["expires_in"] == 600
    assert agent.opens(given["access_token"]) == 200
    assert agent.opens(given["access_token"], other) == 401, "it is another user's"
    assert agent.opens(given["refresh_token"]) == 401
    status, second = agent.refresh(given["refresh_token"])
    assert status == 200 and agent.opens(second["access_token"]) == 200
    assert agent.refresh(given["refresh_token"])[1]["error"] == "invalid_grant"
    assert agent.opens(second["access_token"]) == 401 and agent.refresh(second["refresh_token"])[0] == 400
    assert len(signed_in.records("grant.reuse_detected")) == 1


def test_a_token_outlives_the_process_and_ends_with_the_url_and_the_setting(signed_in):
    user = "ends@example.com"
    instance = signed_in.instance(user)
    agent = ByHand(instance["url"])
    _, given = agent.exchange(agent.answered(signed_in.allow(agent.asks(), user))["code"])
    signed_in.server.stop()
    signed_in.server.start()
    assert agent.opens(given["access_token"]) == 200
    signed_in.server.cli("config", "set", CONFIG, "--sign-in", "false")
    assert agent.opens("anything") == 200, "nobody has to sign in"
    signed_in.server.cli("config", "set", CONFIG, "--sign-in", "true")
    assert agent.opens(given["access_token"]) == 401 and agent.refresh(given["refresh_token"])[0] == 400
    _, given = agent.exchange(agent.answered(signed_in.allow(agent.asks(), user))["code"])
    assert agent.opens(given["access_token"]) == 200
    signed_in.server.cli("instance", "rotate-url", instance["id"])
    assert agent.opens(given["access_token"]) == 404 and agent.refresh(given["refresh_token"])[0] == 400
