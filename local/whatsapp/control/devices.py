"""The hands on the connections: kick devices off, refuse their logins."""

from __future__ import annotations

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
            web.post("/devices/{number}/kick", self.kick),
            web.post("/devices/{number}/refuse", self.refuse),
        ]

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response([_shown(device) for device in self._account(request).devices.values()])

    async def kick(self, request: web.Request) -> web.Response:
        account, body = self._account(request), await read_body(request, Kick)
        devices = list(account.devices.values())
        kicked = sum(device.link is not None for device in devices)
        for device in devices:
            self._kick(device, body.kind)
        return web.json_response({"kicked": kicked})

    async def refuse(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Refuse)
        account = self._world.account(number)
        account.record.refusal = None
        if body.reason and body.reason != "none":
            account.record.refusal = Refusal(body.reason, body.count, body.code, body.expire)
        self._world.changed(Kind.ACCOUNT, number)
        return web.json_response({"refusing": account.record.refusal is not None})

    def _kick(self, device: Device, kind: str) -> None:
        link = device.link
        if kind == "device_removed":
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


def _shown(device: Device) -> dict[str, object]:
    return {
        "jid": str(device.pn),
        "lid": str(device.lid),
        "connected": device.link is not None,
        "active": device.active,
        "queued": len(device.pending()),
        "prekeys": len(device.record.prekeys),
    }
