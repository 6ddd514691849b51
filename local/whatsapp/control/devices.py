"""The hands on the connections: kick devices off, refuse their logins."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from aiohttp import web

from local.whatsapp.connections.login import REPLACED
from local.whatsapp.control.bodies import Kick, Refuse, number_of, read_body
from local.whatsapp.control.problems import ProblemError
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import Refusal
from local.whatsapp.wire.node import Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device
from local.whatsapp.world.stays import DEVICE_REMOVED
from local.whatsapp.world.world import World

REMOVED = Node("stream:error", {"code": "401"}, [Node("conflict", {"type": "device_removed"})])
UNAVAILABLE = Node("stream:error", {"code": "503"})
FAREWELLS = {"replaced": REPLACED, "device_removed": REMOVED, "unavailable": UNAVAILABLE}


class DeviceRoutes:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/devices/{number}", self.show),
            web.get("/devices/{number}/connections", self.connections),
            web.post("/devices/kick", self.kick_all),
            web.post("/devices/refuse", self.refuse_all),
            web.post("/devices/{number}/kick", self.kick),
            web.post("/devices/{number}/refuse", self.refuse),
        ]

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response([_shown(device) for device in self._account(request).devices.values()])

    async def connections(self, request: web.Request) -> web.Response:
        """Of every device that the number has or had since the server was started."""
        account = self._world.accounts.get(number_of(request))
        if account is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "the number is not known")
        return web.json_response([asdict(stay) for stay in account.stays])

    async def kick(self, request: web.Request) -> web.Response:
        account, body = self._account(request), await read_body(request, Kick)
        return self._kick_each(list(account.devices.values()), body.kind)

    async def kick_all(self, request: web.Request) -> web.Response:
        body = await read_body(request, Kick)
        devices = [device for account in self._world.accounts.values() for device in account.devices.values()]
        return self._kick_each(devices, body.kind)

    async def refuse(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Refuse)
        account = self._world.account(number)
        account.record.refusal = _refusal(body)
        self._world.changed(Kind.ACCOUNT, number)
        return web.json_response({"refusing": account.record.refusal is not None})

    async def refuse_all(self, request: web.Request) -> web.Response:
        """Everybody's logins; a refusal of a number's own goes first."""
        self._world.refusal = _refusal(await read_body(request, Refuse))
        return web.json_response({"refusing": self._world.refusal is not None})

    def _kick_each(self, devices: list[Device], kind: str) -> web.Response:
        kicked = sum(device.link is not None for device in devices)
        for device in devices:
            self._kick(device, kind)
        return web.json_response({"kicked": kicked})

    def _kick(self, device: Device, kind: str) -> None:
        link = device.link
        device.leave(kind)
        if kind == DEVICE_REMOVED:
            self._world.unlink_device(device)
        if link is None:
            return
        if kind == "abort":
            link.abort()
        else:
            link.end(*([FAREWELLS[kind]] if kind in FAREWELLS else []))

    def _account(self, request: web.Request) -> Account:
        account = self._world.accounts.get(number_of(request))
        if account is None or not account.devices:
            raise ProblemError(HTTPStatus.NOT_FOUND, "the number has no linked device")
        return account


def _refusal(body: Refuse) -> Refusal | None:
    if not body.reason or body.reason == "none":
        return None
    return Refusal(body.reason, body.count, body.code, body.expire)


def _shown(device: Device) -> dict[str, object]:
    return {
        "jid": str(device.pn),
        "lid": str(device.lid),
        "connected": device.link is not None,
        "active": device.active,
        "queued": len(device.pending()),
        "prekeys": len(device.record.prekeys),
    }
