"""An app made from a vendor's digest in catalogue/digests: it refuses what the vendor's description does not have, and
answers what a test says. Its sign-in is OAuth as that app has it."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode, urlsplit

from .places import REPOSITORY

CLIENT, SECRET = "described-client", "s3cret:with/signs"


class Described:
    """`answers` is by operation, a value or a function of the request; `sent` is what fitted, in order. An access token
    in `ended` is refused."""

    def __init__(self, digest):
        self.digest = json.loads((REPOSITORY / "catalogue" / "digests" / f"{digest}.json").read_text())
        self.answers, self.sent, self.refused, self.ended = {}, [], [], set()
        self.exchanges, self.revoked, self.asked_consent = [], [], []
        self.count = 0

    def start(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def tokens(self):
        """A new pair; the pair before is over."""
        self.ended.add(f"access-{self.count}")
        self.count += 1
        return {"access_token": f"access-{self.count}", "refresh_token": f"refresh-{self.count}", "token_type": "bearer"}

    def granted(self, asked):
        """What the token endpoint answers to who gets tokens: status, media type and text."""
        return 200, "application/json", json.dumps(self.tokens())

    def ended_grant(self):
        """What it answers to who gets none."""
        return 400, "application/json", json.dumps({"error": "invalid_grant"})

    def unauthorized(self):
        """What is answered to a token that is none: status and JSON."""
        return 401, {"object": "error", "status": 401, "code": "unauthorized", "message": "API token is invalid."}

    def revoking(self, authorization, body):
        """What the revocation endpoint answers, and whether it revoked. It takes none without the client's name and secret."""
        if not authorization:
            return 401, {"object": "error", "status": 401, "code": "unauthorized", "message": "Unauthorized"}, False
        return 200, {}, True

    def operation(self, method, path):
        """The operation of a request line: names in its path beat variables."""
        parts = path.split("/")
        found = []
        for operation in self.digest["operations"].values():
            names = operation["path"].split("/")
            fits = len(names) == len(parts) and all(a.startswith("{") and b or a == b for a, b in zip(names, parts))
            if operation["method"] == method and fits:
                found.append((sum(name.startswith("{") for name in names), operation["id"]))
        return self.digest["operations"][min(found)[1]] if found else None

    def reply(self, asked):
        """What is answered to a request that fits."""
        answer = self.answers[asked["operation"]]
        return answer(asked) if callable(answer) else answer

    def refusal(self, wrong):
        """What is answered to one that does not."""
        return {"object": "error", "status": 400, "code": "validation_error", "message": "; ".join(wrong)}

    def misfits(self, operation, query, body):
        known = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
        wrong = [f"query.{name}" for name, _ in query if name not in known]
        wrong += [f"query.{name} is missing" for name, one in known.items() if one.get("required") and name not in dict(query)]
        if body is not None and "body" not in operation:
            return [*wrong, "body is not taken"]
        return wrong + list(fits("body", operation.get("body", {}), body or {}, operation["id"]))


KINDS = {"string": str, "boolean": bool, "number": (int, float), "integer": int, "array": list, "object": dict}


def fits(at, schema, value, operation):
    """What does not fit, place by place."""
    kind = schema.get("type")
    if value is None or kind in (None, "any"):
        return
    if not isinstance(value, KINDS[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{at} is no {kind}"
        return
    if schema.get("enum") and value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}"
    if kind == "array" and schema.get("items"):
        for index, item in enumerate(value):
            yield from fits(f"{at}[{index}]", schema["items"], item, operation)
    if kind == "object":
        members = schema.get("properties", {})
        for name, inner in value.items():
            shape = members.get(name, schema.get("additional"))
            yield from fits(f"{at}.{name}", shape, inner, operation) if shape else [f"{at}.{name} is unknown"]
        for name, shape in members.items():
            if operation in shape.get("required_by", []) and value.get(name) is None:
                yield f"{at}.{name} is missing"


def read(text, kind, operation):
    """A body. Of a form all is text; what the description says is no text stands in it as JSON."""
    if not kind.startswith("application/x-www-form-urlencoded"):
        return json.loads(text)
    members = (operation or {}).get("body", {}).get("properties", {})
    plain = {name: members.get(name, {}).get("type") in (None, "string") for name, _ in parse_qsl(text.decode())}
    return {name: value if plain[name] else json.loads(value) for name, value in parse_qsl(text.decode())}


def handler(app):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            parts, body = urlsplit(self.path), self.rfile.read(int(self.headers.get("content-length") or 0))
            query = parse_qsl(parts.query, keep_blank_values=True)
            doors = {"/authorize": self.authorize, "/token": self.token, "/revoke": self.revoke}
            if parts.path in doors:
                return doors[parts.path](dict(query), body)
            bearer = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            if not bearer.startswith("access-") or bearer in app.ended:
                return self.send(*app.unauthorized())
            return self.call(unquote(parts.path), query, body)

        def call(self, path, query, text):
            operation = app.operation(self.command, path)
            body = read(text, self.headers.get("content-type") or "", operation) if text else None
            wrong = app.misfits(operation, query, body) if operation else [f"no operation {self.command} {path}"]
            if wrong:
                app.refused.append(wrong)
                return self.send(400, app.refusal(wrong))
            asked = {"operation": operation["id"], "path": path, "query": query, "body": body, "headers": dict(self.headers)}
            app.sent.append(asked)
            return self.send(200, app.reply(asked))

        def authorize(self, query, _):
            app.asked_consent.append(query)
            self.send(302, None, location=f"{query['redirect_uri']}?{urlencode({'code': 'code-1', 'state': query['state']})}")

        def token(self, _, body):
            kind = self.headers.get("content-type") or ""
            asked = json.loads(body) if "json" in kind else dict(parse_qsl(body.decode()))
            app.exchanges.append({"kind": kind, "authorization": self.headers.get("authorization"), "asked": asked})
            given = asked.get("code") == "code-1" or asked.get("refresh_token") == f"refresh-{app.count}"
            status, kind, text = app.granted(asked) if given else app.ended_grant()
            self.send_text(status, kind, text.encode())

        def revoke(self, _, body):
            status, answer, revoked = app.revoking(self.headers.get("authorization"), body)
            if revoked:
                app.revoked.append((self.headers.get("content-type"), self.headers.get("authorization"), body.decode()))
            self.send(status, answer)

        def send(self, status, body, **headers):
            self.send_text(status, "application/json", b"" if body is None else json.dumps(body).encode(), **headers)

        def send_text(self, status, kind, text, **headers):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(text)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass

    return Handler


def basic():
    """The header that names the client, as RFC 6749 has it: both halves form-encoded first."""
    return "Basic " + base64.b64encode(f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}".encode()).decode()
