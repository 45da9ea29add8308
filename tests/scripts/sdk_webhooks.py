"""Verifies messages with the official Python SDK: for each of those that come in as JSON (secret, headers, body), whether it
takes it."""

import json
import sys

import scalekit.client


def verdict(client, message):
    try:
        return client.verify_webhook_payload(message["secret"], message["headers"], message["body"])
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# The method looks at nothing of the client.
client = object.__new__(scalekit.client.ScalekitClient)
print(json.dumps([verdict(client, message) for message in json.load(sys.stdin)]))
