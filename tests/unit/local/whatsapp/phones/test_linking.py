"""Both ways of linking, with the companion's half done here as the protocol has it."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.whatsapp.crypto.aes import ctr
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import KeyPair, verify
from local.whatsapp.phones.linking import CodeEntry, WrongCodeError, sign_device
from local.whatsapp.protos import adv

CODE = "ABCD1234"


def test_the_account_vouches_for_the_companion() -> None:
    owner, companion, secret = KeyPair.generate(), KeyPair.generate(), b"s" * 32
    sealed = adv.ADVSignedDeviceIdentityHMAC.FromString(sign_device(owner, companion.public, secret, 3, 1_700_000_000))
    assert hmac.digest(secret, sealed.details, "sha256") == sealed.HMAC
    signed = adv.ADVSignedDeviceIdentity.FromString(sealed.details)
    assert signed.accountSignatureKey == owner.public
    assert verify(owner.public, b"\6\0" + signed.details + companion.public, signed.accountSignature)
    identity = adv.ADVDeviceIdentity.FromString(signed.details)
    assert (identity.keyIndex, identity.timestamp) == (3, 1_700_000_000)


class CodeCompanion:
    def __init__(self) -> None:
        self.identity, self.ephemeral = KeyPair.generate(), KeyPair.generate()

    def wrapped(self, code: str) -> bytes:
        salt, iv = b"s" * 32, b"i" * 16
        return salt + iv + ctr(self.key(code, salt), iv, self.ephemeral.public)

    def answer(self, code: str, wrapped: bytes, primary: bytes) -> tuple[bytes, bytes]:
        """The key bundle, and the ADV secret as the companion derives it."""
        theirs = ctr(self.key(code, wrapped[:32]), wrapped[32:48], wrapped[48:])
        shared = self.ephemeral.agree(theirs)
        salt, nonce, random = b"S" * 32, b"n" * 12, b"r" * 32
        key = hkdf(shared, salt=salt, info=b"link_code_pairing_key_bundle_encryption_key", size=32)
        sealed = AESGCM(key).encrypt(nonce, self.identity.public + primary + random, None)
        material = shared + self.identity.agree(primary) + random
        return salt + nonce + sealed, hkdf(material, info=b"adv_secret", size=32)

    @staticmethod
    def key(code: str, salt: bytes) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", code.encode(), salt, 131_072, 32)


def test_the_right_code_gives_both_the_same_secret() -> None:
    owner, companion = KeyPair.generate(), CodeCompanion()
    entry = CodeEntry.of(CODE, companion.wrapped(CODE))
    bundle, secret = companion.answer(CODE, entry.wrapped, owner.public)
    assert entry.finish(owner, bundle, companion.identity.public) == secret


def test_a_wrong_code_is_told() -> None:
    owner, companion = KeyPair.generate(), CodeCompanion()
    entry = CodeEntry.of("WRONG123", companion.wrapped(CODE))
    bundle, _ = companion.answer(CODE, entry.wrapped, owner.public)
    with pytest.raises(WrongCodeError):
        entry.finish(owner, bundle, companion.identity.public)


@pytest.mark.parametrize("bundle", [b"", bytes(200)])
def test_a_broken_bundle_is_told(bundle: bytes) -> None:
    companion = CodeCompanion()
    entry = CodeEntry.of(CODE, companion.wrapped(CODE))
    with pytest.raises(WrongCodeError):
        entry.finish(KeyPair.generate(), bundle, companion.identity.public)


def test_a_broken_wrapped_key_is_told() -> None:
    with pytest.raises(WrongCodeError):
        CodeEntry.of(CODE, b"short")
