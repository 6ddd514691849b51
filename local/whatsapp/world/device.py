"""A companion device as the server sees it: its keys, its connection, and what waits for it.

A stanza is the server's until the device has acknowledged it. While the device is away, stanzas queue; when its
connection ends, what it has not acknowledged goes back to the head of the queue.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from local.whatsapp.signal.bundle import Bundle, PreKey, SignedPreKey
from local.whatsapp.state.journal import Journal, Kind
from local.whatsapp.state.records import DeviceRecord
from local.whatsapp.wire.jid import JID, SERVER
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.stays import LEFT, SECOND_LOGIN, Stays

KEPT_TAGS = ("message", "receipt", "notification")
PREKEYS_LOW = 5

StanzaKey = tuple[str, ...]
"""What tells the stanzas of a device apart. Several receipts may speak of one message, so their id is not enough."""


def stanza_key(node: Node) -> StanzaKey:
    """The key of a stanza that goes to a device."""
    return _key(node.tag, node, "from")


def acknowledged_key(ack: Node) -> StanzaKey:
    """The key of the stanza that a device's ack is about."""
    return _key(ack.text("class"), ack, "to")


def _key(tag: str, node: Node, address: str) -> StanzaKey:
    if tag == "message":
        return tag, node.text("id")
    return tag, node.text("id"), node.text(address), node.text("participant"), node.text("type")


class Link(Protocol):
    """A device's connection; `port` is the client's own end of it, where that is known."""

    @property
    def port(self) -> int | None: ...

    def send(self, node: Node) -> None: ...

    def end(self, *farewell: Node) -> None:
        """Sends the last stanzas, then closes."""
        ...

    def abort(self) -> None:
        """Cuts the connection without a word."""
        ...


class Device:
    def __init__(self, record: DeviceRecord, journal: Journal, now: Callable[[], float], stays: Stays) -> None:
        self.record = record
        self.link: Link | None = None
        self.active = False
        self.available = False
        self.queued: OrderedDict[StanzaKey, Node] = OrderedDict()
        self.unsettled: OrderedDict[StanzaKey, Node] = OrderedDict()
        self._journal = journal
        self._now = now
        self._stays = stays
        self._asked_for_prekeys = False

    @property
    def lid(self) -> JID:
        return self.record.lid_jid

    @property
    def pn(self) -> JID:
        return self.record.pn_jid

    @property
    def key(self) -> str:
        return f"{self.record.number}/{self.record.id}"

    # -- the connection

    def attach(self, link: Link) -> bool:
        """A new connection of this device; it gets stanzas once it is active. Whether an earlier one was still open."""
        second = self.leave(SECOND_LOGIN)
        self._stays.open(self.record.id, link.port, self._now())
        self.link, self.active, self.available = link, False, False
        return second

    def leave(self, how: str) -> bool:
        """The connection counts as closed from now on, though its end may take a moment. Whether one was open."""
        return self._stays.close(self.record.id, self._now(), how)

    def detach(self, link: Link) -> None:
        """The connection has ended, unless another one has taken its place."""
        if self.link is not link:
            return
        self.leave(LEFT)
        self.link, self.active, self.available = None, False, False
        self._requeue()

    def activate(self) -> list[Node]:
        """Stanzas may flow from now on; the ones that waited, in order, now unsettled."""
        self.active = True
        self._stays.activate(self.record.id, self._now())
        self._requeue()
        waiting = [node.with_attrs(offline="1") for node in self.queued.values()]
        self.unsettled, self.queued = OrderedDict(self.queued), OrderedDict()
        return waiting

    def deliver(self, node: Node) -> None:
        """Sends the stanza now, or keeps it for when the device is back."""
        keep = node.tag in KEPT_TAGS
        key = stanza_key(node)
        if self.link and self.active:
            if keep:
                self.unsettled[key] = node
            self.link.send(node)
        elif keep:
            self.queued[key] = node
        if keep:
            self._changed(Kind.QUEUE)

    def settle(self, key: StanzaKey) -> None:
        """The device has acknowledged a stanza."""
        if self.unsettled.pop(key, None):
            self._changed(Kind.QUEUE)

    def settle_message(self, message_id: str) -> None:
        """The device has confirmed a message by a receipt."""
        self.settle(("message", message_id))

    def pending(self) -> list[Node]:
        """Everything that is still the server's, in order."""
        return [*self.unsettled.values(), *self.queued.values()]

    def _requeue(self) -> None:
        self.queued = OrderedDict({**self.unsettled, **self.queued})
        self.unsettled = OrderedDict()

    # -- keys

    def upload(self, identity: bytes, registration_id: int, signed: SignedPreKey, prekeys: list[PreKey]) -> None:
        """New keys from the device; one-time keys add to those that are left."""
        record = self.record
        record.identity, record.registration_id, record.signed_prekey = identity, registration_id, signed
        known = {key.id for key in record.prekeys}
        record.prekeys += [key for key in prekeys if key.id not in known]
        self._asked_for_prekeys = False
        self._changed(Kind.DEVICE)

    def rotate(self, signed: SignedPreKey) -> None:
        self.record.signed_prekey = signed
        self._changed(Kind.DEVICE)

    def bundle(self) -> Bundle:
        """Keys to open a session with the device; uses up a one-time key while there are any."""
        record = self.record
        one_time = record.prekeys.pop(0) if record.prekeys else None
        if one_time:
            self._changed(Kind.DEVICE)
        self._ask_for_prekeys()
        return Bundle(record.registration_id, record.identity, record.signed_prekey, one_time)

    def _ask_for_prekeys(self) -> None:
        """Tells the device that its one-time keys run low, once until it has uploaded more."""
        left = len(self.record.prekeys)
        if left >= PREKEYS_LOW or self._asked_for_prekeys:
            return
        self._asked_for_prekeys = True
        attrs: Attributes = {"from": SERVER, "type": "encrypt", "id": secrets.token_hex(4), "t": int(self._now())}
        self.deliver(Node("notification", attrs, [Node("count", {"value": left})]))

    def _changed(self, kind: Kind) -> None:
        self._journal.mark(kind, self.key)
