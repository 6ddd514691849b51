"""HKDF with SHA-256 (RFC 5869)."""

import hmac

HASH_SIZE = 32


def hkdf(secret: bytes, *, salt: bytes = b"", info: bytes = b"", size: int) -> bytes:
    """`size` bytes derived from `secret`. No salt means a salt of zeros, as the RFC has it."""
    key = hmac.digest(salt or bytes(HASH_SIZE), secret, "sha256")
    out = block = b""
    for counter in range(1, -(-size // HASH_SIZE) + 1):
        block = hmac.digest(key, block + info + bytes((counter,)), "sha256")
        out += block
    return out[:size]
