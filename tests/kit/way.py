"""The way to a port of this machine: a TCP proxy that can lose or hold what comes back. What was sent has arrived by
then."""

import socket
import threading


class Way:
    """Passes bytes on in both directions, until it is told to lose an answer or to close."""

    def __init__(self, to):
        self.to, self.losing = to, 0
        self.lock = threading.Lock()
        self.open, self.held = threading.Event(), threading.Event()
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answers(self, count=1):
        """The next answers do not come through: the connection breaks in their place."""
        with self.lock:
            self.losing = count

    def lost(self):
        """Whether all that were to be lost have been."""
        return self.losing == 0

    def hold_answers(self):
        """Keeps answers back until they are released."""
        self.held.clear()
        self.open.clear()

    def holds_one(self, timeout=30):
        """Waits for the first answer that is kept back."""
        assert self.held.wait(timeout), "no answer came"

    def release(self):
        self.open.set()

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to), timeout=60)
            except OSError:
                near.close()
                continue
            threading.Thread(target=self._pass, args=(near, far, lambda: False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self._loses), daemon=True).start()

    def _loses(self):
        if not self.open.is_set():
            self.held.set()
            self.open.wait(60)
        with self.lock:
            losing = self.losing > 0
            self.losing -= losing
            return losing

    @staticmethod
    def _pass(source, sink, loses):
        try:
            while data := source.recv(65536):
                if loses():
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
