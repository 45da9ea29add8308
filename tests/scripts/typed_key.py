"""Makes a service account's key: the file that a vendor would hand out, and the certificate of its other half.

    typed_key.py FOLDER
"""

import datetime
import json
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

folder = Path(sys.argv[1])
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "robot")])
now = datetime.datetime.now(datetime.UTC)
made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
certificate = made.sign(key, hashes.SHA256())
(folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
pem = key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
account = {
    "type": "service_account", "project_id": "practice", "private_key_id": "key-1", "private_key": pem.decode(),
    "client_email": "robot@practice.iam.gserviceaccount.com", "token_uri": "https://elsewhere.example/token",
}
(folder / "account.json").write_text(json.dumps(account))
