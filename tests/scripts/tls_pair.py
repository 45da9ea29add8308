"""Makes a certificate for 127.0.0.1 and localhost, and its key, in one file each.

    tls_pair.py FOLDER
"""

import datetime
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

folder = Path(sys.argv[1])
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an app of the tests")])
now = datetime.datetime.now(datetime.UTC)
made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
made = made.serial_number(x509.random_serial_number())
made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
certificate = made.sign(key, hashes.SHA256())
(folder / "app.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
(folder / "app.key").write_bytes(key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
))
