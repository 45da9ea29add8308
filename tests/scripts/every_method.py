"""Every AgentKit method that this version of the official Python SDK has, called once with success and, where it can be, once
so that it is refused.

Arguments: the user, whose account on MY_GMAIL is signed in. Prints JSON: the version, what each method came to, and which
methods there are that were not called.
"""

import inspect
import json
import os
import sys
from importlib.metadata import version

import scalekit.client
from scalekit.actions.models.mcp_config import McpConfigConnectionToolMapping
from scalekit.common.exceptions import ScalekitServerException
from scalekit.v1.connected_accounts.connected_accounts_pb2 import CreateConnectedAccount, UpdateConnectedAccount
from scalekit.v1.connections.connections_pb2 import ConnectionType, CreateConnection, Flags, UpdateConnection
from scalekit.v1.tools.tools_pb2 import ScopedToolFilter

USER = sys.argv[1]
OTHER = f"{USER}-other"

# What doesn't ask the server, or is the same method once more.
NOT_CALLED = {
    "add_modifier", "get_modifiers", "post_modifier", "pre_modifier", "create_config", "delete_config", "delete_instance",
    "ensure_instance", "get_instance", "get_instance_auth_state", "list_configs", "list_instances", "update_config",
    "update_instance",
}


class Calls:
    def __init__(self):
        names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
        client_id, client_secret, env_url = (os.environ[name] for name in names)
        self.sdk = scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)
        self.seen, self.called, self.paged = {}, set(), {}

    def __call__(self, of, method_name, /, wrong=None, **how):
        """Calls a method if this version has it; `wrong` changes arguments so that it is refused."""
        method = getattr(of, method_name, None)
        if method is None:
            return None
        key = f"{type(of).__name__}.{method_name}"
        self.called.add(key)
        done = method(**how)
        self.seen[key] = {"ok": True}
        if wrong is not None:
            try:
                method(**{**how, **wrong})
            except ScalekitServerException as error:
                self.seen[key]["refused"] = type(error).__name__
        return done

    def pages(self, of, method_name, items, /, **how):
        """Follows a list page by page to its end, one thing on each, and one page back, if this version has it in pages."""
        method = getattr(of, method_name, None)
        if method is None or "page_token" not in inspect.signature(method).parameters:
            return
        seen, token = [], None
        while token is None or token:
            answer = method(page_size=1, **({"page_token": token} if token else {}), **how)
            page = answer[0] if isinstance(answer, tuple) else answer
            # Some of the SDK's models leave out how to go back.
            seen.append((str(getattr(page, items)[0]), getattr(page, "prev_page_token", None)))
            token = page.next_page_token or ""
        followed = {"pages": len(seen), "different": len({item for item, _ in seen}), "first": seen[0][1] or ""}
        if seen[1][1] is not None:
            back = method(page_size=1, page_token=seen[1][1], **how)
            back = back[0] if isinstance(back, tuple) else back
            followed["back"] = str(getattr(back, items)[0]) == seen[0][0]
        self.paged[f"{type(of).__name__}.{method_name}"] = followed

    def refused(self, of, method_name, /, **how):
        """Calls a method that this server has not, if this version has it."""
        method = getattr(of, method_name, None)
        if method is None:
            return
        key = f"{type(of).__name__}.{method_name}"
        self.called.add(key)
        known = inspect.signature(method).parameters
        try:
            method(**{name: value for name, value in how.items() if name in known})
        except ScalekitServerException as error:
            self.seen[key] = {"ok": True, "refused": type(error).__name__}

    def not_called(self, *objects):
        names = {
            f"{type(of).__name__}.{name}" for of in objects for name, _ in inspect.getmembers(type(of), inspect.isfunction)
            if not name.startswith("_")
        }
        own = {f"ActionClient.{name}" for name in NOT_CALLED}
        return sorted(names - self.called - own)


