"""One user's account on one connection, as the app and its agent see it."""

import json
import urllib.request


class Account:
    """An account that is there, consented or not, with what the tests ask of it."""

    def __init__(self, server, user, connection="MY_GMAIL"):
        self.server, self.user, self.connection = server, user, connection
        self.instance = server.instance(user, config="consent")

    def link(self):
        """A new link to consent at."""
        return self.server.links(self.instance)[self.connection]["authentication_link"]

    def status(self):
        path = f"/api/v1/mcp/instances/{self.instance['id']}:get_auth_state"
        found = self.server.api("POST", path)["connections"]
        return next(one["connected_account_status"] for one in found if one["connection_name"] == self.connection)

    def connection_id(self, name=None):
        mappings = self.instance["config"]["connection_tool_mappings"]
        return next(one["connection_id"] for one in mappings if one["connection_name"] == (name or self.connection))

    def call(self, tool, **arguments):
        """One tool call by the instance's URL: whether it failed, and its text."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        request = urllib.request.Request(self.instance["url"], data=json.dumps(body).encode(), method="POST")
        request.add_header("content-type", "application/json")
        request.add_header("accept", "application/json, text/event-stream")
        with urllib.request.urlopen(request, timeout=30) as answer:
            result = json.load(answer)["result"]
        return result.get("isError", False), result["content"][0]["text"]

    def mailbox(self):
        """Whose mail its tools read; none if they cannot."""
        failed, text = self.call("gmail_fetch_mails", max_results=1, query="in:inbox")
        return None if failed else json.loads(text)
