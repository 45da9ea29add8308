"""Verifies messages with the Standard Webhooks library: for each of those that come in as JSON (secret, headers, body), what
it says of it."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def verdict(message):
    try:
        return {"event": Webhook(message["secret"]).verify(message["body"], message["headers"])}
    except WebhookVerificationError as error:
        return {"refused": str(error)}


print(json.dumps([verdict(message) for message in json.load(sys.stdin)]))
