"""Calls gRPC methods by their descriptors in the official SDK, over HTTP/2 in clear text with prior knowledge.

Reads a JSON object from standard input: `target`; `calls`, a list of {method, message (JSON), tokens (a list: each
becomes one authorization entry, in this order)}. Prints the list of {code, text, message}. Without `calls` it prints
every method of every service the SDK knows instead.
"""

import importlib
import json
import pkgutil
import sys

import grpc
import scalekit.v1
from google.protobuf import json_format, message_factory


def load():
    """Every service whose descriptor comes with the SDK, by full name."""
    services = {}
    for module in pkgutil.walk_packages(scalekit.v1.__path__, "scalekit.v1."):
        if module.name.endswith("_pb2"):
            services.update({s.full_name: s for s in importlib.import_module(module.name).DESCRIPTOR.services_by_name.values()})
    return services


def call(channel, services, wanted):
    service, method = wanted["method"].strip("/").split("/")
    known = services.get(service).methods_by_name.get(method) if service in services else None
    request = b""
    if known is not None:
        request_type = message_factory.GetMessageClass(known.input_type)
        request = json_format.ParseDict(wanted.get("message", {}), request_type()).SerializeToString()
    stub = channel.unary_unary(f"/{service}/{method}")
    metadata = [("authorization", f"Bearer {token}") for token in wanted["tokens"]]
    try:
        answer, code, text = stub(request, metadata=metadata, timeout=20), 0, ""
    except grpc.RpcError as error:
        return {"code": error.code().value[0], "text": error.details(), "message": None}
    reply = message_factory.GetMessageClass(known.output_type).FromString(answer)
    message = json_format.MessageToDict(reply, preserving_proto_field_name=True)
    return {"code": code, "text": text, "message": message}


def main():
    services, asked = load(), json.load(sys.stdin)
    if "calls" not in asked:
        print(json.dumps([f"/{name}/{method.name}" for name, s in sorted(services.items()) for method in s.methods]))
        return
    with grpc.insecure_channel(asked["target"]) as channel:
        print(json.dumps([call(channel, services, wanted) for wanted in asked["calls"]]))


if __name__ == "__main__":
    main()
