"""Sends recorded request messages byte for byte over TLS, and decodes the answers with the official SDK's classes.

Reads {target, ca, calls} from standard input; each call is {method, frame (hex of a whole gRPC frame), answer (the
class in mcp_pb2), tokens}. Prints for each {code, text, details (base64), message}.
"""

import base64
import json
import sys

import grpc
from google.protobuf import json_format
from scalekit.v1.mcp import mcp_pb2

DETAILS = "grpc-status-details-bin"


def call(channel, wanted):
    message = bytes.fromhex(wanted["frame"])[5:]
    stub = channel.unary_unary(f"/scalekit.v1.mcp.McpService/{wanted['method']}")
    metadata = [("authorization", f"Bearer {token}") for token in wanted["tokens"]]
    try:
        answer = stub(message, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        details = dict(error.trailing_metadata() or ()).get(DETAILS, b"")
        encoded = base64.b64encode(details).decode()
        return {"code": error.code().value[0], "text": error.details(), "details": encoded}
    reply = getattr(mcp_pb2, wanted["answer"]).FromString(answer)
    return {"code": 0, "message": json_format.MessageToDict(reply, preserving_proto_field_name=True)}


def main():
    asked = json.load(sys.stdin)
    with open(asked["ca"], "rb") as file:
        trust = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(asked["target"], trust) as channel:
        print(json.dumps([call(channel, wanted) for wanted in asked["calls"]]))


if __name__ == "__main__":
    main()
