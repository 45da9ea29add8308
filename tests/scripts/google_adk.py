"""Google ADK's adapter of the official SDK: a user's tools as declarations for Gemini, and calls. Prints JSON.

Arguments: the user, a tool, and calls as a JSON list of arguments.
"""

import asyncio
import json
import os
import sys

import scalekit.client

USER, TOOL, CALLS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


async def main():
    names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
    client_id, client_secret, env_url = (os.environ[name] for name in names)
    sdk = scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)
    tools = {tool.name: tool for tool in sdk.actions.google.get_tools(identifier=USER)}
    declared = {name: tool._get_declaration() for name, tool in tools.items()}
    said = [await tools[TOOL]._run_async_impl(args=arguments, tool_context=None, credential=None) for arguments in CALLS]
    print(json.dumps({"tools": sorted(tools), "declared": sorted(one.name for one in declared.values()), "said": said}))


asyncio.run(main())
