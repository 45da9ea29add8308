"""EventsService by the official Python SDK. Arguments: a user and that user's account. Prints JSON."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

import scalekit.client
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from scalekit.common import exceptions
from scalekit.v1.events.events_pb2 import DIR_SYNC, SCALEKIT, EventFilter

ACCOUNT = sys.argv[1]


def client():
    names = ("SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET", "SCALEKIT_ENV_URL")
    client_id, client_secret, env_url = (os.environ[name] for name in names)
    return scalekit.client.ScalekitClient(client_id=client_id, client_secret=client_secret, env_url=env_url)


def main():
    events = client().events

    def page(size=None, token=None, **wanted):
        listed = events.list_events_paginated(page_size=size, page_token=token, filter=EventFilter(**wanted))[0]
        return {
            "events": [MessageToDict(event, preserving_proto_field_name=True) for event in listed.events],
            "next": listed.next_page_token, "previous": listed.prev_page_token,
        }

    def raised(**how):
        try:
            page(**how)
        except exceptions.ScalekitServerException as error:
            return {"class": type(error).__name__, "text": str(error)}
        return None

    def at(hours):
        stamp = Timestamp()
        stamp.FromDatetime(datetime.now(timezone.utc) + timedelta(hours=hours))
        return stamp

    first = page(2, connected_account_id=ACCOUNT)
    second = page(2, first["next"], connected_account_id=ACCOUNT)
    seen = {
        "all": page(connected_account_id=ACCOUNT), "first": first, "second": second,
        "back": page(2, second["previous"], connected_account_id=ACCOUNT),
        "created": page(connected_account_id=ACCOUNT, event_types=["connected_account.created", "user.created"]),
        "from_the_server": page(connected_account_id=ACCOUNT, source=SCALEKIT),
        "from_a_directory": page(connected_account_id=ACCOUNT, source=DIR_SYNC),
        "later": page(connected_account_id=ACCOUNT, start_time=at(1)),
        "until_later": page(connected_account_id=ACCOUNT, end_time=at(1)),
        "without_filter": len(events.list_events_paginated()[0].events),
        "garbage": raised(token="zebra"),
        "misspelt": raised(event_types=["connected_account.create"]),
        "nobody": raised(connected_account_id="ca_none"),
    }
    print(json.dumps(seen))


main()
