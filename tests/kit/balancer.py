"""A plain TCP balancer: each new connection goes to the next of its backends, whatever is said over it."""

import itertools
import socket
import threading


class Balancer:
    """Listens on a port of its own from the start; backends are ports of this machine. `only` pins it to one of them."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.backends, self.turns, self.only = [], itertools.count(), None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        port = self.only or self.backends[next(self.turns) % len(self.backends)]
        try:
            server = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            return
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=pump, args=(source, target), daemon=True).start()

    def close(self):
        self.listener.close()


def pump(source, target):
    """Passes bytes on until the source ends, then ends the target."""
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
