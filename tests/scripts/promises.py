"""What the document promises beside its five steps, and what the SDK raises when something is wrong."""

import json
import os

import scalekit.client
from scalekit.actions.models.mcp_config import McpConfigConnectionToolMapping as Mapping
from scalekit.common.exceptions import ScalekitServerException


def client(secret=None):
    return scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=secret or os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"],
    )


def raised(call):
    try:
        call()
    except ScalekitServerException as error:
        return {"class": type(error).__name__, "text": str(error), "code": getattr(error, "error_code", None)}
    return {"class": None, "text": "", "code": None}


def main():
    mcp = client().actions.mcp
    gmail = [Mapping(connection_name="MY_GMAIL", tools=[])]
    made = mcp.create_config(name="promises", connection_tool_mappings=gmail).config
    seen = {"config_id": made.id}
    seen["second_create"] = raised(lambda: mcp.create_config(name="promises", connection_tool_mappings=gmail))
    seen["listed_by_name"] = [c.id for c in mcp.list_configs(filter_name="promises").configs]
    first = mcp.ensure_instance(config_name="promises", user_identifier="user_123", name="n1").instance
    again = mcp.ensure_instance(config_name="promises", user_identifier="user_123", name="n1").instance
    seen["named"] = [first.name, again.name]
    seen["named_is_stable"] = first.id == again.id and first.url == again.url
    seen["all_tools"] = count_tools(first.url)

    def create(name="other", connection="MY_GMAIL", tools=()):
        mapping = Mapping(connection_name=connection, tools=list(tools))
        return raised(lambda: mcp.create_config(name=name, connection_tool_mappings=[mapping]))

    seen["unknown_connection"] = create(connection="MY_GMIAL")
    seen["unknown_tool"] = create(tools=["gmail_fetch_mail"])
    seen["tool_of_another"] = create(tools=["googlecalendar_create_event"])
    seen["bad_name"] = create(name="Upper Case")
    seen["unknown_instance"] = raised(lambda: mcp.get_instance_auth_state(instance_id="inst_88630864544790977"))
    seen["wrong_secret"] = raised(lambda: client("wrong"))
    print(json.dumps(seen))


def count_tools(url):
    import asyncio

    from langchain_mcp_adapters.client import MultiServerMCPClient

    server = MultiServerMCPClient({"all": {"transport": "streamable_http", "url": url}})
    return len(asyncio.run(server.get_tools()))


if __name__ == "__main__":
    main()
