"""The certificate chain that vouches for the server's Noise key: root -> intermediate -> leaf."""

from typing import Any

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.protos import cert

DAY = 86_400
VALIDITY_DAYS = 365
ROOT_SERIAL, INTERMEDIATE_SERIAL, LEAF_SERIAL = 0, 1, 2


def certificate_chain(root: KeyPair, static_public: bytes, now: int) -> bytes:
    """A serialised CertChain for `static_public`, valid from the day before `now` (unix seconds) for a year."""
    intermediate = KeyPair.generate()
    chain = cert.CertChain(
        leaf=_certificate(intermediate, LEAF_SERIAL, INTERMEDIATE_SERIAL, static_public, now),
        intermediate=_certificate(root, INTERMEDIATE_SERIAL, ROOT_SERIAL, intermediate.public, now),
    )
    serialised: bytes = chain.SerializeToString()
    return serialised


def _certificate(issuer: KeyPair, serial: int, issuer_serial: int, public: bytes, now: int) -> Any:
    details = cert.CertChain.NoiseCertificate.Details(
        serial=serial,
        issuerSerial=issuer_serial,
        key=public,
        notBefore=now - DAY,
        notAfter=now + VALIDITY_DAYS * DAY,
    ).SerializeToString()
    return cert.CertChain.NoiseCertificate(details=details, signature=issuer.sign(details))
