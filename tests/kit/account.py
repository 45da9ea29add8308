"""One user's account on one connection, as the app and its agent see it."""

import json

from .mcp import Wire


class Account:
    """An account that is there, consented or not, with what the tests ask of it."""

    def __init__(self, server, user, connection="MY_GMAIL"):
        self.server, self.user, self.connection = server, user, connection
        self.instance = server.instance(user, config="consent")
        self.token = server.token()

    def link(self):
        """A new link to consent at."""
        return self._state("?include_auth_links=true")["authentication_link"]

    def status(self):
        return self._state()["connected_account_status"]

    def _state(self, query=""):
        path = f"/api/v1/mcp/instances/{self.instance['id']}:get_auth_state{query}"
        found = self.server.api("POST", path, token=self.token)["connections"]
        return next(one for one in found if one["connection_name"] == self.connection)

    def connection_id(self, name=None):
        mappings = self.instance["config"]["connection_tool_mappings"]
        return next(one["connection_id"] for one in mappings if one["connection_name"] == (name or self.connection))

    def call(self, tool, **arguments):
        """One tool call by the instance's URL: whether it failed, and its text."""
        return Wire(self.instance["url"]).call(tool, **arguments)

    def mailbox(self):
        """Whose mail its tools read; none if they cannot."""
        failed, text = self.call("gmail_fetch_mails", max_results=1, query="in:inbox")
        return None if failed else json.loads(text)
