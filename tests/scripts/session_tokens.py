"""create_session_token of the unmodified SDK, asked for what is read from standard input: a list of keyword arguments.
Prints the tokens, or what was raised."""

import json
import os
import sys
from datetime import timedelta

import scalekit.client
from scalekit.common.exceptions import ScalekitServerException


def one(mcp, asked):
    if "expiry" in asked:
        asked["expiry"] = timedelta(seconds=asked["expiry"])
    try:
        made = mcp.create_session_token(**asked)
    except ScalekitServerException as error:
        return {"class": type(error).__name__, "text": str(error)}
    return {"token": made.token, "expires_at": made.expires_at.isoformat()}


client = scalekit.client.ScalekitClient(
    client_id=os.environ["SCALEKIT_CLIENT_ID"],
    client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
    env_url=os.environ["SCALEKIT_ENV_URL"],
)
print(json.dumps([one(client.actions.mcp, asked) for asked in json.load(sys.stdin)]))
