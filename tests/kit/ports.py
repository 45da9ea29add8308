"""Free ports of this machine."""

import socket


def free(count):
    """That many ports that nothing listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def free_pair():
    """Two ports one after the other: the lab's and its controls'."""
    for _ in range(50):
        (first,) = free(1)
        with socket.socket() as second:
            try:
                second.bind(("127.0.0.1", first + 1))
                return first
            except OSError:
                continue
    raise RuntimeError("no two neighbouring ports are free")
