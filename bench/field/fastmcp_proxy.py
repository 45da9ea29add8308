"""FastMCP's proxy before the MCP server at $UPSTREAM, as an ASGI application. It passes on what a caller sends as its credential."""

import os

from fastmcp.server import create_proxy

# Without sessions, as FastMCP's documentation wants where several processes serve.
app = create_proxy(os.environ["UPSTREAM"], name="proxy").http_app(path="/mcp", stateless_http=True, json_response=True)
