"""The symmetric half of the ratchet: one key per message, in any order, each once."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.signal.errors import DuplicateError, NoSessionError

JUMP_MAX = 2_000
SKIPPED_MAX = 2_000


@dataclass(frozen=True, slots=True)
class MessageKeys:
    cipher: bytes
    mac: bytes
    iv: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain at `index`; `skipped` holds the seeds of earlier messages that have not come yet."""

    key: bytes
    index: int = 0
    skipped: dict[int, bytes] = field(default_factory=dict)

    def next(self) -> tuple[MessageKeys, Chain]:
        """The keys of the message at `index`, and the chain after it."""
        return message_keys(_seed(self.key)), Chain(_advance(self.key), self.index + 1, self.skipped)

    def at(self, index: int) -> tuple[bytes, Chain]:
        """The seed of one message's keys, and the chain after it. Raises DuplicateError, NoSessionError."""
        if index < self.index:
            return self._take_skipped(index)
        if index - self.index > JUMP_MAX:
            raise NoSessionError(f"counter jumps by {index - self.index}")
        key, skipped = self.key, self.skipped
        if index > self.index:
            skipped = dict(skipped)
            for missed in range(self.index, index):
                skipped[missed] = _seed(key)
                key = _advance(key)
            for oldest in sorted(skipped)[: max(0, len(skipped) - SKIPPED_MAX)]:
                del skipped[oldest]
        return _seed(key), Chain(_advance(key), index + 1, skipped)

    def _take_skipped(self, index: int) -> tuple[bytes, Chain]:
        if index not in self.skipped:
            raise DuplicateError(f"message {index} was read before")
        rest = dict(self.skipped)
        seed = rest.pop(index)
        return seed, Chain(self.key, self.index, rest)


def message_keys(seed: bytes) -> MessageKeys:
    keys = hkdf(seed, info=b"WhisperMessageKeys", size=80)
    return MessageKeys(keys[:32], keys[32:64], keys[64:])


def _seed(key: bytes) -> bytes:
    return hmac.digest(key, b"\1", "sha256")


def _advance(key: bytes) -> bytes:
    return hmac.digest(key, b"\2", "sha256")
