"""The official Python client 1.x through a row of calls, in one session: what one answers, later ones may use.

Each call is a list: a name for its answer, the tool, its arguments. A text `$name.member.0.member` among the arguments
is taken from an earlier answer. Prints the answers by name: `{"done": data}` or `{"failed": words}`."""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

URL, CALLS = sys.argv[1], json.loads(sys.argv[2])


def filled(value, answers):
    if isinstance(value, dict):
        return {name: filled(one, answers) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, answers) for one in value]
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    name, *path = value[1:].split(".")
    found = answers[name]["done"]
    for part in path:
        found = found[int(part) if part.isdigit() else part]
    return found


async def main():
    answers = {}
    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        for name, tool, arguments in CALLS:
            answer = await session.call_tool(tool, filled(arguments, answers))
            text = "\n".join(part.text for part in answer.content)
            answers[name] = {"failed": text} if answer.isError else {"done": json.loads(text)}
    print(json.dumps(answers))


asyncio.run(main())
