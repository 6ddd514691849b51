"""The composition root: the world, the ways into it, and their life."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from local.whatsapp.connections.connection import Connection, Conversation, Socket
from local.whatsapp.connections.login import log_in
from local.whatsapp.connections.pairing import PairingDesk, Registration
from local.whatsapp.control.blast import BlastRoutes
from local.whatsapp.control.devices import DeviceRoutes
from local.whatsapp.control.phones import PhoneRoutes
from local.whatsapp.control.problems import problems
from local.whatsapp.control.stats import StatsRoutes
from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.noise.certificates import certificate_chain
from local.whatsapp.state.codec import BrokenRecordError
from local.whatsapp.state.database import Database, DatabaseError
from local.whatsapp.state.lock import FolderLock, InUseError
from local.whatsapp.transport.chat import chat_handler
from local.whatsapp.transport.media import MediaShelf
from local.whatsapp.transport.proxy import ConnectProxy
from local.whatsapp.transport.trust import Trust, prepare_trust, replace_file
from local.whatsapp.wire.tokens import TokensNotFoundError, installed_tokens
from local.whatsapp.world.keeper import Keeper
from local.whatsapp.world.world import World

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
BACKLOG = 1_024
UPLOAD_MAX = 1 << 28
STOP_TIMEOUT = 5.0


class StartError(Exception):
    """The server cannot start; the message says why."""


@dataclass(frozen=True, slots=True)
class Ports:
    control: int
    proxy: int


class Server:
    """`start`, then `stop`. Everything it keeps is in the folder `data`."""

    def __init__(self, data: Path, ports: Ports) -> None:
        self._data = data
        self._ports = ports
        loop = asyncio.get_running_loop()
        self.world = World(time.time, loop.call_later)
        self._desk = PairingDesk()
        self._static = KeyPair.generate()
        self._certificates = b""
        self._connections: set[Connection] = set()
        self._runners: list[web.AppRunner] = []
        self._proxy: asyncio.Server | None = None
        self._keeper: Keeper | None = None
        self._lock = FolderLock(data)

    async def start(self) -> Ports:
        """The ports that are listened on, also written to `<data>/ports.json`. Raises StartError."""
        try:
            return await self._start()
        except (OSError, InUseError, DatabaseError, BrokenRecordError, TokensNotFoundError) as error:
            await self.stop()
            raise StartError(str(error)) from error

    async def _start(self) -> Ports:
        self._data.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        installed_tokens()
        trust = prepare_trust(self._data, datetime.now(UTC))
        self._certificates = certificate_chain(trust.root, self._static.public, int(time.time()))
        keeper = Keeper(self.world, Database(self._data / "state.db"))
        keeper.start()
        self._keeper = keeper
        proxy = await self._start_proxy(trust)
        ports = Ports(await self._start_control(), proxy)
        listed = {"control": ports.control, "proxy": ports.proxy}
        replace_file(self._data / "ports.json", json.dumps(listed).encode())
        log.info("control on %d, proxy on %d", ports.control, ports.proxy)
        return ports

    async def stop(self) -> None:
        """Ends all connections, then writes the state down."""
        if self._proxy:
            self._proxy.close()
        for connection in list(self._connections):
            connection.end()
        for runner in self._runners:
            await runner.cleanup()
        if self._keeper:
            await self._keeper.stop()
        self._lock.release()

    async def serve(self, socket: Socket) -> None:
        """Serves one client connection until it ends."""
        connection = Connection(socket, self._static, self._certificates, self.world.stats)
        self._connections.add(connection)
        try:
            await connection.run(self._open)
        finally:
            self._connections.discard(connection)

    def _open(self, connection: Connection, client_static: bytes, payload: Any) -> Conversation | None:
        if not payload.HasField("devicePairingData"):
            return log_in(self.world, connection, client_static, payload)
        registration = Registration(self.world, self._desk, connection, client_static, payload.devicePairingData)
        registration.begin()
        return registration

    async def _start_proxy(self, trust: Trust) -> int:
        app = web.Application(client_max_size=UPLOAD_MAX)
        app.router.add_get("/ws/chat", chat_handler(self.serve))
        app.add_routes(MediaShelf(self._data / "media", self.world.stats).routes())
        runner = await self._runner(app)
        behind = runner.server
        if behind is None:
            raise RuntimeError("the web server was not set up")
        loop = asyncio.get_running_loop()
        self._proxy = await loop.create_server(
            lambda: ConnectProxy(trust.tls, behind), LOOPBACK, self._ports.proxy, backlog=BACKLOG
        )
        return int(self._proxy.sockets[0].getsockname()[1])

    async def _start_control(self) -> int:
        app = web.Application(middlewares=[problems])
        for part in (
            PhoneRoutes(self.world, self._desk),
            DeviceRoutes(self.world),
            BlastRoutes(self.world),
            StatsRoutes(self.world, self._desk),
        ):
            app.add_routes(part.routes())
        runner = await self._runner(app)
        site = web.TCPSite(runner, LOOPBACK, self._ports.control)
        await site.start()
        return int(runner.addresses[0][1])

    async def _runner(self, app: web.Application) -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_TIMEOUT)
        await runner.setup()
        self._runners.append(runner)
        return runner
