from __future__ import annotations

from local.whatsapp.crypto.keys import KeyPair, verify
from local.whatsapp.noise.certificates import DAY, certificate_chain
from local.whatsapp.protos import cert

NOW = 1_700_000_000


def test_the_chain_leads_from_the_root_to_the_servers_key() -> None:
    root, static = KeyPair.generate(), KeyPair.generate()
    chain = cert.CertChain.FromString(certificate_chain(root, static.public, NOW))
    intermediate = cert.CertChain.NoiseCertificate.Details.FromString(chain.intermediate.details)
    leaf = cert.CertChain.NoiseCertificate.Details.FromString(chain.leaf.details)
    assert verify(root.public, chain.intermediate.details, chain.intermediate.signature)
    assert verify(intermediate.key, chain.leaf.details, chain.leaf.signature)
    assert intermediate.issuerSerial == 0
    assert leaf.issuerSerial == intermediate.serial
    assert leaf.key == static.public
    for details in (intermediate, leaf):
        assert details.notBefore < NOW < NOW + 300 * DAY < details.notAfter
