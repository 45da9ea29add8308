"""An app with one static MCP server and a session token for each run, with an unmodified SDK.

`prepare` makes the config and asks how far the user has signed in; `run` asks for a token and lets an agent's client at
the server. Reads the SDK's usual variables from the environment and prints one JSON object with what it saw.
"""

import asyncio
import json
import os
import sys
from datetime import datetime, timedelta, timezone

import scalekit.client
from langchain_mcp_adapters.client import MultiServerMCPClient
from scalekit.actions.models.mcp_config import McpConfigConnectionToolMapping

STEP, USER, CONFIG = sys.argv[1:4]


def sign_in():
    return scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"],
    ).actions


def the_config(mcp):
    there = [config for config in mcp.list_configs(filter_name=CONFIG).configs or [] if config.name == CONFIG]
    if there:
        return there[0]
    tools = ["gmail_fetch_mails", "gmail_send_message"]
    mapping = McpConfigConnectionToolMapping(connection_name="MY_GMAIL", tools=tools)
    return mcp.create_config(name=CONFIG, connection_tool_mappings=[mapping]).config


def prepare(mcp):
    config = the_config(mcp)
    before = mcp.list_mcp_connected_accounts(config_id=config.id, identifier=USER)
    with_links = mcp.list_mcp_connected_accounts(config_id=config.id, identifier=USER, include_auth_link=True)
    return {
        "before": [state.to_dict() for state in before.connected_accounts],
        "with_links": [state.to_dict() for state in with_links.connected_accounts],
    }


async def fetch(url, token):
    headers = {"Authorization": f"Bearer {token}"}
    client = MultiServerMCPClient({"app": {"transport": "streamable_http", "url": url, "headers": headers}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    asked = {"type": "tool_call", "id": "1", "name": "gmail_fetch_mails", "args": {"max_results": 1}}
    message = await tools["gmail_fetch_mails"].ainvoke(asked)
    return list(tools), message.status, message.text


def run(mcp):
    config = the_config(mcp)
    token = mcp.create_session_token(mcp_config_id=config.id, identifier=USER, expiry=timedelta(minutes=10))
    reading = mcp.create_session_token(mcp_config_id=config.id, identifier=USER, access_level="READ_ONLY")
    tools, status, text = asyncio.run(fetch(config.mcp_server_url, token.token))
    only_reading, _, _ = asyncio.run(fetch(config.mcp_server_url, reading.token))
    left = token.expires_at.replace(tzinfo=timezone.utc) - datetime.now(timezone.utc)
    return {
        "url": config.mcp_server_url, "tools": tools, "only_reading": only_reading, "status": status, "text": text,
        "seconds_left": left.total_seconds(),
    }


print(json.dumps({"prepare": prepare, "run": run}[STEP](sign_in().mcp)))
