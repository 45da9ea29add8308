"""All tools of the catalogue behind one URL."""

import json

from .mcp import Wire
from .places import REPOSITORY


def every_tool(server, user, flags=(), connect=lambda connector, connection: None):
    """The URL of an instance that has every tool, and the tools as it lists them by name. `flags` are for each connection, and
    `connect` is called with each connector and its connection's name."""
    connectors = list(dict.fromkeys(tool["tool"].split("_")[0] for tool in server.cli_json("tool", "list")))
    for connector in connectors:
        server.cli("connection", "create", connector, "--name", f"ALL_{connector}", *flags)
        connect(connector, f"ALL_{connector}")
    mappings = [{"connection_name": f"ALL_{connector}", "tools": []} for connector in connectors]
    url = server.instance(user, "every-tool", mappings)["url"]
    tools = {tool["name"]: tool for tool in Wire(url).legacy("tools/list").result["tools"]}
    assert set(tools) == {tool["tool"] for tool in server.cli_json("tool", "list")}
    return url, tools


def golden(tool):
    """Arguments with which a tool does something, as its golden request has them."""
    name = tool.replace("githubpat_", "github_", 1)
    cases = json.loads((REPOSITORY / "catalogue" / "golden" / f"{name}.json").read_text())
    return next(case for case in cases if case["exchange"])["arguments"]
