"""The protocol's own Python client, whose user answers questions: answering.py URL TOOL ARGUMENTS ANSWERS. The answers are given
one after the other. Prints what the call came to, and what was asked, as JSON."""

import asyncio
import json
import sys

from mcp import Client
from mcp_types import ElicitResult

URL, TOOL, ARGUMENTS, ANSWERS = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
asked = []


async def answer(context, params):
    asked.append(params.model_dump(by_alias=True, exclude_none=True))
    return ElicitResult(**ANSWERS[min(len(asked), len(ANSWERS)) - 1])


async def called():
    async with Client(URL, elicitation_callback=answer, input_required_max_rounds=30) as client:
        try:
            answered = await client.call_tool(TOOL, ARGUMENTS)
        except Exception as error:
            return {"refused": str(error)}
        texts = [part.text for part in answered.content]
        return {"version": client.protocol_version, "is_error": answered.is_error, "texts": texts}


print(json.dumps({**asyncio.run(called()), "asked": asked}))
