"""What means it ill, and an app that says nothing else."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

SCRIPT = "\"><img src=x onerror=window.taken=1><script>window.taken=1</script>"
TEMPLATE = "=={{7*7}}=={% raw %}${7*7}"
# A word of Hebrew, which is written from right to left, and a mark that turns round what follows it.
TURNED = "\u05e9\u05dc\u05d5\u05dd \u202egnorw"
LONG = "W" * 300
ALL = f"{SCRIPT} {TEMPLATE} {TURNED} {LONG}"


def visible(text):
    """Without the marks that no name may hold."""
    return text.replace("\u202e", "")


def shorter(text, most):
    """The beginning and the end, so that as much of each kind of it is kept as can be."""
    return text if len(text) <= most else text[: most * 2 // 3] + text[-(most - most * 2 // 3):]


def tries(text, lengths=(4000, 200, 100)):
    """What is tried in a place that may refuse it: whole, without what is not seen, and shorter."""
    for most in (len(text), *lengths):
        for made in (text, visible(text)):
            yield shorter(made, most).strip()


class App:
    """An app's sign-in, API and token endpoint, with these words wherever an app may say something."""

    def __init__(self):
        self.refuses, self.renews = True, False

    def token(self, form):
        if form.get("grant_type") == "authorization_code" and form["code"] == "granted":
            return 200, {"access_token": "access-of-the-app", "refresh_token": "refresh-of-the-app", "expires_in": 3600}
        return 400, {"error": "temporarily_unavailable", "error_description": ALL}

    def answer(self, path):
        if path == "/v1/userinfo":
            return 200, {"sub": shorter(ALL, 200), "email": ALL}
        if self.refuses:
            return 403, {"error": {"code": 403, "message": ALL, "status": ALL}}
        return 200, {"messages": [{"id": ALL, "threadId": ALL}], "resultSizeEstimate": 1, "id": ALL, "snippet": ALL, "payload": {}}


def handler(app):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if path == "/authorize":
                back = urlencode({"code": "granted", "state": query["state"]})
                self.send_response(302)
                self.send_header("location", f"{query['redirect_uri']}?{back}")
                self.end_headers()
                return
            self.tell(*app.answer(path))

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            self.tell(*(app.token(dict(parse_qsl(body))) if self.path == "/token" else app.answer(self.path)))

        def tell(self, status, members):
            text = json.dumps(members).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def hostile_app():
    app = App()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(app))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    app.port = server.server_port
    app.url = f"http://127.0.0.1:{app.port}"
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