def main():
    call = Calls()
    actions, tools, accounts = call.sdk.actions, call.sdk.tools, call.sdk.connected_accounts
    mcp = actions.mcp
    of_user = {"connection_name": "MY_GMAIL", "identifier": USER}
    nobody = {"identifier": "nobody-at-all"}

    for name in ("get_connected_account", "get_connected_account_details"):
        call(actions, name, wrong=nobody, **of_user)
    call(actions, "get_authorization_link", wrong={"connection_name": "NONE"}, connection_name="MY_GMAIL", identifier=USER)
    call(actions, "list_connected_accounts", wrong={"connection_name": "NONE"}, connection_name="MY_GMAIL", identifier=USER)
    new = {"connection_name": "MY_GMAIL", "identifier": OTHER}
    given = {"oauth_token": {"access_token": "at-1", "refresh_token": "rt-1", "scopes": []}}
    call(actions, "create_connected_account", wrong={}, authorization_details=given, **new)
    call(actions, "get_or_create_connected_account", wrong={"connection_name": "NONE"}, **new)
    call(actions, "update_connected_account", wrong=nobody, api_config={"team": "a"}, **new)
    call(actions, "upsert_connected_account", authorization_details=given, wrong={"connection_name": "NONE"}, **new)
    call(actions, "delete_connected_account", wrong={}, **new)
    execute = {"tool_name": "gmail_fetch_mails", "identifier": USER}
    call(actions, "execute_tool", wrong={"tool_name": "gmail_nothing"}, tool_input={"max_results": 1}, **execute)
    call(actions, "list_tools", wrong={"page_token": "garbage"}, identifier=USER, provider="GMAIL")
    call(actions, "request", path="/gmail/v1/users/me/profile", **of_user)

    call(tools, "list_tools", page_size=2, wrong={"page_token": "garbage"})
    call(tools, "list_scoped_tools", identifier=USER, wrong={"page_token": "garbage"})
    call(tools, "search_tools", query="read my mail", identifier=USER, wrong={"query": "x" * 300})
    call(tools, "execute_tool", params={"max_results": 1}, wrong={"tool_name": "gmail_nothing"}, **execute)

    raw = {"connector": "MY_GMAIL", "identifier": USER}
    for name in ("get_connected_account_by_identifier", "get_connected_account_details_by_identifier"):
        call(accounts, name, wrong=nobody, **raw)
    call(accounts, "get_magic_link_for_connected_account", wrong={"connector": "NONE"}, **raw)
    call(accounts, "list_connected_accounts", connector="MY_GMAIL", page_size=1, wrong={"page_token": "garbage"})

    raw_accounts(call, accounts)
    providers(call, actions)
    connections(call, call.sdk.connection)
    events = getattr(call.sdk, "events", None)
    call(events, "list_events_paginated", page_size=1, wrong={"page_token": "garbage"})

    mapping = McpConfigConnectionToolMapping(connection_name="MY_GMAIL", tools=["gmail_fetch_mails"])
    config = {"name": f"every-{USER}", "connection_tool_mappings": [mapping]}
    made = call(mcp, "create_config", wrong={}, **config).config
    call(mcp, "list_configs", filter_name=made.name, wrong={"page_token": "garbage"})
    call(mcp, "update_config", config_id=made.id, description="Words", wrong={"config_id": "cfg_nobody"})
    ensure = {"config_name": made.name, "user_identifier": USER}
    instance = call(mcp, "ensure_instance", wrong={"config_name": "no-such-config"}, **ensure).instance
    of_instance, unknown = {"instance_id": instance.id}, {"instance_id": "inst_nobody"}
    call(mcp, "get_instance", wrong=unknown, **of_instance)
    call(mcp, "get_instance_auth_state", include_auth_links=True, wrong=unknown, **of_instance)
    call(mcp, "list_instances", filter_user_identifier=USER, page_size=1, wrong={"page_token": "garbage"})
    call(mcp, "update_instance", name="renamed", wrong=unknown, **of_instance)
    call(mcp, "list_mcp_connected_accounts", config_id=made.id, identifier=USER, wrong={"config_id": "cfg_nobody"})
    call(mcp, "create_session_token", mcp_config_id=made.id, identifier=USER, wrong={"mcp_config_id": "cfg_nobody"})
    again = mcp.create_config(**{**config, "name": f"{config['name']}-again"}).config
    mcp.ensure_instance(config_name=again.name, user_identifier=USER)
    actions.get_or_create_connected_account(connection_name="MY_CALENDAR", identifier=USER)
    call.pages(mcp, "list_configs", "configs", search=made.name)
    call.pages(mcp, "list_instances", "instances", filter_user_identifier=USER)
    call.pages(actions, "list_connected_accounts", "connected_accounts", identifier=USER)
    call.pages(accounts, "list_connected_accounts", "connected_accounts", identifier=USER)
    call.pages(call.sdk.connection, "list_app_connections", "connections")
    few = ScopedToolFilter(tool_names=["gmail_fetch_mails", "gmail_send_message", "gmail_list_threads"])
    call.pages(tools, "list_scoped_tools", "tools", identifier=USER, filter=few)
    mcp.delete_config(config_id=again.id)
    call(mcp, "delete_instance", wrong={}, **of_instance)
    call(mcp, "delete_config", config_id=made.id, wrong={})

    chain = {tool.name: tool for tool in actions.langchain.get_tools(identifier=USER)} if has_langchain() else None
    # What `sdk.mcp` has, `actions.mcp` calls.
    there = [actions, mcp, tools, accounts, call.sdk.connection, getattr(actions, "providers", None), events]
    left = call.not_called(*[of for of in there if of is not None])
    print(json.dumps({
        "version": version("scalekit-sdk-python"), "seen": call.seen, "left": left, "paged": call.paged,
        "langchain": None if chain is None else "gmail_fetch_mails" in chain,
    }))


