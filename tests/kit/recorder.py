"""A relay before the provider lab that remembers every secret that passes, and can answer in the lab's place."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_FIELDS = ("code", "code_verifier", "refresh_token", "access_token", "id_token", "client_secret", "token")


class Recorder:
    """What has passed: `secrets`, name -> values. `instead`, while set, may answer API calls in the lab's place."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.secrets = {}
        self.instead = None

    def remember(self, name, value):
        if isinstance(value, str) and value:
            self.secrets.setdefault(name, set()).add(value)

    def read_form(self, body):
        for name, values in urllib.parse.parse_qs(body.decode(errors="replace")).items():
            if name in SECRET_FIELDS:
                self.remember(name, values[0])

    def read_answer(self, body):
        try:
            answer = json.loads(body)
        except ValueError:
            return
        for name in SECRET_FIELDS:
            if isinstance(answer, dict):
                self.remember(name, answer.get(name))


def handler(recorder):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            bearer = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            recorder.remember("access_token", bearer)
            if "form" in (self.headers.get("content-type") or ""):
                recorder.read_form(body)
            theirs = recorder.instead if self.path.startswith("/gmail/") else None
            status, kind, answer = (theirs and theirs(bearer, body)) or self.upstream(body)
            recorder.read_answer(answer)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def upstream(self, body):
            kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")}
            sent = urllib.request.Request(
                recorder.upstream + self.path, data=body or None, method=self.command, headers=kept
            )
            try:
                with urllib.request.urlopen(sent, timeout=20) as answer:
                    return answer.status, answer.headers.get("content-type", ""), answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers.get("content-type", ""), error.read()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def recording(upstream):
    """A running relay: gives (its URL, the recorder)."""
    recorder = Recorder(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(recorder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
