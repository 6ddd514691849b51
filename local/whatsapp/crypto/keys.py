"""Curve25519 keys: agreement (X25519) and signatures (XEdDSA) by the same pair."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import xeddsa

KEY_SIZE = 32
SIGNATURE_SIZE = 64
# Signal puts this byte before a public key wherever the kind of curve must be told.
DJB_TYPE = b"\x05"


class BadKeyError(Exception):
    """A public key with which no secret can be agreed."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Private and public key, 32 bytes each."""

    private: bytes
    public: bytes

    @classmethod
    def generate(cls) -> KeyPair:
        return cls.of(secrets.token_bytes(KEY_SIZE))

    @classmethod
    def of(cls, private: bytes) -> KeyPair:
        """The pair of any 32 bytes, clamped as X25519 has it."""
        clamped = bytearray(private)
        clamped[0] &= 248
        clamped[31] = clamped[31] & 127 | 64
        return cls(bytes(clamped), xeddsa.priv_to_curve25519_pub(bytes(clamped)))

    def agree(self, public: bytes) -> bytes:
        """The secret shared with the owner of `public`. Raises BadKeyError."""
        if len(public) != KEY_SIZE:
            raise BadKeyError(f"public key of {len(public)} bytes")
        try:
            return xeddsa.x25519(self.private, public)
        except xeddsa.XEdDSAException as error:
            raise BadKeyError("public key of low order") from error

    def sign(self, message: bytes) -> bytes:
        """64 bytes that `verify` and libsignal accept for this public key."""
        # The sign bit is forced to zero: verifiers that know only the Curve25519 key assume it.
        return xeddsa.ed25519_priv_sign(xeddsa.priv_force_sign(self.private, False), message)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is of `message` by the owner of the Curve25519 key `public`."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    # libsignal carries the sign of the Edwards key in the top bit of its signatures.
    sign_bit = bool(signature[-1] & 128)
    plain = signature[:-1] + bytes((signature[-1] & 127,))
    return xeddsa.ed25519_verify(plain, xeddsa.curve25519_pub_to_ed25519_pub(public, sign_bit), message)
