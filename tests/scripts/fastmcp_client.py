"""FastMCP's client at one URL: lists and calls. Prints JSON."""

import asyncio
import json
import sys

from fastmcp import Client
from mcp import MCPError

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])


async def call(client, name, arguments):
    try:
        answer = await client.call_tool(name, arguments, raise_on_error=False)
    except MCPError as error:
        return {"code": error.error.code, "text": error.error.message}
    return {"is_error": answer.is_error, "text": "\n".join(part.text for part in answer.content)}


async def main():
    async with Client(URL) as client:
        tools = [tool.name for tool in await client.list_tools()]
        calls = [await call(client, name, arguments) for name, arguments in CALLS]
        print(json.dumps({"tools": tools, "calls": calls}))


asyncio.run(main())
