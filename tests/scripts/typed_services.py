"""httpbin, which nobody here wrote, with more doors: what a key opens, what an access token opens, two of GitHub's, and a
token endpoint. It takes a client's own secret, and assertions only where Google's own library (google-auth) has checked signature,
audience and times. `/seen` tells how it was asked.

    typed_services.py PORT CERTIFICATE.pem
"""

import base64
import hashlib
import json
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from flask import jsonify, request
from google.auth import jwt
from httpbin import app

PORT, CERTIFICATE = int(sys.argv[1]), open(sys.argv[2]).read()
TOKEN_URL = f"http://127.0.0.1:{PORT}/token"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PERSONAL = "ghp_thisIsTheOneThatWorks0123456789"
KEYS = {"Key key-of-ann": "ann", "Key key-of-bob": "bob"}
seen, tokens, numbers, settings = [], {}, set(), {"lives": 3600}


@app.before_request
def note():
    if request.path not in ("/seen", "/settings"):
        seen.append({
            "path": request.full_path, "form": request.form.to_dict(), "authorization": request.headers.get("authorization"),
            "key": request.headers.get("x-api-key"),
        })


def refused(status, message):
    return jsonify(message=message), status


@app.get("/seen")
def tell():
    return jsonify(seen)


@app.post("/settings")
def change():
    settings.update(request.get_json())
    return jsonify(settings)


@app.get("/keyed")
def keyed():
    if settings.get("down"):
        return refused(503, "Out for lunch.")
    key = request.headers.get("x-api-key")
    user = KEYS.get(key)
    said = f"The key {key} is unknown" if "echo" in key else "That key is unknown; see https://evil.example/keys <blink>now"
    return jsonify(user=user, app_key=request.args.get("app_key")) if user else refused(401, said)


@app.get("/sent-on")
def sent_on():
    return "", 302, {"location": request.args["to"]}


@app.get("/user")
@app.get("/repos/octocat/hello")
def github():
    """GitHub's answers to a personal access token, and to what is none."""
    if request.headers.get("authorization") != f"Bearer {PERSONAL}":
        return jsonify(message="Bad credentials", documentation_url="https://docs.github.com/rest"), 401
    if request.path == "/user":
        return jsonify(login="octocat", id=583231)
    return jsonify(full_name="octocat/hello", private=False, default_branch="main", version=request.headers["x-github-api-version"])


@app.get("/minted")
def minted():
    token = (request.headers.get("authorization") or "").removeprefix("Bearer ")
    known = tokens.get(token)
    if known is None or known["until"] < time.time():
        return refused(401, "This token is over.")
    return jsonify(user=known["user"], scope=known["scope"], token=token)


@app.get("/signed")
def signed():
    """As an app that takes what a key pair signed itself, and names keys by the hash of their public half."""
    try:
        claims = jwt.decode((request.headers.get("authorization") or "").removeprefix("Bearer "), certs={"key-1": CERTIFICATE}, audience="typed")
    except ValueError as why:
        return refused(401, f"Invalid JWT: {why}")
    public = x509.load_pem_x509_certificate(CERTIFICATE.encode()).public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    name = f"{claims['sub']}.SHA256:{base64.b64encode(hashlib.sha256(spki).digest()).decode()}"
    good = claims["iss"] == name and request.headers["x-token-type"] == "KEYPAIR_JWT" and claims["exp"] - claims["iat"] == 1800
    return jsonify(user=claims["sub"], number=claims["jti"]) if good else refused(401, "That is another key.")


@app.post("/token")
def token():
    form = request.form
    if form["grant_type"] == "client_credentials":
        basic = request.authorization
        if basic is None or (basic.username, basic.password) != ("the-client", "the secret/1"):
            return jsonify(error="invalid_client"), 401
        return give(basic.username, form.get("scope"))
    if form["grant_type"] != BEARER:
        return jsonify(error="unsupported_grant_type"), 400
    try:
        claims = jwt.decode(form["assertion"], certs={"key-1": CERTIFICATE}, audience=TOKEN_URL)
    except ValueError as why:
        return jsonify(error="invalid_grant", error_description=f"Invalid JWT: {why}"), 400
    person = claims.get("sub", claims["iss"])
    if person.startswith("stranger@"):
        return jsonify(error="invalid_grant", error_description="Invalid email or User ID"), 400
    assert claims["exp"] - claims["iat"] <= 3600
    # RFC 7523, section 3: a number may be demanded, and then stands for one use.
    if "jti" in claims and claims["jti"] in numbers:
        return jsonify(error="invalid_grant", error_description="This assertion was used."), 400
    numbers.add(claims.get("jti"))
    return give(person, claims["scope"])


def give(user, scope):
    text = f"minted-{len(tokens)}-for-somebody"
    tokens[text] = {"user": user, "scope": scope, "until": time.time() + settings["lives"]}
    return jsonify(access_token=text, token_type="Bearer", expires_in=settings["lives"])


if __name__ == "__main__":
    print(json.dumps({"port": PORT}), flush=True)
    app.run("127.0.0.1", PORT, threaded=True)
