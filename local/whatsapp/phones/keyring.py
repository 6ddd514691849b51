"""A phone's keys: its sessions with companions, and the sender keys of those who write to its groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.whatsapp.phones.post import Post
from local.whatsapp.signal.bundle import Bundle, SignedPreKey, sign_prekey
from local.whatsapp.signal.errors import NoSessionError
from local.whatsapp.signal.padding import pad, unpad
from local.whatsapp.signal.peer import Peer
from local.whatsapp.signal.sender_key import SenderKey
from local.whatsapp.signal.session import Encrypted, Session
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import AccountRecord
from local.whatsapp.wire.jid import JID

SIGNED_PREKEY_ID = 1


class UnknownDeviceError(Exception):
    """There are no keys to open a session with this device."""


@dataclass(slots=True)
class Keyring:
    account: AccountRecord
    post: Post
    peers: dict[JID, Peer] = field(default_factory=dict)
    sender_keys: dict[tuple[str, JID], SenderKey] = field(default_factory=dict)
    _signed: SignedPreKey | None = None

    def bundle(self) -> Bundle:
        """What companions need to open a session with this phone. It has no one-time keys, which is legal."""
        if self._signed is None:
            own = self.account.signed_prekey
            self._signed = sign_prekey(self.account.identity, SIGNED_PREKEY_ID, own.public)
        return Bundle(self.account.registration_id, self.account.identity.public, self._signed)

    def encrypt(self, device: JID, body: bytes) -> Encrypted:
        """Raises UnknownDeviceError."""
        peer = self.peers.setdefault(device, Peer())
        encrypted = peer.encrypt(self.account.identity, pad(body), lambda: self._initiate(device))
        self._changed(device)
        return encrypted

    def decrypt(self, device: JID, kind: str, data: bytes) -> bytes:
        """Raises SignalError."""
        peer = self.peers.get(device) or Peer()
        plaintext = peer.decrypt(self.account.identity, self.account.signed_prekey, kind, data)
        self.peers[device] = peer
        self._changed(device)
        return unpad(plaintext)

    def distrust(self, device: JID) -> None:
        """The next message to the device opens a new session."""
        if device in self.peers:
            self.peers[device].distrust()
            self._changed(device)

    def learn_sender_key(self, group: str, sender: JID, distribution: bytes) -> None:
        """Raises SignalError."""
        self._keep_sender_key(group, sender, SenderKey.parse(distribution))

    def decrypt_group(self, group: str, sender: JID, data: bytes) -> bytes:
        """Raises SignalError."""
        key = self.sender_keys.get((group, sender))
        if key is None:
            raise NoSessionError("no sender key")
        plaintext, after = key.decrypt(data)
        self._keep_sender_key(group, sender, after)
        return unpad(plaintext)

    def _initiate(self, device: JID) -> Session:
        bundle = self.post.bundle(device)
        if bundle is None:
            raise UnknownDeviceError(str(device))
        return Session.initiate(self.account.identity, self.account.registration_id, bundle)

    def _keep_sender_key(self, group: str, sender: JID, key: SenderKey) -> None:
        self.sender_keys[group, sender] = key
        self.post.changed(Kind.SENDER_KEY, f"{self.account.number}/{group}/{sender}")

    def _changed(self, device: JID) -> None:
        self.post.changed(Kind.PEER, f"{self.account.number}/{device}")
