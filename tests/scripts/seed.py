"""The calls of an AgentKit app's first day, with an unmodified SDK: client, config, instance, auth state, agent.

Reads the SDK's usual variables from the environment and prints one JSON object with what it saw.
"""

import asyncio
import json
import os
import sys

import scalekit.client
from langchain_mcp_adapters.client import MultiServerMCPClient
from langgraph.prebuilt import create_react_agent
from scalekit.actions.models.mcp_config import McpConfigConnectionToolMapping

USER = sys.argv[1] if len(sys.argv) > 1 else "john-doe"
CONFIG = sys.argv[2] if len(sys.argv) > 2 else "reminder-manager"


def sign_in():
    return scalekit.client.ScalekitClient(
        client_id=os.getenv("SCALEKIT_CLIENT_ID"),
        client_secret=os.getenv("SCALEKIT_CLIENT_SECRET"),
        env_url=os.getenv("SCALEKIT_ENV_URL"),
    )


def config_of(mcp):
    existing = [c for c in mcp.list_configs(filter_name=CONFIG).configs or [] if c.name == CONFIG]
    if existing:
        return existing[0]
    mappings = [
        McpConfigConnectionToolMapping(connection_name="MY_GMAIL", tools=["gmail_fetch_mails"]),
        McpConfigConnectionToolMapping(connection_name="MY_CALENDAR", tools=["googlecalendar_create_event"]),
    ]
    made = mcp.create_config(
        name=CONFIG,
        description="Summarizes latest email and creates a reminder event",
        connection_tool_mappings=mappings,
    )
    return made.config


async def ask_agent(url):
    client = MultiServerMCPClient({"reminder_demo": {"transport": "streamable_http", "url": url}})
    tools = await client.get_tools()
    agent = create_react_agent("openai:gpt-4.1", tools)
    request = "Get my latest email and create a calendar reminder in the next 15 minutes."
    answer = await agent.ainvoke({"messages": request})
    return sorted(tool.name for tool in tools), answer["messages"][-1].content


def main():
    mcp = sign_in().actions.mcp
    config = config_of(mcp)
    first = mcp.ensure_instance(config_name=config.name, user_identifier=USER).instance
    again = mcp.ensure_instance(config_name=config.name, user_identifier=USER).instance
    state = mcp.get_instance_auth_state(instance_id=first.id, include_auth_links=True)
    tools, last_words = asyncio.run(ask_agent(first.url))
    seen = {
        "config": config.name,
        "instance": first.id,
        "url": first.url,
        "again": [again.id, again.url],
        "connections": [
            {
                "name": conn.connection_name,
                "status": conn.connected_account_status,
                "link": conn.authentication_link,
                "provider": conn.provider,
            }
            for conn in getattr(state, "connections", [])
        ],
        "tools": tools,
        "last_words": last_words,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
