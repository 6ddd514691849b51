"""A conversation between two devices: X3DH to open it, the double ratchet from then on."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from local.whatsapp.crypto.aes import PaddingError, cbc_decrypt, cbc_encrypt
from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import DJB_TYPE, BadKeyError, KeyPair
from local.whatsapp.signal.bundle import Bundle
from local.whatsapp.signal.chain import Chain, message_keys
from local.whatsapp.signal.errors import NoSessionError, UnreadableError
from local.whatsapp.signal.messages import MAC_SIZE, OpeningMessage, SessionMessage

DISCONTINUITY = b"\xff" * 32
RECEIVING_MAX = 5

Encrypted = tuple[str, bytes]
"""The `type` of an `enc` element (`pkmsg` opens a session, `msg` continues it) and its content."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What each of our messages repeats until the peer has answered."""

    one_time_id: int | None
    signed_id: int
    registration_id: int


@dataclass(frozen=True, slots=True)
class Receiving:
    """The chain of messages that the peer sent under one of its ratchet keys."""

    ratchet: bytes
    chain: Chain


@dataclass(slots=True)
class Session:
    """`suspect`: messages beyond what `sending` tells may have gone out, so it must not send until its next turn."""

    theirs: bytes
    base: bytes
    root: bytes
    ratchet: KeyPair
    sending: Chain
    receiving: list[Receiving] = field(default_factory=list)
    previous: int = 0
    opening: Opening | None = None
    suspect: bool = False

    @classmethod
    def initiate(cls, own: KeyPair, registration_id: int, bundle: Bundle) -> Session:
        """Our side of a new session with the owner of `bundle`."""
        signed, one_time, base, ratchet = bundle.signed_prekey, bundle.one_time, KeyPair.generate(), KeyPair.generate()
        secrets = [own.agree(signed.public), base.agree(bundle.identity), base.agree(signed.public)]
        if one_time:
            secrets.append(base.agree(one_time.public))
        root, sending = _turn(_agreed(secrets)[:32], ratchet.agree(signed.public))
        opening = Opening(one_time.id if one_time else None, signed.id, registration_id)
        return cls(bundle.identity, base.public, root, ratchet, sending, opening=opening)

    @classmethod
    def respond(cls, own: KeyPair, signed_prekey: KeyPair, message: OpeningMessage) -> Session:
        """Our side of the session that `message` opens. Raises UnreadableError."""
        try:
            secrets = [
                signed_prekey.agree(message.identity),
                own.agree(message.base),
                signed_prekey.agree(message.base),
            ]
        except BadKeyError as error:
            raise UnreadableError(str(error)) from error
        keys = _agreed(secrets)
        return cls(message.identity, message.base, keys[:32], signed_prekey, Chain(keys[32:]))

    def encrypt(self, own: KeyPair, plaintext: bytes) -> Encrypted:
        counter = self.sending.index
        keys, self.sending = self.sending.next()
        ciphertext = cbc_encrypt(keys.cipher, keys.iv, plaintext)
        signed = SessionMessage.serialise(self.ratchet.public, counter, self.previous, ciphertext)
        message = signed + _mac(keys.mac, own.public, self.theirs, signed)
        if self.opening is None:
            return "msg", message
        ids = self.opening
        opening = OpeningMessage(
            self.base, own.public, message, ids.one_time_id, ids.signed_id, ids.registration_id
        ).serialise()
        return "pkmsg", opening

    def decrypt(self, own: KeyPair, data: bytes) -> bytes:
        """Raises SignalError, and leaves the session as it was."""
        message = SessionMessage.parse(data)
        known = next((each for each in self.receiving if each.ratchet == message.ratchet), None)
        if known:
            plaintext, chain = self._open(own, message, known.chain)
            self.receiving[self.receiving.index(known)] = Receiving(message.ratchet, chain)
        else:
            plaintext = self._open_next_turn(own, message)
        self.opening = None
        return plaintext

    def _open_next_turn(self, own: KeyPair, message: SessionMessage) -> bytes:
        try:
            root, chain = _turn(self.root, self.ratchet.agree(message.ratchet))
            plaintext, chain = self._open(own, message, chain)
            ratchet = KeyPair.generate()
            self.previous = max(self.sending.index - 1, 0)
            self.root, self.sending = _turn(root, ratchet.agree(message.ratchet))
        except BadKeyError as error:
            raise UnreadableError(str(error)) from error
        self.ratchet, self.suspect = ratchet, False
        self.receiving = [*self.receiving, Receiving(message.ratchet, chain)][-RECEIVING_MAX:]
        return plaintext

    def _open(self, own: KeyPair, message: SessionMessage, chain: Chain) -> tuple[bytes, Chain]:
        seed, after = chain.at(message.counter)
        keys = message_keys(seed)
        if not hmac.compare_digest(_mac(keys.mac, self.theirs, own.public, message.signed), message.mac):
            raise NoSessionError("wrong MAC")
        try:
            return cbc_decrypt(keys.cipher, keys.iv, message.ciphertext), after
        except PaddingError as error:
            raise UnreadableError(str(error)) from error


def _agreed(secrets: list[bytes]) -> bytes:
    return hkdf(DISCONTINUITY + b"".join(secrets), info=b"WhisperText", size=64)


def _turn(root: bytes, secret: bytes) -> tuple[bytes, Chain]:
    keys = hkdf(secret, salt=root, info=b"WhisperRatchet", size=64)
    return keys[:32], Chain(keys[32:])


def _mac(key: bytes, sender: bytes, receiver: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, DJB_TYPE + sender + DJB_TYPE + receiver + signed, "sha256")[:MAC_SIZE]
