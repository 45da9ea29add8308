"""The official Python client 1.x at one URL, in its own words: opens, lists, calls, and is refused. Prints JSON."""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.exceptions import McpError

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])
# A session token, where the URL is no credential itself.
HEADERS = {"Authorization": f"Bearer {sys.argv[3]}"} if len(sys.argv) > 3 else None


async def call(session, name, arguments):
    try:
        answer = await session.call_tool(name, arguments)
    except McpError as error:
        return {"code": error.error.code, "text": error.error.message}
    return {"is_error": answer.isError, "text": "\n".join(part.text for part in answer.content)}


async def main():
    async with streamablehttp_client(URL, headers=HEADERS) as (read, write, _), ClientSession(read, write) as session:
        opened = await session.initialize()
        listed = await session.list_tools()
        seen = {
            "version": opened.protocolVersion,
            "instructions": opened.instructions,
            "tools": [tool.name for tool in listed.tools],
            "calls": [await call(session, name, arguments) for name, arguments in CALLS],
        }
    print(json.dumps(seen))


asyncio.run(main())
