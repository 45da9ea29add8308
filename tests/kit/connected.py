"""A user whose connections are signed in at the lab."""

from .mcp import Wire
from .walker import Walker


def connected(server, user, config="test", mappings=None, account=1, without=()):
    """The wire to that user's instance, after consent to all of its connections."""
    instance = server.instance(user, config, mappings)
    for entry in server.links(instance).values():
        if entry["connected_account_status"] != "ACTIVE":
            Walker().connect(entry["authentication_link"], account, without)
    states = {name: entry["connected_account_status"] for name, entry in server.links(instance).items()}
    assert set(states.values()) == {"ACTIVE"}, states
    wire = Wire(instance["url"])
    wire.instance = instance
    return wire
