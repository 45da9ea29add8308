"""Bearer tokens that a server must refuse, made from one that it accepts (argument 1) and its keys (argument 2).

Prints a JSON object of name -> token. The library that verifies nothing here is PyJWT; the forgeries follow RFC 8725.
"""

import base64
import hashlib
import hmac
import json
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(head, claims, key):
    signed = f"{part(head)}.{part(claims)}"
    mac = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def main():
    good, keys = sys.argv[1], json.loads(sys.argv[2])
    head = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.PyJWK(keys["keys"][0]).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def forged(claims=claims, **header):
        return jwt.encode(claims, own, algorithm="RS256", headers={**head, **header})

    tampered = good.split(".")
    tampered[1] = part({**claims, "exp": int(time.time()) + 10**6})
    print(json.dumps({
        "garbage": "garbage",
        "empty parts": "..",
        "signed by somebody else": forged(),
        "another issuer": forged({**claims, "iss": "https://issuer.example"}),
        "expired, by somebody else": forged({**claims, "exp": 1}),
        "changed after signing": ".".join(tampered),
        "without signature": ".".join(good.split(".")[:2]) + ".",
        "alg none": f"{part({**head, 'alg': 'none'})}.{part(claims)}.",
        "the public key as an HMAC secret": hs256({**head, "alg": "HS256"}, claims, public),
        "an unknown key": forged(kid="snk_1"),
        "a path as key": forged(kid="../../../../dev/null"),
        "SQL as key": forged(kid="' OR 1=1 --"),
    }))


if __name__ == "__main__":
    main()
