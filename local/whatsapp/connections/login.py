"""A known device comes back: it is recognised by its Noise key, or refused with a reason."""

from __future__ import annotations

from typing import Any

from local.whatsapp.stanzas.dispatch import dispatch
from local.whatsapp.stanzas.presence import tell_watchers
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import Refusal
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device, Link
from local.whatsapp.world.world import World

UNKNOWN_DEVICE: Attributes = {"reason": "401", "location": "rva"}
REPLACED = Node("stream:error", {}, [Node("conflict", {"type": "replaced"})])


class LoggedIn:
    """The conversation with a device that is logged in."""

    def __init__(self, world: World, account: Account, device: Device, link: Link) -> None:
        self._world = world
        self._account = account
        self._device = device
        self._link = link

    def handle(self, node: Node) -> None:
        dispatch(self._world, self._device, node)

    def ended(self) -> None:
        was_available = self._device.available
        self._device.detach(self._link)
        if was_available:
            tell_watchers(self._account, self._world.now())


def log_in(world: World, link: Link, noise_key: bytes, payload: Any) -> LoggedIn | None:
    """Welcomes the device named in the payload, or refuses it: then the link is ending and the answer is None."""
    account = world.accounts.get(str(payload.username))
    refusal = _refusal(world, account) if account else None
    device = account.devices.get(payload.device) if account else None
    if account is None or device is None or device.record.noise_key != noise_key:
        refusal = refusal or UNKNOWN_DEVICE
    if refusal or account is None or device is None:
        world.count("logins_refused")
        link.end(Node("failure", refusal or UNKNOWN_DEVICE))
        return None
    if device.link:
        device.link.end(REPLACED)
    if device.attach(link):
        world.count("second_logins")
    now = int(world.now())
    link.send(Node("success", {"t": now, "lid": device.lid, "display_name": account.record.name, "creation": now}))
    world.count("logins")
    return LoggedIn(world, account, device, link)


BANNED = "402"
_BAN: Attributes = {"code": "101", "expire": "3600"}  # a ban always names its kind and its seconds


def _refusal(world: World, account: Account) -> Attributes | None:
    refusal = account.record.refusal or world.refusal
    if refusal is None:
        return None
    if refusal.left is not None:
        _count_down(world, account, refusal)
    told: Attributes = {"reason": refusal.reason, "code": refusal.code, "expire": refusal.expire}
    return _BAN | {name: value for name, value in told.items() if value} if refusal.reason == BANNED else told


def _count_down(world: World, account: Account, refusal: Refusal) -> None:
    refusal.left = (refusal.left or 0) - 1
    if refusal.left <= 0 and refusal is world.refusal:
        world.refusal = None
    elif refusal.left <= 0:
        account.record.refusal = None
    world.changed(Kind.ACCOUNT, account.number)
