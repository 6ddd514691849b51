"""Messages to a group are encrypted once, under a key that its sender has given to each member's devices."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from local.whatsapp.crypto.aes import PaddingError, cbc_decrypt
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import SIGNATURE_SIZE, verify
from local.whatsapp.signal import fields
from local.whatsapp.signal.errors import DuplicateError, NoSessionError, UnreadableError
from local.whatsapp.signal.messages import VERSION

JUMP_MAX = 2_000


@dataclass(frozen=True, slots=True)
class SenderKey:
    """The receiver's half of one sender's key in one group."""

    id: int
    iteration: int
    chain: bytes
    signing: bytes

    @classmethod
    def parse(cls, distribution: bytes) -> SenderKey:
        """The key in a SenderKeyDistributionMessage. Raises UnreadableError."""
        parsed = _parse(distribution)
        try:
            chain, signing = fields.get_blob(parsed, 3), fields.get_blob(parsed, 4)
            return cls(fields.get_number(parsed, 1), fields.get_number(parsed, 2), chain, signing[1:])
        except fields.FieldError as error:
            raise UnreadableError(str(error)) from error

    def decrypt(self, data: bytes) -> tuple[bytes, SenderKey]:
        """The plaintext of a group message and the key after it. Raises SignalError."""
        signed, signature = data[:-SIGNATURE_SIZE], data[-SIGNATURE_SIZE:]
        parsed = _parse(signed)
        try:
            key_id, iteration = fields.get_number(parsed, 1), fields.get_number(parsed, 2)
            ciphertext = fields.get_blob(parsed, 3)
        except fields.FieldError as error:
            raise UnreadableError(str(error)) from error
        if key_id != self.id or not verify(self.signing, signed, signature):
            raise NoSessionError("another sender key")
        seed, chain = self._seed_at(iteration)
        keys = hkdf(seed, info=b"WhisperGroup", size=48)
        try:
            plaintext = cbc_decrypt(keys[16:], keys[:16], ciphertext)
        except PaddingError as error:
            raise UnreadableError(str(error)) from error
        return plaintext, SenderKey(self.id, iteration + 1, chain, self.signing)

    def _seed_at(self, iteration: int) -> tuple[bytes, bytes]:
        # The server keeps a sender's order, so an earlier iteration can only be a repeat.
        if iteration < self.iteration:
            raise DuplicateError(f"message {iteration} was read before")
        if iteration - self.iteration > JUMP_MAX:
            raise NoSessionError(f"counter jumps by {iteration - self.iteration}")
        chain = self.chain
        for _ in range(iteration - self.iteration):
            chain = hmac.digest(chain, b"\2", "sha256")
        return hmac.digest(chain, b"\1", "sha256"), hmac.digest(chain, b"\2", "sha256")


def _parse(data: bytes) -> fields.Fields:
    if data[:1] != VERSION:
        raise UnreadableError("unknown version")
    try:
        return fields.parse(data[1:])
    except fields.FieldError as error:
        raise UnreadableError(str(error)) from error
