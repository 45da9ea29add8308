"""What the official Python SDK raises for one call of a tool that fails, and what it says of the tool. Prints JSON.

Arguments: the account's id, the tool, its arguments as JSON.
"""

import json
import os
import sys

import requests
import scalekit.client
from scalekit.common import exceptions

ACCOUNT, TOOL, ARGUMENTS = sys.argv[1:]
tokens = [0]
original = requests.Session.request


def counted(session, method, url, **rest):
    tokens[0] += url.endswith("/oauth/token")
    return original(session, method, url, **rest)


requests.Session.request = counted

names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
client_id, client_secret, env_url = (os.environ[name] for name in names)
sdk = scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)
try:
    done = sdk.actions.execute_tool(
        tool_input=json.loads(ARGUMENTS), tool_name=TOOL, connected_account_id=ACCOUNT
    )
    print(json.dumps({"class": None, "execution": done.execution_id, "tokens": tokens[0]}))
except exceptions.ScalekitServerException as error:
    kinds = [kind.__name__ for kind in type(error).__mro__]
    seen = {"class": type(error).__name__, "kinds": kinds, "text": str(error), "code": error.error_code, "tokens": tokens[0]}
    for name in ("tool_error_code", "tool_error_message", "execution_id"):
        seen[name] = getattr(error, name, None)
    print(json.dumps(seen))
