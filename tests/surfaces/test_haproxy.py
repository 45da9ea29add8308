"""The HAProxy configuration of docs/OPERATING.md, word for word but for its addresses, before a server: the official SDKs
and an MCP client come through it."""

import json
import re
import shutil
import ssl
import urllib.error
import urllib.request

import pytest

from kit import ports, scripts
from kit.haproxy import Haproxy
from kit.places import BINARY, REPOSITORY
from kit.replicas import shared
from kit.server import Server

SHOWN = re.compile(r"^```\n(defaults\n.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A server that is reached through HAProxy, which ends TLS with a certificate that the SDKs are told to trust."""
    folder = tmp_path_factory.mktemp("behind")
    (port,) = ports.free(1)
    url = f"https://localhost:{port}"
    server = Server(folder / "data", "serve", ("--public-url", url, "--sdk-url", url))
    _, certificate = shared(folder / "shared")
    server.data.mkdir(mode=0o700)
    shutil.copytree(certificate, server.data / "tls")
    pair = folder / "pair.pem"
    pair.write_text("".join((certificate / f"localhost.{part}").read_text() for part in ("pem", "key")))

    configuration = SHOWN.search((REPOSITORY / "docs" / "OPERATING.md").read_text())[1]
    changed = {
        "bind :443": f"bind 127.0.0.1:{port}", "/etc/haproxy/keys.example.com.pem": str(pair),
        "127.0.0.1:8080": f"127.0.0.1:{server.http}",
    }
    for theirs, ours in changed.items():
        assert theirs in configuration
        configuration = configuration.replace(theirs, ours)
    haproxy = Haproxy(folder / "haproxy").start(configuration, [port])
    server.port, server.outside = port, url
    try:
        server.start()
        client = ("--client-id", "some", "--client-secret-file", "-")
        server.cli("connection", "create", "gmail", "--name", "MY_GMAIL", *client, stdin="secret")
        yield server
    finally:
        server.stop()
        haproxy.stop()


def test_two_authorization_headers_of_one_call_come_through_in_their_order(behind):
    env, good = behind.sdk_env(), behind.token()
    listing = {"method": "ListMcpConfigs", "frame": "0000000000", "answer": "ListMcpConfigsResponse"}
    calls = [{**listing, "tokens": tokens} for tokens in ([good, "stale"], ["stale", good], [])]
    asked = {"target": f"localhost:{behind.port}", "ca": env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"], "calls": calls}
    assert [answer["code"] for answer in scripts.run("frames.py", asked=asked, env=env)] == [0, 16, 16]


def test_the_python_sdk_goes_on_with_a_stale_token_behind_its_own(behind):
    made = behind.cli_json("client", "create", "contract")[0]
    env = {
        **behind.sdk_env(), "SCALEKIT_CLIENT_ID": made["client_id"], "SCALEKIT_CLIENT_SECRET": made["client_secret"],
    }
    assert env["SCALEKIT_ENV_URL"].rstrip("/") == behind.outside
    seen = scripts.run("contract.py", str(BINARY), str(behind.data), env=env)
    assert (seen["with_a_stale_second_value"], seen["tokens_then"]) == (None, 1)
    assert seen["unknown"]["code"] == "RESOURCE_NOT_FOUND", "our own errors come through too"
    assert seen["link"].startswith(f"{behind.outside}/connect/")


def test_an_mcp_client_lists_and_is_given_a_link(behind):
    url = behind.instance("somebody", mappings=[{"connection_name": "MY_GMAIL", "tools": []}])["url"]
    assert url.startswith(f"{behind.outside}/mcp/v1/")
    trust = {"SSL_CERT_FILE": behind.sdk_env()["REQUESTS_CA_BUNDLE"]}
    calls = json.dumps([["gmail_fetch_mails", {"max_results": 1}]])
    seen = scripts.run("mcp1.py", url, calls, env={**behind.sdk_env(), **trust})
    assert "gmail_fetch_mails" in seen["tools"]
    assert f"{behind.outside}/connect/" in seen["calls"][0]["text"]


def test_a_host_that_is_not_ours_is_refused_through_it_too(behind):
    trust = ssl.create_default_context(cafile=behind.sdk_env()["REQUESTS_CA_BUNDLE"])
    keys = f"{behind.outside}/keys"
    with urllib.request.urlopen(keys, context=trust, timeout=30) as answer:
        assert answer.status == 200
    foreign = urllib.request.Request(keys, headers={"host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(foreign, context=trust, timeout=30)
