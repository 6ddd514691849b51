"""What a phone writes: encrypted for each companion that shall have it, and kept for when one asks again."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from local.whatsapp.phones import contents
from local.whatsapp.phones.keyring import Keyring, UnknownDeviceError
from local.whatsapp.phones.post import Handed, Post
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import AccountRecord, Sent
from local.whatsapp.wire.jid import JID
from local.whatsapp.wire.node import Attributes, Node

KEPT = 256


@dataclass(slots=True)
class Outbox:
    account: AccountRecord
    keyring: Keyring
    post: Post
    sent: OrderedDict[str, Sent] = field(default_factory=OrderedDict)

    def write(self, to: JID, text: str, *, automatic: bool = False) -> str:
        """Sends a text to all devices of `to` (an account's LID), and copies to the own companions; its message id."""
        message = contents.text(text)
        message_id = "3A" + secrets.token_hex(9).upper()
        sent = self._keep(message_id, Sent(to, message.SerializeToString()))
        for device in (*self.post.companions(to), *self._own_companions(to)):
            self._send(device, message_id, sent)
        self.post.hand_over(to, Handed(message_id, self.account.lid_jid, message, automatic))
        self.post.count("written_by_phones")
        return message_id

    def tell_companion(self, device: JID, message: Any) -> None:
        """Sends a message between own devices, which no reader sees."""
        message_id = "PH" + secrets.token_hex(8).upper()
        self._send(device, message_id, self._keep(message_id, Sent(device, message.SerializeToString(), peer=True)))

    def send_again(self, device: JID, message_id: str) -> None:
        """For a companion that could not decrypt a message: the same one on a new session."""
        sent = self.sent.get(message_id)
        if sent:
            self.keyring.distrust(device)
            self._send(device, message_id, sent)

    def _own_companions(self, to: JID) -> list[JID]:
        own = self.account.lid_jid
        return [] if to == own else self.post.companions(own)

    def _send(self, device: JID, message_id: str, sent: Sent) -> None:
        copy = device.user == self.account.lid and not sent.peer and sent.to.user != self.account.lid
        body = contents.device_sent(sent.to, sent.body) if copy else sent.body
        try:
            kind, data = self.keyring.encrypt(device, body)
        except UnknownDeviceError:
            return
        attrs: Attributes = {"id": message_id, "type": "text", "t": int(self.post.now())}
        attrs |= self._addressing(sent, copy)
        self.post.deliver(device, Node("message", attrs, [Node("enc", {"v": "2", "type": kind}, data)]))

    def _addressing(self, sent: Sent, copy: bool) -> Attributes:
        own = self.account.lid_jid
        if sent.peer:
            return {"from": own, "category": "peer"}
        if copy:
            return {"from": own, "recipient": sent.to, "addressing_mode": "lid"}
        sender_pn = self.account.pn_jid
        return {"from": own, "sender_pn": sender_pn, "addressing_mode": "lid", "notify": self.account.name}

    def _keep(self, message_id: str, sent: Sent) -> Sent:
        self.sent[message_id] = sent
        self._changed(message_id)
        if len(self.sent) > KEPT:
            self._changed(self.sent.popitem(last=False)[0])
        return sent

    def _changed(self, message_id: str) -> None:
        self.post.changed(Kind.SENT, f"{self.account.number}/{message_id}")
