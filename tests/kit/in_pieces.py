"""A page as a slow line brings it: what a server answered, cut in two where a test says, with a pause between the halves."""

import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How long the second half is waited for, in seconds: long enough for many frames.
PAUSE = 0.8


@contextmanager
def in_pieces(server, answer, text, before):
    """Gives the address of a page that is `text` in two halves, the second of which begins with `before`; with the headers
    that the server's own answer had. What else it wants, stylesheet and script, comes from the server at once."""
    first, cut, rest = text.partition(before)
    assert cut, f"the page has no {before}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/page":
                with urllib.request.urlopen(server.url + self.path, timeout=10) as asked:
                    self.begin(asked.headers)
                    self.wfile.write(asked.read())
                return
            self.begin(answer.headers)
            for half in (first, cut + rest):
                self.wfile.write(half.encode())
                self.wfile.flush()
                time.sleep(PAUSE if half is first else 0)

        def begin(self, headers):
            self.send_response(200)
            for name, value in headers.items():
                if name.lower() in ("content-type", "content-security-policy", "cache-control"):
                    self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{running.server_port}/page"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
