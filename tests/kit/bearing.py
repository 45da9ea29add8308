"""A way to a static MCP URL for clients that can send no token: it adds the header, and passes everything else on."""

import http.client
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


class Bearing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do(self):
        target, port = self.server.target, self.server.server_port
        own = re.compile(rf"\b(127\.0\.0\.1|localhost):{port}\b")
        connection = http.client.HTTPConnection(target.netloc, timeout=60)
        connection.putrequest(self.command, target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                # Only the address of this way itself becomes the server's: what a test says of hosts arrives.
                of_place = name.lower() in ("host", "origin")
                connection.putheader(name, own.sub(target.netloc, value) if of_place else value)
        connection.putheader("Authorization", f"Bearer {self.server.bearer}")
        connection.endheaders(self.rfile.read(int(self.headers.get("content-length") or 0)) or None)
        answer = connection.getresponse()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        while part := answer.read1(65536):
            self.wfile.write(part)
            self.wfile.flush()
        connection.close()

    do_GET = do_POST = do_DELETE = do_OPTIONS = do_PUT = do

    def log_message(self, *_):
        pass


@contextmanager
def bearing(url, bearer):
    """The address at which `url` is reached with that token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bearing)
    server.target, server.bearer = urlsplit(url), bearer
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{server.target.path}"
    finally:
        server.shutdown()
