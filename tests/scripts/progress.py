"""Official Python clients that want to know how far a call is: progress.py 1|2 URL TOOL ARGUMENTS. Prints what they were told
meanwhile, and what the call came to, as JSON."""

import asyncio
import json
import sys

GENERATION, URL, TOOL, ARGUMENTS = sys.argv[1:4] + [json.loads(sys.argv[4])]
told = []


async def tell(progress, total, message):
    told.append([progress, total, message])


async def second():
    from mcp import Client

    async with Client(URL) as client:
        answer = await client.call_tool(TOOL, ARGUMENTS, progress_callback=tell)
        return {"version": client.protocol_version, "is_error": answer.is_error, "text": answer.content[0].text}


async def first():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        opened = await session.initialize()
        answer = await session.call_tool(TOOL, ARGUMENTS, progress_callback=tell)
        return {"version": opened.protocolVersion, "is_error": answer.isError, "text": answer.content[0].text}


seen = asyncio.run(second() if GENERATION == "2" else first())
print(json.dumps({**seen, "told": told}))
