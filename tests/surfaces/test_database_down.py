"""PostgreSQL is stopped under a server that is in use: what each surface answers then, how soon, and that all of it comes
back by itself. No token can be looked up meanwhile, so nothing that needs one is done."""

import json
import subprocess
import time
from types import SimpleNamespace

import pytest

from kit import postgres
from kit.mcp import Wire
from kit.node import placed
from kit.places import NODE, SCRIPTS, python
from kit.server import Server

# What no answer over the network says: where the database is, who we are there, and why it can't be reached.
INSIDE = ("postgres", "valetkey@", "refused", "os error", "127.0.0.1:")
# How long a refusal may take, in seconds: the first ones find out, the later ones know.
SOON = 10
FORM = {"content-type": "application/x-www-form-urlencoded"}
LISTING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()


@pytest.fixture(scope="module")
def down(tmp_path_factory):
    """A demo in use whose database has been stopped, with what was had from it before."""
    cluster = postgres.Cluster()
    server = Server(tmp_path_factory.mktemp("down") / "data", env={"VALETKEY_DATABASE": cluster.start().url})
    try:
        server.start()
        instance = server.instance("ann")
        link = server.links(instance)["MY_GMAIL"]["authentication_link"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        programs = ((python("seed"), SCRIPTS / "down.py"), (NODE, placed("down.mjs")))
        sdks = [subprocess.Popen([str(part) for part in program], env=server.sdk_env(), text=True, **pipes) for program in programs]
        for sdk in sdks:
            assert sdk.stdout.readline() == "ready\n", sdk.stderr.read()
        token, wire = server.token(), Wire(instance["url"])
        cluster.stop()
        yield SimpleNamespace(cluster=cluster, server=server, token=token, wire=wire, link=link, sdks=sdks)
        for sdk in sdks:
            sdk.kill()
    finally:
        server.stop()
        cluster.remove()


def refused(call):
    """The text of a refusal that came soon, over whichever surface: 503, with nothing in it of what is inside."""
    begun = time.monotonic()
    status, text = call()
    assert status == 503 and time.monotonic() - begun < SOON, (status, text)
    assert not any(word in text.lower() for word in INSIDE), text
    return text


def go_on(sdk):
    sdk.stdin.write("\n")
    sdk.stdin.flush()
    return sdk.stdout.readline()


def test_it_lives_and_is_not_ready(down):
    assert down.server.answer("GET", "/healthz")[0] == 200
    assert "database: cannot be read" in refused(lambda: down.server.answer("GET", "/readyz"))
    assert json.loads(down.server.answer("GET", "/keys")[1])["keys"], "what needs no database is still there"


def test_the_api_does_not_say_that_a_good_token_is_bad(down):
    """A 401 would make SDKs throw it away. What is forged is known for that without the database."""
    answer = json.loads(refused(lambda: down.server.answer("GET", "/api/v1/mcp/configs", token=down.token)))
    assert down.server.answer("GET", "/api/v1/mcp/configs", token="x.y.z")[0] in (401, 503)
    assert answer["code"] == 14 and "try again" in answer["message"]
    assert answer["details"][0]["error_code"] == "UNAVAILABLE"


def test_the_token_endpoint_judges_no_client(down):
    body = b"grant_type=client_credentials&client_id=skc_1&client_secret=x"
    answer = json.loads(refused(lambda: down.server.answer("POST", "/oauth/token", body, headers=FORM)))
    assert answer["error"] == "server_error" and "try again" in answer["error_description"]


def test_the_sdk_raises_that_the_service_is_unavailable(down):
    assert [go_on(sdk) for sdk in down.sdks] == ["ready\n"] * 2


@pytest.mark.parametrize("door", ["url", "bearer"])
def test_mcp_says_when_to_try_again_and_not_that_the_url_is_gone(down, door):
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    path = None
    if door == "bearer":
        path, headers["authorization"] = "/mcp/v1", f"Bearer {down.wire.token}"
    answer = down.wire.raw(body=LISTING, headers=headers, path=path)
    text = answer.body if isinstance(answer.body, str) else answer.body.decode()
    refused(lambda: (answer.status, text))
    assert answer.headers["retry-after"] and "try again" in json.loads(text)["error"]["message"]


def test_a_person_reads_that_nothing_was_changed(down):
    path = down.link.removeprefix(down.server.url)
    for address in (path, "/sso/v1/oauth/conn_1/callback?state=a&code=b"):
        page = refused(lambda: down.server.answer("GET", address))
        assert "Nothing was changed" in page and "Try again in a minute" in page, address


def test_the_operator_is_told_why(down):
    done = down.server.cli("connection", "list", check=False)
    assert done.returncode == 1 and "cannot be reached" in done.stderr and "check that the server runs" in done.stderr


def test_all_of_it_comes_back_by_itself(down):
    down.cluster.start()
    down.server.ready(timeout=30)
    assert down.server.api("GET", "/api/v1/mcp/configs", token=down.token)["configs"]
    answer = down.wire.raw(body=LISTING, headers={"content-type": "application/json", "accept": "application/json"})
    assert answer.result["tools"]
    status, page = down.server.answer("GET", down.link.removeprefix(down.server.url))
    assert status == 200 and "Gmail" in page
    python_saw, node_saw = (json.loads(go_on(sdk)) for sdk in down.sdks)
    for seen in (python_saw, node_saw):
        assert (seen["before"]["class"], seen["back"]["class"]) == (None, None), seen
    for raised in (python_saw["down"], python_saw["new"], node_saw["down"]):
        assert raised["class"] == "ScalekitServiceUnavailableException" and raised["seconds"] < SOON, raised
        assert not any(word in raised["text"].lower() for word in INSIDE), raised
