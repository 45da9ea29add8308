"""Official Python clients that open pages for their user: elicited.py 1|2 URL TOOL ARGUMENTS [ANSWER]. The user is the lab's, who
signs in and approves by the pages' forms, in one browser. Prints what the call came to, and what was asked, as JSON."""

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kit.walker import Walker

GENERATION, URL, TOOL, ARGUMENTS = sys.argv[1:4] + [json.loads(sys.argv[4])]
ANSWER = sys.argv[5] if len(sys.argv) > 5 else "accept"
BROWSER = Walker()
asked = []


def does(url, message):
    asked.append({"url": url, "message": message})
    if "/connect/approve/" in url:
        BROWSER.open(url)
        asked[-1]["page"] = BROWSER.text
        BROWSER.submit("approve")
    elif ANSWER == "accept":
        BROWSER.connect(url)


async def second():
    from mcp import Client
    from mcp_types import ElicitResult

    async def elicited(context, params):
        await asyncio.to_thread(does, params.url, params.message)
        return ElicitResult(action=ANSWER)

    async with Client(URL, elicitation_callback=elicited) as client:
        answer = await client.call_tool(TOOL, ARGUMENTS)
        return {"version": client.protocol_version, "is_error": answer.is_error, "text": answer.content[0].text}


async def first():
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client
    from mcp.shared.exceptions import McpError, UrlElicitationRequiredError

    async def elicited(context, params):
        raise AssertionError("a server without a session asks nothing by itself")

    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write, elicitation_callback=elicited) as session:
        opened = await session.initialize()
        codes = []
        while True:
            try:
                answer = await session.call_tool(TOOL, ARGUMENTS)
                break
            except McpError as error:
                codes.append(error.error.code)
                assert len(codes) < 4, codes
                (one,) = UrlElicitationRequiredError.from_error(error.error).elicitations
                await asyncio.to_thread(does, one.url, one.message)
        return {"version": opened.protocolVersion, "codes": codes, "is_error": answer.isError, "text": answer.content[0].text}


seen = asyncio.run(second() if GENERATION == "2" else first())
print(json.dumps({**seen, "asked": asked}))
