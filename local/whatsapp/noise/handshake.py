"""Noise_XX_25519_AESGCM_SHA256 as the responder, in WhatsApp's envelope.

client -> ClientHello(ephemeral)
server -> ServerHello(ephemeral, sealed static key, sealed certificate chain)
client -> ClientFinish(sealed static key, sealed ClientPayload)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import BadKeyError, KeyPair
from local.whatsapp.noise.cipher import Cipher, SealBrokenError
from local.whatsapp.protos import wa6

# Exactly 32 bytes, so Noise takes it as the first hash and key unhashed.
PROTOCOL = b"Noise_XX_25519_AESGCM_SHA256".ljust(32, b"\0")


class HandshakeError(Exception):
    """The client's half of the handshake is broken."""


@dataclass(frozen=True, slots=True)
class Established:
    """What the handshake leaves: who the client is, what it asks, and the two directions of the stream."""

    client_static: bytes
    payload: Any
    receiving: Cipher
    sending: Cipher


class Transcript:
    """The running hash, chaining key and cipher that both sides of a Noise handshake keep alike."""

    def __init__(self, header: bytes) -> None:
        self._hash = self._chain = PROTOCOL
        self._cipher = Cipher(PROTOCOL)
        self.absorb(header)

    def absorb(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix(self, secret: bytes) -> None:
        keys = hkdf(secret, salt=self._chain, size=64)
        self._chain, self._cipher = keys[:32], Cipher(keys[32:])

    def seal(self, plaintext: bytes) -> bytes:
        ciphertext = self._cipher.seal(plaintext, self._hash)
        self.absorb(ciphertext)
        return ciphertext

    def open(self, ciphertext: bytes) -> bytes:
        plaintext = self._cipher.open(ciphertext, self._hash)
        self.absorb(ciphertext)
        return plaintext

    def split(self) -> tuple[Cipher, Cipher]:
        """The initiator's sending direction, then the responder's."""
        keys = hkdf(b"", salt=self._chain, size=64)
        return Cipher(keys[:32]), Cipher(keys[32:])


class Responder:
    """The server's side of one handshake: `hello`, then `finish`."""

    def __init__(self, header: bytes, static: KeyPair, certificates: bytes, ephemeral: KeyPair | None = None) -> None:
        self._transcript = Transcript(header)
        self._static = static
        self._certificates = certificates
        self._ephemeral = ephemeral or KeyPair.generate()

    def hello(self, body: bytes) -> bytes:
        """The answer to a ClientHello. Raises HandshakeError."""
        theirs = _parse(body).clientHello.ephemeral
        transcript, ephemeral = self._transcript, self._ephemeral
        transcript.absorb(theirs)
        transcript.absorb(ephemeral.public)
        transcript.mix(_agree(ephemeral, theirs))
        static = transcript.seal(self._static.public)
        transcript.mix(_agree(self._static, theirs))
        sealed = transcript.seal(self._certificates)
        hello = wa6.HandshakeMessage.ServerHello(ephemeral=ephemeral.public, static=static, payload=sealed)
        answer: bytes = wa6.HandshakeMessage(serverHello=hello).SerializeToString()
        return answer

    def finish(self, body: bytes) -> Established:
        """The end of the handshake. Raises HandshakeError."""
        finish = _parse(body).clientFinish
        transcript = self._transcript
        try:
            client_static = transcript.open(finish.static)
            transcript.mix(_agree(self._ephemeral, client_static))
            payload = wa6.ClientPayload.FromString(transcript.open(finish.payload))
        except (SealBrokenError, DecodeError) as error:
            raise HandshakeError(f"broken ClientFinish: {error}") from error
        receiving, sending = transcript.split()
        return Established(client_static, payload, receiving, sending)


def _parse(body: bytes) -> Any:
    try:
        return wa6.HandshakeMessage.FromString(body)
    except DecodeError as error:
        raise HandshakeError(f"no handshake message: {error}") from error


def _agree(pair: KeyPair, public: bytes) -> bytes:
    try:
        return pair.agree(public)
    except BadKeyError as error:
        raise HandshakeError(str(error)) from error
