"""A stand-in for the few calls of GitHub and Slack that a team's agent makes. It takes the tokens that it was given, and
no others."""

import json
import threading
import urllib.parse
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Team(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        wanted = "github" if self.path.startswith(("/user", "/repos")) else "slack"
        if token != self.server.tokens[wanted]:
            refusals = {"github": (401, {"message": "Bad credentials"}), "slack": (200, {"ok": False, "error": "invalid_auth"})}
            return self._send(*refusals[wanted])
        path, _, query = self.path.removeprefix("/api").partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        return getattr(self, f"{self.command}_{wanted}")(path, asked, body)

    def GET_github(self, path, _, body):
        if path == "/user/repos":
            return self._send(200, [{"full_name": "acme/app", "private": True, "default_branch": "main"}])
        return self._send(404, {"message": "Not Found"})

    def POST_github(self, path, _, body):
        if path != "/repos/acme/app/issues":
            return self._send(404, {"message": "Not Found"})
        issue = {"number": len(self.server.issues) + 1, "state": "open", **json.loads(body)}
        self.server.issues.append(issue)
        return self._send(201, {**issue, "html_url": f"https://github.com/acme/app/issues/{issue['number']}"})

    def GET_slack(self, path, asked, body):
        if path != "/conversations.history" or asked.get("channel") != "C0SUPPORT":
            return self._send(200, {"ok": False, "error": "channel_not_found"})
        return self._send(200, {"ok": True, "messages": self.server.messages})

    def POST_slack(self, path, _, body):
        if path != "/chat.postMessage":
            return self._send(200, {"ok": False, "error": "unknown_method"})
        said = dict(urllib.parse.parse_qsl(body))
        self.server.replies.append(said)
        return self._send(200, {"ok": True, "channel": said["channel"], "ts": "1764374500.000200", "message": said})

    def _send(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@contextmanager
def team():
    """Gives the server, with what it was told: `issues` and `replies`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Team)
    server.tokens = {"github": "gho_of-the-test", "slack": "xoxp-of-the-test"}
    server.issues, server.replies = [], []
    server.messages = [
        {"ts": "1764374400.000100", "user": "U1", "text": "Export fails with a 500 since this morning"},
        {"ts": "1764374300.000100", "user": "U2", "text": "Thanks, all good now"},
    ]
    server.port = server.server_address[1]
    server.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
