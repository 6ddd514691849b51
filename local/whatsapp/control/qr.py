"""The text of a QR code that a companion shows."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

FIELDS = 4
KEY_SIZE = 32


class BadQrError(Exception):
    """The text is not that of a companion's QR code."""


@dataclass(frozen=True, slots=True)
class QrCode:
    ref: str
    noise_key: bytes
    identity: bytes
    adv_secret: bytes


def read_qr(text: str) -> QrCode:
    """Reads `[https://...#]ref,noise key,identity key,secret[,client type]`. Raises BadQrError."""
    fields = text.strip().rpartition("#")[2].split(",")
    if len(fields) < FIELDS or not fields[0]:
        raise BadQrError("not the text of a WhatsApp pairing code: it has too few fields")
    return QrCode(fields[0], *(_key(field) for field in fields[1:FIELDS]))


def _key(field: str) -> bytes:
    try:
        key = base64.b64decode(field, validate=True)
    except binascii.Error as error:
        raise BadQrError("not the text of a WhatsApp pairing code: a key is not base64") from error
    if len(key) != KEY_SIZE:
        raise BadQrError(f"not the text of a WhatsApp pairing code: a key of {len(key)} bytes")
    return key