def raw_accounts(call, accounts):
    """The client under `actions`, which older apps call."""
    of_raw = {"connector": "MY_GMAIL", "identifier": f"{USER}-raw"}
    call(accounts, "create_connected_account", wrong={}, connected_account=CreateConnectedAccount(), **of_raw)
    call(
        accounts, "update_connected_account", wrong={"identifier": "nobody-at-all"}, connected_account=UpdateConnectedAccount(),
        **of_raw,
    )
    call(accounts, "delete_connected_account", wrong={}, **of_raw)


def providers(call, actions):
    """Custom providers, where this version has them."""
    of = getattr(actions, "providers", None)
    if of is None:
        return
    from scalekit.actions.models import custom_provider as models
    from scalekit.actions.models.requests import (
        create_custom_provider_request as create, delete_custom_provider_request as delete,
        list_providers_request as listing, update_custom_provider_request as update,
    )
    pattern = models.AuthPattern(type="NO_AUTH", display_name="None", fields=[])
    new = create.CreateCustomProviderRequest(
        display_name=f"Every {''.join(c for c in USER if c.isalnum())}", proxy_url="https://api.acme.com", auth_patterns=[pattern],
    )
    made = call(of, "create_custom_provider", request=new, wrong={"request": new}).provider
    change = {"display_name": made.display_name, "proxy_url": "https://api.acme.com/v2"}
    call(
        of, "update_custom_provider", request=update.UpdateCustomProviderRequest(identifier=made.identifier, **change),
        wrong={"request": update.UpdateCustomProviderRequest(identifier="ACME:1", **change)},
    )
    call(of, "list_providers", request=listing.ListProvidersRequest(), wrong={"request": listing.ListProvidersRequest(page_token="garbage")})
    gone = delete.DeleteCustomProviderRequest(identifier=made.identifier)
    call(of, "delete_custom_provider", request=gone, wrong={"request": gone})


def connections(call, of):
    """The connections of AgentKit; those of organisations' sign-on are refused by name."""
    call(of, "list_app_connections", page_size=1, wrong={"page_token": "garbage"})
    new = {"connection": CreateConnection(provider_key="GMAIL", type=ConnectionType.OAUTH, key_id=f"EVERY {USER}")}
    if hasattr(of, "create_environment_connection"):
        made = call(of, "create_environment_connection", flags=Flags(is_app=True), wrong={}, **new)[0].connection
        unknown = {"connection_id": "conn_none"}
        call(of, "get_environment_connection", connection_id=made.id, wrong=unknown)
        change = UpdateConnection(provider_key="GMAIL", type=ConnectionType.OAUTH)
        call(of, "update_environment_connection", connection_id=made.id, connection=change, wrong=unknown)
    sign_on = {"organization_id": "org_1", "connection_id": "conn_1"}
    call.refused(of, "get_connection", conn_id="conn_1", organization_id="org_1")
    call.refused(of, "list_connections_by_domain", domain="acme.com")
    call.refused(of, "list_connections", organization_id="org_1")
    for name in ("enable_connection", "disable_connection"):
        call.refused(of, name, conn_id="conn_1", organization_id="org_1")
    call.refused(of, "create_connection", organization_id="org_1", **new)
    call.refused(of, "delete_connection", **sign_on)


def has_langchain():
    try:
        import langchain_core  # noqa: F401
    except ImportError:
        return False
    return True


main()
