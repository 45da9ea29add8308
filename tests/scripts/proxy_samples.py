"""`actions.request` of the official Python SDK for each request on standard input (JSON: connection, method, path, body); prints
status and body of each answer."""

import json
import os
import sys

import scalekit.client


def main():
    sdk = scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"],
    )
    seen = []
    for wanted in json.load(sys.stdin):
        answer = sdk.actions.request(
            connection_name=wanted["connection"], identifier="ann", path=wanted["path"], method=wanted["method"],
            body=wanted["body"],
        )
        seen.append({"status": answer.status_code, "body": answer.json()})
    print(json.dumps(seen))


main()
