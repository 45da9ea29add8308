"""HTTP without kindness: no redirects followed, no header added that was not asked for."""

import http.client
from urllib.parse import urlsplit


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode(errors="replace")


def ask(method, url, headers=None, body=None):
    """One request with these headers alone (`host` too, if it is given)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    headers = dict(headers or {})
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.putrequest(method, target, skip_host="host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def submit(url, fields, **headers):
    """A form by POST."""
    return ask("POST", url, {"content-type": "application/x-www-form-urlencoded", **headers}, fields)
