"""What the official SDK raises when the server's database goes away under it, and what it gets when it is back.

Says when it is ready, and goes on at a line of standard input: once with the database down, once with it back.
"""

import json
import os
import sys
import time

import scalekit.client
from scalekit.common.exceptions import ScalekitServerException


def client():
    names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
    client_id, client_secret, env_url = (os.environ[name] for name in names)
    return scalekit.client.ScalekitClient(env_url=env_url, client_id=client_id, client_secret=client_secret)


def raised(call):
    begun = time.monotonic()
    try:
        call()
    except ScalekitServerException as error:
        seconds = time.monotonic() - begun
        seen = {"class": type(error).__name__, "http": int(error.http_status), "code": error.error_code}
        return {**seen, "text": str(error), "seconds": seconds}
    except Exception as error:
        return {"class": type(error).__name__, "text": str(error), "seconds": time.monotonic() - begun}
    return {"class": None}


def main():
    sdk = client()
    listing = lambda: sdk.actions.mcp.list_configs()
    seen = {"before": raised(listing)}
    print("ready", flush=True)
    sys.stdin.readline()
    seen["down"] = raised(listing)
    seen["new"] = raised(client)
    print("ready", flush=True)
    sys.stdin.readline()
    seen["back"] = raised(listing)
    print(json.dumps(seen), flush=True)


main()
