"""The official Python client 2.x at one URL, in its own words: opens, lists, calls, and is refused. Prints JSON."""

import asyncio
import json
import sys

from mcp import Client, MCPError

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])


async def call(client, name, arguments):
    try:
        answer = await client.call_tool(name, arguments)
    except MCPError as error:
        return {"code": error.error.code, "text": error.error.message}
    return {"is_error": answer.is_error, "text": "\n".join(part.text for part in answer.content)}


async def main():
    async with Client(URL) as client:
        listed = await client.list_tools()
        seen = {
            "version": client.protocol_version,
            "instructions": client.instructions,
            "tools": [tool.name for tool in listed.tools],
            "calls": [await call(client, name, arguments) for name, arguments in CALLS],
        }
    print(json.dumps(seen))


asyncio.run(main())
