"""`[mcp]` in valetkey.toml: web pages that may speak MCP with the server, and clients that are read strictly."""

import pytest

from kit.mcp import Wire, request
from kit.server import Server

PAGE = "https://chat.example"
TOML = f'[mcp]\nallowed_origins = ["{PAGE}"]\nstrict_headers = true\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("chosen") / "data"
    data.mkdir()
    (data / "valetkey.toml").write_text(TOML)
    running = Server(data).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def wire(server):
    return Wire(server.instance("ann")["url"])


def test_a_listed_page_may_ask_and_read(server, wire):
    wants = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,mcp-method,cookie"}
    oauth = ("/mcp", "/mcp/oauth/register", "/mcp/oauth/token", "/.well-known/oauth-authorization-server/mcp/oauth")
    for path in (wire.parts.path, "/mcp/v1", *oauth):
        asked = wire.raw("OPTIONS", headers=wants, path=path)
        assert asked.status == 204 and asked.headers["access-control-allow-origin"] == PAGE, path
        assert asked.headers["access-control-allow-headers"] == "content-type, mcp-method"
    done = wire.legacy("tools/list", headers={"Origin": PAGE})
    assert done.result["tools"] and done.headers["access-control-allow-origin"] == PAGE
    assert "mcp-session-id" in done.headers["access-control-expose-headers"] and "origin" in done.headers["vary"]
    assert "access-control-allow-credentials" not in done.headers


def test_no_other_page_may(server, wire):
    for other in ("https://evil.example", f"{PAGE}.evil.example", "http://chat.example", "null"):
        for method in ("OPTIONS", "POST"):
            answer = wire.raw(method, headers={"Origin": other, "Access-Control-Request-Method": "POST"})
            assert answer.status == 403 and "access-control-allow-origin" not in answer.headers, other
    own = wire.post(request("tools/list"), {"Origin": server.url})
    assert own.status == 200 and "access-control-allow-origin" not in own.headers
    assert wire.raw("OPTIONS").status == 405, "from no page it is no method of ours"


def test_a_stale_header_is_refused_where_the_operator_wants_it(wire):
    stale = wire.modern("tools/list", headers={"MCP-Protocol-Version": "2025-11-25"})
    assert (stale.status, stale.code) == (400, -32020)
    assert wire.modern("tools/list").result["tools"]
