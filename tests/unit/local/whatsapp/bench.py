"""A world without network or clock, and companions whose stanzas are looked at as nodes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.whatsapp.crypto.kdf import hkdf
from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.protos import e2e
from local.whatsapp.signal.bundle import PreKey, sign_prekey
from local.whatsapp.signal.chain import Chain
from local.whatsapp.signal.messages import OpeningMessage
from local.whatsapp.signal.padding import pad, unpad
from local.whatsapp.signal.peer import Peer
from local.whatsapp.signal.session import DISCONTINUITY, Encrypted, Session
from local.whatsapp.stanzas.dispatch import dispatch
from local.whatsapp.state.records import DeviceRecord
from local.whatsapp.wire.jid import JID, SERVER
from local.whatsapp.wire.node import Attribute, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World

START = 1_700_000_000.0


class Clock:
    """Time passes only when told to; what was to happen until then happens, in order."""

    def __init__(self) -> None:
        self.now = START
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    def run(self, seconds: float = 0) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, action = heapq.heappop(self._due)
            action()
        self.now = end


@dataclass
class Link:
    """A connection whose other end is the test."""

    sent: list[Node] = field(default_factory=list)
    ended: bool = False
    port: int | None = None

    def send(self, node: Node) -> None:
        self.sent.append(node)

    def end(self, *farewell: Node) -> None:
        self.sent += farewell
        self.ended = True

    def abort(self) -> None:
        self.ended = True


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.world = World(lambda: self.clock.now, self.clock.later)

    def account(self, number: str) -> Account:
        return self.world.account(number)

    def companion(self, number: str, *, prekeys: int = 10, connect: bool = True) -> Companion:
        """A linked device of the number, connected and active."""
        return Companion(self, number, prekeys, connect)


class Companion:
    def __init__(self, bench: Bench, number: str, prekeys: int, connect: bool) -> None:
        self.bench = bench
        self.identity, self.signed = KeyPair.generate(), KeyPair.generate()
        account = bench.account(number)
        device_id, account.record.next_device = account.record.next_device, account.record.next_device + 1
        self.one_time = {index: KeyPair.generate() for index in range(1, prekeys + 1)}
        record = DeviceRecord(
            number=number,
            lid=account.record.lid,
            id=device_id,
            noise_key=KeyPair.generate().public,
            identity=self.identity.public,
            registration_id=77,
            signed_prekey=sign_prekey(self.identity, 1, self.signed.public),
            prekeys=[PreKey(index, pair.public) for index, pair in self.one_time.items()],
        )
        self.device: Device = bench.world.link_device(record)
        self.account = account
        account.record.introduced.add(device_id)
        self.link = Link()
        self.peers: dict[JID, Peer] = {}
        self._ids = itertools.count(1)
        if connect:
            self.connect()

    @property
    def lid(self) -> JID:
        return self.device.lid

    def connect(self) -> None:
        self.link = Link()
        self.device.attach(self.link)
        self.query("passive", "set", Node("active"))
        self.bench.clock.run()

    def disconnect(self) -> None:
        self.device.detach(self.link)

    def stanza(self, node: Node) -> None:
        """Says something to the server, and lets it work."""
        dispatch(self.bench.world, self.device, node)
        self.bench.clock.run()

    def query(self, namespace: str, kind: str, child: Node | None = None, to: JID = SERVER) -> Node:
        """The reply to a query."""
        query_id = str(next(self._ids))
        attrs: dict[str, Attribute] = {"xmlns": namespace, "type": kind, "id": query_id, "to": to}
        dispatch(self.bench.world, self.device, Node("iq", attrs, [child] if child else None))
        return next(node for node in self.link.sent if node.tag == "iq" and node.text("id") == query_id)

    def received(self, tag: str, kind: str | None = None) -> list[Node]:
        return [node for node in self.link.sent if node.tag == tag and kind in (None, node.text("type"))]

    def encrypt(self, to: JID, message: Any) -> Encrypted:
        def initiate() -> Session:
            endpoint = self.bench.world.endpoint(to)
            assert endpoint
            return Session.initiate(self.identity, 77, endpoint.bundle())

        body = pad(message.SerializeToString())
        return self.peers.setdefault(to, Peer()).encrypt(self.identity, body, initiate)

    def write(self, to: Account, text: str, message_id: str = "M1") -> None:
        """Sends a text to the account's phone."""
        kind, data = self.encrypt(to.lid, e2e.Message(conversation=text))
        part = Node("to", {"jid": to.lid}, [Node("enc", {"v": "2", "type": kind}, data)])
        content = [Node("participants", {}, [part]), Node("device-identity", {}, b"signed")]
        self.stanza(Node("message", {"id": message_id, "type": "text", "to": to.lid}, content))

    def read(self, node: Node) -> Any:
        """The message in a stanza that came, as a companion decrypts it."""
        sender, enc = node.jid("from"), node.child("enc")
        assert sender
        assert enc
        peer = self.peers.setdefault(sender, Peer())
        if enc.text("type") == "pkmsg" and not peer.sessions:
            return self._read_opening(peer, enc)
        return e2e.Message.FromString(unpad(peer.decrypt(self.identity, self.signed, enc.text("type"), enc.data())))

    def _read_opening(self, peer: Peer, enc: Node) -> Any:
        """The phones' side never needs one-time keys, so the agreement with one is made here."""
        opening = OpeningMessage.parse(enc.data())
        secrets = [
            self.signed.agree(opening.identity),
            self.identity.agree(opening.base),
            self.signed.agree(opening.base),
        ]
        if opening.one_time_id is not None:
            secrets.append(self.one_time[opening.one_time_id].agree(opening.base))
        keys = hkdf(DISCONTINUITY + b"".join(secrets), info=b"WhisperText", size=64)
        session = Session(opening.identity, opening.base, keys[:32], self.signed, Chain(keys[32:]))
        peer.sessions.insert(0, session)
        return e2e.Message.FromString(unpad(session.decrypt(self.identity, opening.message)))
