"""A coding agent with a plan, on the official Python client 2.x: each step calls a tool, with what earlier steps were
answered. Prints what every step was answered, as JSON.

A step is [name, tool, arguments]; a text `$step/pointer` in arguments is that step's answer at that JSON pointer."""

import asyncio
import json
import sys

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

URL, TOKEN, PLAN = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])


def at(answers, text):
    step, _, pointer = text[1:].partition("/")
    value = answers[step]
    for part in pointer.split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def filled(answers, value):
    if isinstance(value, dict):
        return {name: filled(answers, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(answers, inner) for inner in value]
    return at(answers, value) if isinstance(value, str) and value.startswith("$") else value


async def main():
    answers = {}
    server = streamable_http_client(URL, http_client=create_mcp_http_client({"Authorization": f"Bearer {TOKEN}"}))
    async with Client(server) as client:
        known = {tool.name for tool in (await client.list_tools()).tools}
        for name, tool, arguments in PLAN:
            assert tool in known, tool
            answer = await client.call_tool(tool, filled(answers, arguments))
            assert not answer.is_error, f"{name}: {answer.content[0].text}"
            answers[name] = json.loads(answer.content[0].text)
    print(json.dumps(answers))


asyncio.run(main())
