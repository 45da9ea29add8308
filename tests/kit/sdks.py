"""The official SDKs whose calls of tools are looked at."""

import json

from . import node, scripts

# The newest of both, the first that know TOOL_ERROR, and the oldest, which do not and repeat what failed.
PYTHON, NODE = ("seed", "once", "oldest"), ("@scalekit-sdk/node", "scalekit-node-once", "scalekit-node-oldest")
SDKS = [*PYTHON, *NODE]
OLDEST = {"oldest", "scalekit-node-oldest"}


def called(env, sdk, account, tool, arguments):
    """One call of a tool by this SDK for an account: what it raised, if anything."""
    arguments = json.dumps(arguments)
    if sdk in PYTHON:
        return scripts.run("tools_classes.py", account, tool, arguments, env=env, environment=sdk)
    return node.run("tools.mjs", sdk, "", account, tool, arguments, env=env)["called"]
