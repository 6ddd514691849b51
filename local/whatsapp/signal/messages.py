"""Signal's two messages between people: one inside a session, and one that also opens it."""

from __future__ import annotations

from dataclasses import dataclass

from local.whatsapp.crypto.keys import DJB_TYPE, KEY_SIZE
from local.whatsapp.signal import fields
from local.whatsapp.signal.errors import UnreadableError

VERSION = b"\x33"  # current version 3 in one half byte, oldest accepted in the other
MAC_SIZE = 8


@dataclass(frozen=True, slots=True)
class SessionMessage:
    """`signed` is what the MAC at the end covers."""

    ratchet: bytes
    counter: int
    ciphertext: bytes
    signed: bytes
    mac: bytes

    @staticmethod
    def serialise(ratchet: bytes, counter: int, previous: int, ciphertext: bytes) -> bytes:
        """The part before the MAC."""
        head = fields.blob(1, DJB_TYPE + ratchet) + fields.number(2, counter) + fields.number(3, previous)
        return VERSION + head + fields.blob(4, ciphertext)

    @classmethod
    def parse(cls, data: bytes) -> SessionMessage:
        """Raises UnreadableError."""
        signed, mac = data[:-MAC_SIZE], data[-MAC_SIZE:]
        parsed = _parse(signed)
        try:
            counter, ciphertext = fields.get_number(parsed, 2), fields.get_blob(parsed, 4)
        except fields.FieldError as error:
            raise UnreadableError(str(error)) from error
        return cls(_public(parsed, 1), counter, ciphertext, signed, mac)


@dataclass(frozen=True, slots=True)
class OpeningMessage:
    """A session's first messages, until the peer has answered: they carry what the peer needs to join it."""

    base: bytes
    identity: bytes
    message: bytes
    one_time_id: int | None
    signed_id: int
    registration_id: int

    def serialise(self) -> bytes:
        one_time = b"" if self.one_time_id is None else fields.number(1, self.one_time_id)
        keys = fields.blob(2, DJB_TYPE + self.base) + fields.blob(3, DJB_TYPE + self.identity)
        ids = fields.number(5, self.registration_id) + fields.number(6, self.signed_id)
        return VERSION + one_time + keys + fields.blob(4, self.message) + ids

    @classmethod
    def parse(cls, data: bytes) -> OpeningMessage:
        """Raises UnreadableError."""
        parsed = _parse(data)
        try:
            message = fields.get_blob(parsed, 4)
            one_time = fields.get_number(parsed, 1) if 1 in parsed else None
            signed, registration = fields.get_number(parsed, 6), fields.get_number(parsed, 5)
        except fields.FieldError as error:
            raise UnreadableError(str(error)) from error
        return cls(_public(parsed, 2), _public(parsed, 3), message, one_time, signed, registration)


def _parse(data: bytes) -> fields.Fields:
    if data[:1] != VERSION:
        raise UnreadableError("unknown version")
    try:
        return fields.parse(data[1:])
    except fields.FieldError as error:
        raise UnreadableError(str(error)) from error


def _public(parsed: fields.Fields, field: int) -> bytes:
    value = parsed.get(field)
    if not isinstance(value, bytes) or len(value) != KEY_SIZE + 1:
        raise UnreadableError(f"field {field} is no public key")
    return value[1:]
