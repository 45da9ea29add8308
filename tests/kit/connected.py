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


def at_lab(server, connector, name, *flags, identity="/v1/userinfo"):
    """A connection that signs in at the lab with a client of its own; `identity` is the path that says who did."""
    lab = server.lab_url
    flags = ["--authorize-url", f"{lab}/o/oauth2/v2/auth", "--token-url", f"{lab}/token", *flags]
    flags += ["--revoke-url", f"{lab}/revoke", "--identity-url", f"{lab}{identity}", "--api-base-url", lab]
    flags += ["--client-id", f"client-{name}", "--client-secret-file", "-"]
    (made,) = server.cli_json("connection", "create", connector, "--name", name, *flags, stdin="secret")
    client = {"id": f"client-{name}", "secret": "secret", "redirect_uris": [made["redirect_uri"]]}
    server.control("POST", "/clients", client, expect=None)


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
