"""Free ports of this machine."""

import socket
from contextlib import ExitStack


def free(count):
    """That many ports that nothing listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def neighbours(count):
    """That many ports, each one after the other, that nothing listens on."""
    for _ in range(50):
        (first,) = free(1)
        with ExitStack() as held:
            try:
                for port in range(first + 1, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return list(range(first, first + count))
    raise RuntimeError(f"no {count} neighbouring ports are free")


def free_pair():
    """The first of two: the lab's and its controls'."""
    return neighbours(2)[0]
