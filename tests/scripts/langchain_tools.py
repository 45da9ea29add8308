"""langchain-mcp-adapters at one URL: its tools, called as an agent's tool node calls them. Prints JSON."""

import asyncio
import json
import sys

from langchain_mcp_adapters.client import MultiServerMCPClient

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])
# A session token, where the URL is no credential itself.
HEADERS = {"headers": {"Authorization": f"Bearer {sys.argv[3]}"}} if len(sys.argv) > 3 else {}


async def call(tools, name, arguments):
    asked = {"type": "tool_call", "id": "call-1", "name": name, "args": arguments}
    message = await tools[name].ainvoke(asked)
    return {"is_error": message.status == "error", "text": message.text}


async def main():
    client = MultiServerMCPClient({"own": {"transport": "streamable_http", "url": URL, **HEADERS}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    calls = [await call(tools, name, arguments) for name, arguments in CALLS]
    print(json.dumps({"tools": list(tools), "calls": calls}))


asyncio.run(main())
