"""`actions.request` of the official Python SDK, against an app that echoes; prints what came back."""

import hashlib
import json
import os

import scalekit.client


def main():
    sdk = scalekit.client.ScalekitClient(
        client_id=os.environ["SCALEKIT_CLIENT_ID"],
        client_secret=os.environ["SCALEKIT_CLIENT_SECRET"],
        env_url=os.environ["SCALEKIT_ENV_URL"] + os.environ.get("WITH_SLASH", ""),
    )

    def ask(path, identifier="ann", connection="MAIL", **more):
        answer = sdk.actions.request(connection_name=connection, identifier=identifier, path=path, **more)
        ours = answer.headers.get("x-valetkey-error")
        plain = "json" in answer.headers.get("content-type", "")
        body = answer.json() if plain else hashlib.sha256(answer.content).hexdigest()
        return {"status": answer.status_code, "ours": ours, "headers": dict(answer.headers), "body": body}

    large = bytes(range(256)) * 4096
    seen = {
        "query": ask("/echo", query_params={"a": ["1", "2"], "b": "ü&="}),
        "json": ask("/echo", method="post", body={"n": 1}),
        "form": ask("/echo", method="PUT", form_data={"k": "v w"}),
        "raw": ask("/echo", method="PATCH", raw_body=b"<a/>", headers={"Content-Type": "application/xml", "X-Mine": "1"}),
        "large": ask("/echo/large", method="POST", raw_body=large, headers={"Content-Type": "application/octet-stream"}),
        "pieces": ask("/echo/pieces", method="POST", raw_body=iter([b"x" * 70_000, b"y" * 70_000])),
        "no_slash": ask("echo/no-slash"),
        "delete": ask("/echo", method="DELETE"),
        "bytes": ask("/bytes"),
        "redirect": ask("/redirect"),
        "evil": ask("/evil"),
        "refused": ask("/refuse", method="POST", body={"once": True}),
        "nobody": ask("/echo", identifier="bob"),
        "nothing": ask("/echo", connection="MAILS"),
        "up": ask("/%2e%2e/x"),
    }
    print(json.dumps(seen))


main()
