"""Google ADK at an MCP URL: its toolset lists what its agents would be offered, and its tools call.

Arguments: the URL, and calls as a JSON list of [tool, arguments]. Prints JSON.
"""

import asyncio
import json
import sys

from google.adk.tools.mcp_tool import McpToolset, StreamableHTTPConnectionParams

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])


async def main():
    toolset = McpToolset(connection_params=StreamableHTTPConnectionParams(url=URL))
    try:
        tools = {tool.name: tool for tool in await toolset.get_tools()}
        calls = []
        for name, arguments in CALLS:
            said = await tools[name].run_async(args=arguments, tool_context=None)
            text = "\n".join(part.get("text", "") for part in said["content"])
            calls.append({"is_error": said["isError"], "text": text})
        declared = [tool._get_declaration().name for tool in tools.values()]
        assert declared == list(tools), "each is a declaration for a model"
        print(json.dumps({"tools": list(tools), "calls": calls}))
    finally:
        await toolset.close()


asyncio.run(main())
