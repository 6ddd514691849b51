"""Linking a companion to the account: the signed device identity, and the exchange behind the 8-character code."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.whatsapp.crypto.aes import ctr
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import BadKeyError, KeyPair
from local.whatsapp.protos import adv

ACCOUNT_SIGNATURE = b"\x06\x00"
CODE_ROUNDS = 2 << 16
SALT, IV, KEY, NONCE = 32, 16, 32, 12
WRAPPED_SIZE = SALT + IV + KEY
BUNDLE_MIN = SALT + NONCE + 3 * KEY


class WrongCodeError(Exception):
    """The code that was typed is not the one that the companion shows."""


def sign_device(owner: KeyPair, companion: bytes, adv_secret: bytes, key_index: int, now: int) -> bytes:
    """The identity by which the account vouches for a companion, sealed with the secret from its QR code."""
    details = adv.ADVDeviceIdentity(
        rawID=secrets.randbelow(1 << 31), timestamp=now, keyIndex=key_index
    ).SerializeToString()
    signed = adv.ADVSignedDeviceIdentity(
        details=details,
        accountSignatureKey=owner.public,
        accountSignature=owner.sign(ACCOUNT_SIGNATURE + details + companion),
    ).SerializeToString()
    sealed = adv.ADVSignedDeviceIdentityHMAC(details=signed, HMAC=hmac.digest(adv_secret, signed, "sha256"))
    container: bytes = sealed.SerializeToString()
    return container


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """After the code was typed: `wrapped` goes to the companion, `secret` stays here for its answer."""

    wrapped: bytes
    secret: bytes

    @classmethod
    def of(cls, code: str, companion_wrapped: bytes) -> CodeEntry:
        """Slow on purpose (a tenth of a second): the code is short. Raises WrongCodeError."""
        salt, iv, sealed = _cut(companion_wrapped)
        theirs = ctr(_code_key(code, salt), iv, sealed)
        ephemeral, salt, iv = KeyPair.generate(), secrets.token_bytes(SALT), secrets.token_bytes(IV)
        wrapped = salt + iv + ctr(_code_key(code, salt), iv, ephemeral.public)
        try:
            return cls(wrapped, ephemeral.agree(theirs))
        except BadKeyError as error:
            raise WrongCodeError("the code does not open the companion's key") from error

    def finish(self, owner: KeyPair, bundle: bytes, companion: bytes) -> bytes:
        """The ADV secret, from the companion's key bundle. Raises WrongCodeError."""
        if len(bundle) < BUNDLE_MIN:
            raise WrongCodeError("key bundle too short")
        info = b"link_code_pairing_key_bundle_encryption_key"
        key = hkdf(self.secret, salt=bundle[:SALT], info=info, size=KEY)
        try:
            plain = AESGCM(key).decrypt(bundle[SALT : SALT + NONCE], bundle[SALT + NONCE :], None)
            shared = owner.agree(companion)
        except (InvalidTag, BadKeyError) as error:
            raise WrongCodeError("the companion used another code") from error
        if plain[:KEY] != companion or plain[KEY : 2 * KEY] != owner.public:
            raise WrongCodeError("key bundle of another device")
        return hkdf(self.secret + shared + plain[2 * KEY : 3 * KEY], info=b"adv_secret", size=KEY)


def _cut(wrapped: bytes) -> tuple[bytes, bytes, bytes]:
    if len(wrapped) != WRAPPED_SIZE:
        raise WrongCodeError("wrapped key has the wrong size")
    return wrapped[:SALT], wrapped[SALT : SALT + IV], wrapped[SALT + IV :]


def _code_key(code: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt, CODE_ROUNDS, KEY)
