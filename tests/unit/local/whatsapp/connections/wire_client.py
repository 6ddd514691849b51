"""A small companion on the far end of a socket: handshakes, pairs and speaks nodes, all in this process."""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from local.whatsapp.crypto.keys import KeyPair, verify
from local.whatsapp.protos import adv, wa6
from local.whatsapp.signal.bundle import sign_prekey
from local.whatsapp.wire.decoder import decode
from local.whatsapp.wire.encoder import encode
from local.whatsapp.wire.frames import frame
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.noise.initiator import Initiator

HEADER = b"WA\x06\x03"
PATIENCE = 10


class Pipe:
    """Both ends of a connection in memory; the server's end is a Socket."""

    port = None

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.to_client: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.aborted = False

    async def receive(self) -> bytes | None:
        return await self.to_server.get()

    async def send(self, data: bytes) -> None:
        if self.aborted:
            raise ConnectionResetError
        self.to_client.put_nowait(data)

    async def close(self) -> None:
        self.to_client.put_nowait(None)
        self.to_server.put_nowait(None)

    def abort(self) -> None:
        self.aborted = True
        self.to_client.put_nowait(None)
        self.to_server.put_nowait(None)


class WireClient:
    def __init__(self, noise: X25519PrivateKey | None = None) -> None:
        self.pipe = Pipe()
        self.noise = noise or X25519PrivateKey.generate()
        self.identity, self.signed = KeyPair.generate(), KeyPair.generate()
        self.adv_secret = secrets.token_bytes(32)
        self._noise = Initiator(HEADER, self.noise, X25519PrivateKey.generate())

    async def shake_hands(self, payload: Any) -> None:
        self.pipe.to_server.put_nowait(HEADER + frame(self._noise.hello()))
        answer = await self._body()
        assert answer
        self.pipe.to_server.put_nowait(frame(self._noise.finish(answer, payload.SerializeToString())))

    def registration(self) -> Any:
        signed = sign_prekey(self.identity, 1, self.signed.public)
        data = wa6.ClientPayload.DevicePairingRegistrationData(
            eRegid=(77).to_bytes(4, "big"),
            eKeytype=b"\5",
            eIdent=self.identity.public,
            eSkeyID=(1).to_bytes(3, "big"),
            eSkeyVal=signed.public,
            eSkeySig=signed.signature,
        )
        return wa6.ClientPayload(devicePairingData=data)

    def send(self, node: Node) -> None:
        self.pipe.to_server.put_nowait(frame(self._noise.seal(encode(node))))

    async def receive(self) -> Node | None:
        """The next stanza; None when the server has hung up."""
        body = await self._body()
        return decode(self._noise.open(body)) if body is not None else None

    async def expect(self, tag: str) -> Node:
        node = await self.receive()
        assert node is not None
        assert node.tag == tag, node
        return node

    def hang_up(self) -> None:
        self.pipe.to_server.put_nowait(None)

    def qr(self, ref: str) -> str:
        keys = (self.noise.public_key().public_bytes_raw(), self.identity.public, self.adv_secret)
        fields = [ref, *(base64.b64encode(key).decode() for key in keys), "6"]
        return "https://wa.me/settings/linked_devices#" + ",".join(fields)

    def accepts(self, container: bytes) -> bool:
        """Whether the account vouches for this device, checked as a client does."""
        sealed = adv.ADVSignedDeviceIdentityHMAC.FromString(container)
        signed = adv.ADVSignedDeviceIdentity.FromString(sealed.details)
        prefixed = b"\6\0" + signed.details + self.identity.public
        fits = hmac.digest(self.adv_secret, sealed.details, "sha256") == sealed.HMAC
        return fits and verify(signed.accountSignatureKey, prefixed, signed.accountSignature)

    async def _body(self) -> bytes | None:
        async with asyncio.timeout(PATIENCE):
            data = await self.pipe.to_client.get()
        return None if data is None else data[3:]
