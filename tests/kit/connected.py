"""A user whose connections are signed in at the lab, and what such a user's agent calls."""

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


def attempt(wire, tool, **arguments):
    """One call of a tool; what is wrong with its answer, if anything is."""
    answer = wire.legacy("tools/call", {"name": tool, "arguments": arguments})
    if answer.status != 200:
        return f"{answer.status} {answer.body[:300]}"
    failed, text = answer.said
    return text if failed else None


def fetch(wire):
    """The same of a tool that every connected user has."""
    return attempt(wire, "gmail_fetch_mails", max_results=1)
