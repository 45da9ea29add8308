"""A collector that nobody here wrote (oteltest's), on the port it is told, until its standard input ends.

Prints each span as a line of JSON: {name, kind, trace, span, parent, resource, attributes, events}.
"""

import json
import logging
import sys

from oteltest.sink import GrpcSink
from oteltest.sink.handler import RequestHandler


def plain(attributes):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


class Printer(RequestHandler):
    def handle_trace(self, request, headers):
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.tell(resource.resource, span)

    def tell(self, resource, span):
        events = [{"name": event.name, **plain(event.attributes)} for event in span.events]
        told = {
            "name": span.name, "kind": span.kind, "trace": span.trace_id.hex(), "span": span.span_id.hex(),
            "parent": span.parent_span_id.hex(), "resource": plain(resource.attributes),
            "attributes": plain(span.attributes), "events": events,
        }
        print(json.dumps(told, default=str), flush=True)

    def handle_metrics(self, request, headers):
        raise AssertionError("metrics were exported")

    def handle_logs(self, request, headers):
        raise AssertionError("logs were exported")


def main():
    sink = GrpcSink(Printer(), logging.getLogger("sink"), port=int(sys.argv[1]))
    sink.start()
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.read()
    sink.stop()


if __name__ == "__main__":
    main()
