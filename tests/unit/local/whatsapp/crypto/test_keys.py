"""X25519 by the vectors of RFC 7748; XEdDSA by a vector from libsignal's tests, round trips, and a plain verifier."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from local.whatsapp.crypto.keys import BadKeyError, KeyPair, verify

PRIME = 2**255 - 19
privates = st.binary(min_size=32, max_size=32)

# RFC 7748, section 5.2: scalar, point, product
PRODUCTS = [
    (
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ),
    (
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ),
]
# RFC 7748, section 6.1
BOB_PRIVATE = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
ALICE_PUBLIC = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"

# libsignal's test of its signatures; this one has the sign bit set
SIGNER_PRIVATE = "c097248412e58bf05df487968205132794178e367637f5818f81e0e6ce73e865"
SIGNER_PUBLIC = "ab7e717d4a163b7d9a1d8071dfe9dcf8cdcd1cea3339b6356be84d887e322c64"
SIGNED = "05edce9d9c415ca78cb7252e72c2c4a554d3eb29485a0e1d503118d1a82d99fb4a"
SIGNATURE = (
    "5de88ca9a89b4a115da79109c67c9c7464a3e4180274f1cb8c63c2984e286dfb"
    "ede82deb9dcd9fae0bfbb821569b3d9001bd8130cd11d486cef047bd60b86e88"
)


@pytest.mark.parametrize(("scalar", "point", "product"), PRODUCTS)
def test_rfc_7748_products(scalar: str, point: str, product: str) -> None:
    assert KeyPair.of(bytes.fromhex(scalar)).agree(bytes.fromhex(point)).hex() == product


def test_rfc_7748_agreement() -> None:
    bob = KeyPair.of(bytes.fromhex(BOB_PRIVATE))
    assert bob.public.hex() == BOB_PUBLIC
    assert bob.agree(bytes.fromhex(ALICE_PUBLIC)).hex() == SHARED


@given(privates, privates)
def test_both_sides_agree(one: bytes, other: bytes) -> None:
    first, second = KeyPair.of(one), KeyPair.of(other)
    assert first.agree(second.public) == second.agree(first.public)


@pytest.mark.parametrize("public", [bytes(32), b"\1" + bytes(31), b"short"])
def test_keys_that_agree_on_nothing_are_refused(public: bytes) -> None:
    with pytest.raises(BadKeyError):
        KeyPair.generate().agree(public)


def test_a_signature_of_libsignal_verifies() -> None:
    public, message, signature = map(bytes.fromhex, (SIGNER_PUBLIC, SIGNED, SIGNATURE))
    assert KeyPair.of(bytes.fromhex(SIGNER_PRIVATE)).public == public
    assert verify(public, message, signature)
    for place in range(len(signature)):
        broken = bytearray(signature)
        broken[place] ^= 1
        assert not verify(public, message, bytes(broken))


@given(privates, st.binary(max_size=100))
def test_what_is_signed_verifies_for_its_owner_only(private: bytes, message: bytes) -> None:
    pair = KeyPair.of(private)
    signature = pair.sign(message)
    assert verify(pair.public, message, signature)
    assert not verify(pair.public, message + b"!", signature)
    assert not verify(KeyPair.of(bytes(31) + b"\x40").public, message, signature) or private[1:31] == bytes(30)
    assert not verify(pair.public, message, signature[:-1])


@given(privates, st.binary(max_size=100))
def test_signatures_are_plain_ed25519_under_the_mapped_key(private: bytes, message: bytes) -> None:
    """XEdDSA's point: y = (u - 1) / (u + 1) with sign 0 is the Ed25519 key of the same pair."""
    pair = KeyPair.of(private)
    u = int.from_bytes(pair.public, "little")
    y = (u - 1) * pow(u + 1, -1, PRIME) % PRIME
    signature = pair.sign(message)
    assert signature[63] & 128 == 0
    Ed25519PublicKey.from_public_bytes(y.to_bytes(32, "little")).verify(signature, message)
