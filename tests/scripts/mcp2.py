"""The official Python client 2.x at one URL, in its own words: opens, lists, calls, and is refused. Prints JSON."""

import asyncio
import json
import sys

from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])
# A session token, where the URL is no credential itself.
HEADERS = {"Authorization": f"Bearer {sys.argv[3]}"} if len(sys.argv) > 3 else None


async def call(client, name, arguments):
    try:
        answer = await client.call_tool(name, arguments)
    except MCPError as error:
        return {"code": error.error.code, "text": error.error.message}
    return {"is_error": answer.is_error, "text": "\n".join(part.text for part in answer.content)}


async def main():
    server = streamable_http_client(URL, http_client=create_mcp_http_client(HEADERS)) if HEADERS else URL
    async with Client(server) as client:
        listed = await client.list_tools()
        seen = {
            "version": client.protocol_version,
            "instructions": client.instructions,
            "tools": [tool.name for tool in listed.tools],
            "calls": [await call(client, name, arguments) for name, arguments in CALLS],
        }
    print(json.dumps(seen))


asyncio.run(main())
