"""Where an endpoint listens: a port of its own on loopback, which can be shut and opened again."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from local.settings import LOOPBACK

HANDLERS_END_S = 1.0


class Door:
    """What is posted to `url` is heard while it is open; while it is shut, connections are refused."""

    def __init__(self, hear: Callable[[web.Request], Awaitable[web.Response]], port: int) -> None:
        self.url = f"http://{LOOPBACK}:{port}/"
        self._hear = hear
        self._port = port
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listens."""
        app = web.Application()
        app.router.add_post("/", self._hear)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=HANDLERS_END_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port, reuse_port=True).start()

    async def shut(self) -> None:
        """Listens no more, and ends the connections that there are."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


@asynccontextmanager
async def opened(hear: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[Door]:
    """A door that is open at first and shut at the end. Its port is kept all the time, so that nobody else gets it."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind((LOOPBACK, 0))
        door = Door(hear, int(keeper.getsockname()[1]))
        await door.open()
        try:
            yield door
        finally:
            await door.shut()
