"""Signatures of webhooks by the Standard Webhooks scheme (version 1, HMAC-SHA256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

PREFIX = "whsec_"
KEY_BYTES = 32


def new_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A fresh endpoint secret, `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(random_bytes(KEY_BYTES)).decode("ascii")


def sign(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature per secret in `keys`, separated by spaces.

    `timestamp` is the value of `webhook-timestamp`, in whole seconds. Raises ValueError for a secret that is none."""
    if not keys:
        raise ValueError("at least one secret is needed to sign")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(key, signed) for key in keys)


def _signature(key: str, signed: bytes) -> str:
    digest = hmac.new(_key_bytes(key), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def _key_bytes(key: str) -> bytes:
    try:
        return base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret must be whsec_ and base64") from None
