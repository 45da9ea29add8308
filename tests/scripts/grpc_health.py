"""Asks grpc.health.v1.Health over TLS with grpcio. Reads {target, ca} from standard input; prints the status' name."""

import json
import sys

import grpc

NAMES = {b"": "UNKNOWN", b"\x08\x01": "SERVING", b"\x08\x02": "NOT_SERVING"}


def main():
    asked = json.load(sys.stdin)
    with open(asked["ca"], "rb") as file:
        trust = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(asked["target"], trust) as channel:
        print(json.dumps(NAMES[channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20)]))


if __name__ == "__main__":
    main()
