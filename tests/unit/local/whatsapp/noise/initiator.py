"""The client's side of a Noise XX handshake, written from the Noise specification for the tests alone."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.whatsapp.protos import wa6

NAME = b"Noise_XX_25519_AESGCM_SHA256"


class Initiator:
    """`hello`, then `finish`; then `seal` and `open`. Variables are called as the specification calls them."""

    def __init__(self, prologue: bytes, s: X25519PrivateKey, e: X25519PrivateKey) -> None:
        self.h = self.ck = self.k = NAME + bytes(32 - len(NAME))
        self.n = 0
        self.s, self.e = s, e
        self.server_static = b""
        self.certificates = b""
        self._mix_hash(prologue)

    def hello(self) -> bytes:
        public = self.e.public_key().public_bytes_raw()
        self._mix_hash(public)
        hello = wa6.HandshakeMessage.ClientHello(ephemeral=public)
        body: bytes = wa6.HandshakeMessage(clientHello=hello).SerializeToString()
        return body

    def finish(self, answer: bytes, payload: bytes) -> bytes:
        hello: Any = wa6.HandshakeMessage.FromString(answer).serverHello
        self._mix_hash(hello.ephemeral)
        self._mix_key(self._dh(self.e, hello.ephemeral))
        self.server_static = self._decrypt_and_hash(hello.static)
        self._mix_key(self._dh(self.e, self.server_static))
        self.certificates = self._decrypt_and_hash(hello.payload)
        static = self._encrypt_and_hash(self.s.public_key().public_bytes_raw())
        self._mix_key(self._dh(self.s, hello.ephemeral))
        finish = wa6.HandshakeMessage.ClientFinish(static=static, payload=self._encrypt_and_hash(payload))
        self._sending, self._receiving = self._hkdf(b"")
        self._sent = self._received = 0
        body: bytes = wa6.HandshakeMessage(clientFinish=finish).SerializeToString()
        return body

    def seal(self, plaintext: bytes) -> bytes:
        self._sent += 1
        return AESGCM(self._sending).encrypt(_nonce(self._sent - 1), plaintext, b"")

    def open(self, ciphertext: bytes) -> bytes:
        self._received += 1
        return AESGCM(self._receiving).decrypt(_nonce(self._received - 1), ciphertext, b"")

    @staticmethod
    def _dh(private: X25519PrivateKey, public: bytes) -> bytes:
        return private.exchange(X25519PublicKey.from_public_bytes(public))

    def _mix_hash(self, data: bytes) -> None:
        self.h = hashlib.sha256(self.h + data).digest()

    def _hkdf(self, material: bytes) -> tuple[bytes, bytes]:
        temp = hmac.digest(self.ck, material, "sha256")
        first = hmac.digest(temp, b"\1", "sha256")
        return first, hmac.digest(temp, first + b"\2", "sha256")

    def _mix_key(self, material: bytes) -> None:
        self.ck, self.k = self._hkdf(material)
        self.n = 0

    def _encrypt_and_hash(self, plaintext: bytes) -> bytes:
        ciphertext = AESGCM(self.k).encrypt(_nonce(self.n), plaintext, self.h)
        self.n += 1
        self._mix_hash(ciphertext)
        return ciphertext

    def _decrypt_and_hash(self, ciphertext: bytes) -> bytes:
        plaintext = AESGCM(self.k).decrypt(_nonce(self.n), ciphertext, self.h)
        self.n += 1
        self._mix_hash(ciphertext)
        return plaintext


def _nonce(n: int) -> bytes:
    return bytes(4) + n.to_bytes(8, "big")
