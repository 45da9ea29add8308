"""MCP by hand: what goes over the wire is exactly what a test wrote."""

import http.client
import json
from urllib.parse import urlsplit

LEGACY = ("2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
META = "io.modelcontextprotocol"

# What Gmail and Google Calendar have together.
GOOGLE_TOOLS = 56 + 30


class Answer:
    """One HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def result(self):
        answer = self.json
        assert "result" in answer, answer
        return answer["result"]

    @property
    def code(self):
        """The JSON-RPC error's code."""
        return self.json["error"]["code"]

    @property
    def said(self):
        """A tool's answer: whether it is an error, and its text: the app's or what went wrong, and a link if there is one."""
        result = self.result
        return result["isError"], "\n".join(part["text"] for part in result["content"])


class Wire:
    """One instance's URL, spoken to by http.client."""

    def __init__(self, url):
        self.url = url
        self.parts = urlsplit(url)

    @property
    def token(self):
        """The URL's last part, which is the credential."""
        return self.parts.path.rsplit("/", 1)[1]

    def raw(self, method="POST", body=b"", headers=None, path=None):
        """One request with these headers and none but these (beside Host and Content-Length)."""
        connection = http.client.HTTPConnection(self.parts.netloc, timeout=60)
        try:
            connection.putrequest(method, path or self.parts.path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, message, headers=None, path=None):
        """One message as JSON."""
        sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        return self.raw("POST", json.dumps(message).encode(), sent, path)

    def legacy(self, method, params=None, version="2025-11-25", id=1, **options):
        headers = {"MCP-Protocol-Version": version} if version else {}
        headers.update(options.pop("headers", {}))
        return self.post(request(method, params, id), headers, **options)

    def modern(self, method, params=None, id=1, capabilities=None, headers=None):
        meta = {f"{META}/protocolVersion": MODERN, f"{META}/clientCapabilities": capabilities or {}}
        params = {**(params or {}), "_meta": meta}
        sent = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
        if method == "tools/call":
            sent["Mcp-Name"] = params["name"]
        sent.update(headers or {})
        return self.post(request(method, params, id), {name: value for name, value in sent.items() if value is not None})

    def tools(self):
        return [tool["name"] for tool in self.legacy("tools/list").result["tools"]]

    def call(self, tool, **arguments):
        """A call whose answer must come: whether it is an error, and its text."""
        return self.legacy("tools/call", {"name": tool, "arguments": arguments}).said

    def done(self, tool, **arguments):
        """A call that must succeed; its data."""
        failed, text = self.call(tool, **arguments)
        assert not failed, text
        return json.loads(text)

    def refused(self, tool, **arguments):
        """A call that must fail as a result; its words."""
        failed, text = self.call(tool, **arguments)
        assert failed, text
        return text


def request(method, params=None, id=1):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}
