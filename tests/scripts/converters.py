"""What clients and model vendors make of the tools at one URL: every converter over every definition. Prints JSON, by
converter and tool: the converted definition, or how the conversion failed."""

import asyncio
import copy
import json
import logging
import sys

from agents.strict_schema import ensure_strict_json_schema
from anthropic import transform_schema
from anthropic.lib.tools.mcp import async_mcp_tool
from google.genai import types
from google.genai._mcp_utils import _filter_to_supported_schema, mcp_to_gemini_tool
from langchain_anthropic.chat_models import convert_to_anthropic_tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_google_genai._function_utils import convert_to_genai_function_declarations
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from openai.lib._pydantic import _ensure_strict_json_schema


class Warned(logging.Handler):
    """What a converter leaves out it only warns of."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.words = []

    def emit(self, record):
        self.words.append(record.getMessage())


def plain(model):
    return json.loads(model.model_dump_json(exclude_none=True))


def genai_strictly(tool):
    schema = types.JSONSchema(**_filter_to_supported_schema(tool.inputSchema))
    return plain(types.Schema.from_json_schema(json_schema=schema, raise_error_on_unsupported_field=True))


def converters(session):
    """By name: what takes a tool as MCP lists it, and what takes it as LangChain's adapter has it."""
    schema = lambda tool: copy.deepcopy(tool.inputSchema)
    listed = {
        "google-genai": lambda tool: plain(mcp_to_gemini_tool(tool))["function_declarations"][0],
        "google-genai, strictly": genai_strictly,
        "openai, strict": lambda tool: _ensure_strict_json_schema(schema(tool), path=(), root=schema(tool)),
        "openai-agents, strict": lambda tool: ensure_strict_json_schema(schema(tool)),
        "anthropic": lambda tool: async_mcp_tool(tool, session).to_dict(),
        "anthropic, strict": lambda tool: transform_schema(schema(tool)),
    }
    adapted = {
        "langchain-google-genai": lambda tool: [plain(made) for made in convert_to_genai_function_declarations([tool])],
        "langchain-openai, strict": lambda tool: convert_to_openai_tool(tool, strict=True),
        "langchain-anthropic": lambda tool: convert_to_anthropic_tool(tool),
    }
    return listed, adapted


async def main(url, token=None):
    warned = Warned()
    logging.getLogger().addHandler(warned)
    seen = {}
    async with streamablehttp_client(url, headers={"Authorization": f"Bearer {token}"} if token else None) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        listed, adapted = converters(session)
        pairs = [(listed, (await session.list_tools()).tools), (adapted, await load_mcp_tools(session))]
        for known, tools in pairs:
            for name, convert in known.items():
                for tool in tools:
                    warned.words.clear()
                    try:
                        made = {"made": convert(tool)}
                    except Exception as failure:
                        made = {"failed": repr(failure)}
                    seen.setdefault(name, {})[tool.name] = {**made, "warned": list(warned.words)}
    print(json.dumps(seen))


asyncio.run(main(*sys.argv[1:]))
