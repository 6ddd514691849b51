"""One number: its phone and its companion devices."""

from __future__ import annotations

from local.whatsapp.phones.phone import Phone
from local.whatsapp.phones.post import Post
from local.whatsapp.state.records import AccountRecord
from local.whatsapp.wire.jid import JID
from local.whatsapp.world.device import Device
from local.whatsapp.world.stays import Stays


class Account:
    """`watchers` are the devices that asked to hear of its presence."""

    def __init__(self, record: AccountRecord, post: Post) -> None:
        self.record = record
        self.phone = Phone(record, post)
        self.devices: dict[int, Device] = {}
        self.stays = Stays()
        self.watchers: set[Device] = set()

    @property
    def number(self) -> str:
        return self.record.number

    @property
    def pn(self) -> JID:
        return self.record.pn_jid

    @property
    def lid(self) -> JID:
        return self.record.lid_jid

    @property
    def online(self) -> bool:
        return any(device.available for device in self.devices.values())
