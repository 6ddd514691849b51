"""Secrets that must be read again (signing secrets, proxy passwords) are sealed before they are stored.

AES-256-GCM under the deployment's key; the context (whose secret it is) is bound in, so a sealed value moved to another
item does not open.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE = 12


class SealBroken(Exception):
    """The value was not sealed with this key for this context."""


class Vault:
    """Seals and opens under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {KEY_BYTES}")
        self._aead = AESGCM(key)

    @classmethod
    def from_text(cls, text: str) -> Vault:
        """A vault of a key in base64. Raises ValueError."""
        return cls(base64.b64decode(text, validate=True))

    def seal(self, secret: str, context: str) -> str:
        """The secret in a form that is safe to store."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._aead.encrypt(nonce, secret.encode(), context.encode())).decode()

    def open(self, sealed: str, context: str) -> str:
        """The secret again. Raises SealBroken."""
        try:
            raw = base64.b64decode(sealed)
            return self._aead.decrypt(raw[:_NONCE], raw[_NONCE:], context.encode()).decode()
        except (ValueError, InvalidTag) as error:
            raise SealBroken(context) from error


def new_key() -> str:
    """A fresh sealing key in base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
