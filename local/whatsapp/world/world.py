"""Everything the server knows, and how to reach each part of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable

from local.whatsapp.phones.phone import Phone
from local.whatsapp.phones.post import Handed
from local.whatsapp.signal.bundle import Bundle
from local.whatsapp.state.journal import Journal, Kind
from local.whatsapp.state.records import AccountRecord, DeviceRecord, Refusal
from local.whatsapp.wire.jid import JID, LID_SERVER, PN_SERVER
from local.whatsapp.wire.node import Attribute, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.group import Group
from local.whatsapp.world.stats import Stats

NUMBER = re.compile(r"[1-9][0-9]{4,14}")

Later = Callable[[float, Callable[[], None]], object]
"""Calls the action after so many seconds, on the event loop."""


class World:
    """Accounts come into being when they are first mentioned by number."""

    def __init__(self, now: Callable[[], float], later: Later, journal: Journal | None = None) -> None:
        self.now = now
        self.stats = Stats()
        self.journal = journal or Journal()
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.refusal: Refusal | None = None  # of everybody's logins, until the server ends
        self._by_lid: dict[str, Account] = {}
        self._later = later

    # -- finding

    def account(self, number: str) -> Account:
        """The account of a number, made at its first mention. The number must match NUMBER."""
        known = self.accounts.get(number)
        if known:
            return known
        account = self.add_account(AccountRecord.new(number))
        self.changed(Kind.ACCOUNT, number)
        return account

    def find(self, jid: JID) -> Account | None:
        """The account at an address, whatever its device."""
        if jid.server == LID_SERVER:
            return self._by_lid.get(jid.user)
        return self.accounts.get(jid.user) if jid.server == PN_SERVER else None

    def resolve(self, jid: JID) -> Account | None:
        """Like `find`, but a phone number that was never mentioned gets its account now."""
        if jid.server == PN_SERVER and NUMBER.fullmatch(jid.user):
            return self.account(jid.user)
        return self.find(jid)

    def device(self, jid: JID) -> Device | None:
        account = self.find(jid)
        return account.devices.get(jid.device) if account else None

    def endpoint(self, jid: JID) -> Device | Phone | None:
        """What takes stanzas at an address: a companion, or for device 0 the phone."""
        account = self.find(jid)
        if account is None:
            return None
        return account.devices.get(jid.device) if jid.device else account.phone

    # -- changing

    def add_account(self, record: AccountRecord) -> Account:
        account = Account(record, self)
        self.accounts[record.number] = self._by_lid[record.lid] = account
        return account

    def add_device(self, record: DeviceRecord) -> Device:
        account = self.accounts[record.number]
        device = Device(record, self.journal, self.now, account.stays)
        account.devices[record.id] = device
        return device

    def link_device(self, record: DeviceRecord) -> Device:
        """A newly paired companion; everybody who writes with the account hears of it."""
        self.announce_devices(self.accounts[record.number])
        device = self.add_device(record)
        self.changed(Kind.DEVICE, device.key)
        return device

    def unlink_device(self, device: Device) -> None:
        """The companion is no longer one of its account's."""
        account = self.accounts[device.record.number]
        account.devices.pop(device.record.id, None)
        for other in self.accounts.values():
            other.watchers.discard(device)
        self.changed(Kind.DEVICE, device.key)
        self.changed(Kind.QUEUE, device.key)
        self.announce_devices(account)

    def announce_devices(self, account: Account) -> None:
        """Clients cache device lists under the LID; an update makes them ask again."""
        for lid in {*account.record.peers, account.record.lid}:
            for device in self.companions(JID(lid, LID_SERVER)):
                self.deliver(
                    device, self.notification(account.lid, "devices", [Node("update", {"device_hash": "2:0"})])
                )

    def meet(self, one: Account, other: Account) -> None:
        """The two have written with each other."""
        if other.record.lid not in one.record.peers:
            one.record.peers.add(other.record.lid)
            other.record.peers.add(one.record.lid)
            self.changed(Kind.ACCOUNT, one.number)
            self.changed(Kind.ACCOUNT, other.number)

    def notification(self, sender: JID, kind: str, content: list[Node], **more: Attribute) -> Node:
        attrs = {"from": sender, "type": kind, "id": secrets.token_hex(6), "t": int(self.now()), **more}
        return Node("notification", attrs, content)

    # -- the phones' post

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self._later(seconds, action)

    def companions(self, user: JID) -> list[JID]:
        account = self.find(user)
        return [device.lid for device in account.devices.values()] if account else []

    def number_of(self, jid: JID) -> str:
        account = self.find(jid)
        return account.number if account else jid.user

    def bundle(self, device: JID) -> Bundle | None:
        found = self.device(device)
        return found.bundle() if found else None

    def deliver(self, device: JID, node: Node) -> None:
        endpoint = self.endpoint(device)
        if endpoint:
            endpoint.deliver(node)

    def deliver_all(self, devices: Iterable[JID], node: Node) -> None:
        for device in devices:
            self.deliver(device, node)

    def hand_over(self, user: JID, letter: Handed) -> None:
        account = self.find(user)
        if account:
            account.phone.take_over(letter)

    def changed(self, kind: Kind, key: str) -> None:
        self.journal.mark(kind, key)

    def count(self, event: str) -> None:
        self.stats.events[event] += 1
