"""A receiver of webhooks on a port of its own: it remembers what came, and answers as it is told."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import ports


class Receiver:
    """`came`: path, headers and body of each request. `answers`: the next ones, each a status or a status with headers;
    without one it is 204."""

    def __init__(self):
        (port,) = ports.free(1)
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}/hook"
        self.came = []
        self.answers = []
        self.changed = threading.Condition()
        self.server = None

    def start(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, path, headers, body):
        with self.changed:
            self.came.append((path, {name.lower(): value for name, value in headers.items()}, body))
            self.changed.notify_all()
            return self.answers.pop(0) if self.answers else 204

    def wait(self, count, timeout=30):
        """The first `count` requests, once they came."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.came) >= count, timeout), f"{count} wanted: {self.kinds()}"
            return self.came[:count]

    def wait_for(self, kind, user, timeout=30):
        """The first message of this kind about this user, once it came: its headers and its body."""

        def found():
            for _, headers, body in self.came:
                event = json.loads(body)
                if event["type"] == f"connected_account.{kind}" and event["data"]["identifier"] == user:
                    return headers, body
            return None

        with self.changed:
            assert self.changed.wait_for(found, timeout), f"no {kind} of {user}: {self.kinds()}"
            return found()

    def kinds(self, user=None):
        """What was told, in the order in which it came."""
        events = [json.loads(body) for _, _, body in self.came]
        return [event["type"].split(".")[1] for event in events if user in (None, event["data"]["identifier"])]


def handler(receiver):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = receiver.take(self.path, self.headers, body)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in {**headers, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def receiving():
    receiver = Receiver().start()
    try:
        yield receiver
    finally:
        receiver.stop()
