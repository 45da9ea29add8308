"""An app that takes requests and never answers, and knows what it took and how many it holds."""

import socket
import threading
import time
from contextlib import contextmanager


def hung_up(one):
    try:
        return one.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Hanging:
    def __init__(self, begins=b""):
        """`begins` is sent to each request, then nothing more."""
        self.begins = begins
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.held, self.most, self.taken = [], 0, []
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.hold, args=(one,), daemon=True).start()

    def hold(self, one):
        with one:
            first = one.recv(65536)
            if not first:
                return
            with self.lock:
                self.taken.append(first)
                # Who has hung up is not held, though the thread that reads there may not have been told yet.
                self.held = [other for other in self.held if not hung_up(other)] + [one]
                together = list(self.held)
            try:
                one.sendall(self.begins)
                self.count(together)
                while one.recv(65536):
                    pass
            except OSError:
                pass
            with self.lock:
                if one in self.held:
                    self.held.remove(one)

    def count(self, together):
        """Counts those that stay: who gives up is let go first and hangs up a moment later."""
        if len(together) > self.most:
            time.sleep(0.2)
            with self.lock:
                self.most = max(self.most, sum(not hung_up(other) for other in together))

    def let_go(self):
        """Hangs up on all."""
        with self.lock:
            for one in self.held:
                one.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.listener.close()
        self.let_go()


@contextmanager
def hanging(begins=b""):
    app = Hanging(begins)
    try:
        yield app
    finally:
        app.stop()
