"""An app of the tests' own: it answers with what it was asked, and as it is told."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echoing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self._body()
        heads = [[name.lower(), value] for name, value in self.headers.items()]
        about = {"method": self.command, "target": self.path, "headers": heads, "length": len(body)}
        self.server.asked.append(about)
        if self.path.startswith("/refuse"):
            return self._send(401, b'{"error":"refused"}')
        if self.path.startswith("/bytes"):
            return self._send(200, bytes(range(256)) * 4096, "application/octet-stream")
        if self.path.startswith("/redirect"):
            return self._send(302, b"", location="/echo/after?x=1")
        if self.path.startswith("/evil"):
            return self._send(200, b"<script>", "text/html", set_cookie="sid=1", access_control_allow_origin="*",
                              cache_control="public, max-age=600", x_valetkey_error="NOT_OURS")
        about["body"] = body.decode("latin-1")
        return self._send(200, json.dumps(about).encode())

    def _body(self):
        if "chunked" in self.headers.get("transfer-encoding", ""):
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _send(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_PURGE = answer

    def log_message(self, *_):
        pass


@contextmanager
def echoing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echoing)
    server.asked, server.port = [], server.server_address[1]
    server.url = f"http://127.0.0.1:{server.port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
