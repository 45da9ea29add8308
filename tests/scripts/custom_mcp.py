"""A custom MCP provider for each way to sign in, by the official Python SDK, unmodified.

    custom_mcp.py make            reads {way: address}; makes providers, connections, and the account that brings a token
    custom_mcp.py use IDENTIFIER  reads {way: connection's name}; lists, calls, and makes a config, an instance and a session token

Prints what was seen as JSON.
"""

import json
import os
import sys

import scalekit.client
from scalekit.actions.models.custom_provider import AuthField, AuthPattern, OAuthConfig
from scalekit.actions.models.mcp_config import McpConfigConnectionToolMapping
from scalekit.actions.models.requests.create_custom_provider_request import CreateCustomProviderRequest
from scalekit.common.exceptions import ScalekitServerException
from scalekit.v1.connections.connections_pb2 import ConnectionType, CreateConnection, Flags
from scalekit.v1.tools.tools_pb2 import Filter, ScopedToolFilter

TOKEN = "the-right-token"
PATTERNS = {
    "open": ({"type": "NO_AUTH", "fields": []}, ConnectionType.NO_AUTH),
    "bearer": (
        {"type": "BEARER", "fields": [AuthField(field_name="token", label="Token", input_type="password", required=True)]},
        ConnectionType.BEARER,
    ),
    "oauth": ({"type": "OAUTH", "oauth_config": OAuthConfig(pkce_enabled=True)}, ConnectionType.OAUTH),
}

sdk = scalekit.client.ScalekitClient(
    client_id=os.environ["SCALEKIT_CLIENT_ID"],
    client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
    env_url=os.environ["SCALEKIT_ENV_URL"],
)


def make(addresses):
    made = {}
    for way, address in addresses.items():
        pattern, kind = PATTERNS[way]
        wanted = CreateCustomProviderRequest(
            display_name=f"Server {way}", description="", proxy_url=address, proxy_enabled=True,
            auth_patterns=[AuthPattern(display_name=way, is_mcp=True, **pattern)],
        )
        provider = sdk.actions.providers.create_custom_provider(wanted).provider
        name = f"MY {way}"
        wanted = CreateConnection(provider_key=provider.identifier, type=kind, key_id=name)
        sdk.connection.create_environment_connection(wanted, Flags(is_app=True))
        made[way] = {"name": name, "identifier": provider.identifier}
    return made


def connect(name, user):
    given = {"authorization_details": {"static_auth": {"token": TOKEN}}} if name.endswith("bearer") else {}
    account = sdk.actions.get_or_create_connected_account(connection_name=name, identifier=user, **given).connected_account
    if account.status == "ACTIVE":
        return None
    return sdk.actions.get_authorization_link(connection_name=name, identifier=user).link


def raised(call):
    try:
        call()
    except ScalekitServerException as error:
        return str(error)
    return None


def use(names, user):
    seen = {}
    for way, name in names.items():
        of = ScopedToolFilter(connection_names=[name])
        scoped = [one.tool.definition["name"] for one in sdk.tools.list_scoped_tools(identifier=user, filter=of)[0].tools]
        (add,) = [tool for tool in scoped if tool.endswith("_add")]
        account = sdk.actions.get_connected_account(connection_name=name, identifier=user).connected_account.id
        named = lambda **how: list(sdk.tools.list_tools(filter=Filter(summary={"value": True}, **how))[0].tool_names)
        listed = {
            "by_user": named(connector=name, identifier=user), "by_account": named(connected_account_id=account),
            "alone": named(connector=name),
        }
        asked = {"tool_name": add, "tool_input": {"a": 2, "b": 3}}
        whole = sdk.actions.execute_tool(**asked, identifier=user, connection_name=name).data
        alone = sdk.actions.execute_tool(**asked, identifier=user).data
        mapping = McpConfigConnectionToolMapping(connection_name=name, tools=[add])
        config = sdk.actions.mcp.create_config(name=f"server-{way}", connection_tool_mappings=[mapping]).config
        instance = sdk.actions.mcp.ensure_instance(config_name=config.name, user_identifier=user).instance
        session = sdk.actions.mcp.create_session_token(mcp_config_id=config.id, identifier=user)
        seen[way] = {
            "scoped": scoped, "listed": listed, "add": add, "answers": [whole, alone], "url": instance.url,
            "static": config.mcp_server_url, "token": session.token,
        }
    other = dict(zip(names, [*list(names.values())[1:], *list(names.values())[:1]]))
    seen["refused"] = [
        raised(lambda: sdk.actions.execute_tool(
            tool_name=seen[way]["add"], tool_input={"a": 1, "b": 1}, identifier=user, connection_name=other[way],
        ))
        for way in names
    ]
    return seen


if sys.argv[1] == "make":
    print(json.dumps(make(json.load(sys.stdin))))
elif sys.argv[1] == "connect":
    print(json.dumps({way: connect(name, sys.argv[2]) for way, name in json.load(sys.stdin).items()}))
else:
    print(json.dumps(use(json.load(sys.stdin), sys.argv[2])))
