"""What clients must trust: the root of the Noise certificates, and the authority behind the TLS certificate.

Made at the first start and kept. `<data>/trust/` holds the public halves (`root.pub`, 32 bytes, and `ca.pem`);
`<data>/keys/` the private ones, which only their owner may read.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.whatsapp.crypto.keys import KeyPair

CA_NAME = "Local WhatsApp test authority"
CA_DAYS, LEAF_DAYS = 3_650, 300
HOSTS = ("web.whatsapp.com", "*.whatsapp.net", "*.whatsapp.com", "whatsapp.com", "whatsapp.net")
DAY = dt.timedelta(days=1)
PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Trust:
    root: KeyPair
    tls: ssl.SSLContext


def prepare_trust(data: Path, now: dt.datetime) -> Trust:
    """Loads what is there and makes what is missing."""
    trust, keys = data / "trust", data / "keys"
    trust.mkdir(parents=True, exist_ok=True)
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = _root(keys / "root.key")
    replace_file(trust / "root.pub", root.public)
    ca_key = _ca_key(keys / "ca.key")
    ca = _ca(trust / "ca.pem", ca_key, now)
    return Trust(root, _tls(keys / "leaf.pem", ca, ca_key, now))


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a file so that it is there as a whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    temporary.replace(path)


def _root(path: Path) -> KeyPair:
    if not path.exists():
        replace_file(path, KeyPair.generate().private, 0o600)
    return KeyPair.of(path.read_bytes())


def _ca_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        replace_file(path, _private_pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds another kind of key")
    return key


def _ca(path: Path, key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> x509.Certificate:
    if path.exists():
        return x509.load_pem_x509_certificate(path.read_bytes())
    builder = _certificate(CA_NAME, CA_NAME, key.public_key(), now, CA_DAYS)
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )
    replace_file(path, certificate.public_bytes(PEM))
    return certificate


def _tls(path: Path, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> ssl.SSLContext:
    """Every start makes a fresh leaf, so it never expires."""
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    builder = _certificate("web.whatsapp.com", CA_NAME, key.public_key(), now, LEAF_DAYS)
    leaf = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(ca_key, hashes.SHA256())
    chain = leaf.public_bytes(PEM) + ca.public_bytes(PEM)
    replace_file(path, chain + _private_pem(key), 0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _certificate(
    subject: str, issuer: str, public: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer_name=_name(issuer), subject_name=_name(subject), public_key=public)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - DAY).not_valid_after(now + days * DAY)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
