"""What goes on in the server, in numbers."""

from __future__ import annotations

from aiohttp import web

from local.whatsapp.connections.pairing import PairingDesk
from local.whatsapp.world.world import World


class StatsRoutes:
    def __init__(self, world: World, desk: PairingDesk) -> None:
        self._world = world
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/stats", self.stats)]

    async def stats(self, _request: web.Request) -> web.Response:
        world, stats = self._world, self._world.stats
        devices = [device for account in world.accounts.values() for device in account.devices.values()]
        shown = {
            "connections": sum(device.link is not None for device in devices),
            "active": sum(device.active for device in devices),
            "pairing": self._desk.waiting,
            "phones": len(world.accounts),
            "devices": len(devices),
            "groups": len(world.groups),
            "queued": sum(len(device.queued) for device in devices),
            "unsettled": sum(len(device.unsettled) for device in devices),
            "stanzas": dict(stats.received),
            "stanzas_sent": dict(stats.sent),
            "queries": dict(stats.queries),
            "unanswered": stats.open_queries,
            "unknown": dict(stats.unknown),
            "unwritten": world.journal.unwritten,
            "events": dict(stats.events),
        }
        return web.json_response(shown)
