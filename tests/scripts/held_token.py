"""What this version of the official Python SDK makes of a token that ends under it while it calls a tool, of what is too long,
of what takes too long for it, and of a client that is removed.

Arguments: the binary and the data folder, to do that to the client at the command line; and the account that calls. Prints JSON.
"""

import inspect
import json
import os
import subprocess
import sys

import requests
import scalekit.client
from scalekit.common.exceptions import ScalekitServerException

BINARY, DATA, ACCOUNT = sys.argv[1:]
MAIL = {"to": "ada@example.com", "subject": "held", "body": "once"}
tokens = [0]
original = requests.Session.request


def counted(session, method, url, **rest):
    tokens[0] += url.endswith("/oauth/token")
    return original(session, method, url, **rest)


requests.Session.request = counted


def client(**more):
    names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
    client_id, client_secret, env_url = (os.environ[name] for name in names)
    return scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url, **more)


def operator(*arguments):
    done = subprocess.run([BINARY, "--data", DATA, *arguments, os.environ["SCALEKIT_CLIENT_ID"]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def raised(call):
    before = tokens[0]
    try:
        done = call()
        return {"class": None, "tokens": tokens[0] - before, "execution": getattr(done, "execution_id", None)}
    except ScalekitServerException as error:
        seen = {"class": type(error).__name__, "code": error.error_code, "text": str(error)}
        return {**seen, "tokens": tokens[0] - before}


sdk = client()
send = lambda: sdk.actions.execute_tool(tool_name="gmail_send_message", tool_input=MAIL, connected_account_id=ACCOUNT)
operator("client", "expire")
seen = {"ended": raised(send), "too_long": raised(lambda: sdk.actions.mcp.create_config(name="held", description="x" * 1_100_000))}
if "call_timeout_s" in inspect.signature(scalekit.client.ScalekitClient.__init__).parameters:
    hurried = client(call_timeout_s=0.001)
    seen["too_late"] = raised(lambda: hurried.actions.mcp.list_configs())
operator("client", "delete")
seen["removed"] = raised(send)
print(json.dumps(seen))
