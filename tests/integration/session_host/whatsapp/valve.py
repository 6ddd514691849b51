"""A TCP proxy that can stop forwarding while every connection stays open: a network that swallows what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Valve:
    """Forwards to a port of this machine, both ways, while it is open. It is open at first."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = asyncio.Event()
        self._open.set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.url = ""
        self.connections = 0
        self.swallowed = asyncio.Event()
        """Something has come while it was shut."""

    def shut(self) -> None:
        """Nothing passes any more."""
        self._open.clear()
        self.swallowed.clear()

    def open(self) -> None:
        """Everything passes, also what has been held back."""
        self._open.set()

    async def serve(self) -> asyncio.Server:
        """Listens; `url` is where."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def end(self) -> None:
        """Drops the connections."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, back), (there, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            try:
                while data := await source.read(1 << 16):
                    if not self._open.is_set():
                        self.swallowed.set()
                    await self._open.wait()
                    sink.write(data)
                    await sink.drain()
            finally:
                await self._open.wait()
                sink.close()


@asynccontextmanager
async def valve(port: int) -> AsyncIterator[Valve]:
    """A valve before `port`."""
    valve = Valve(port)
    server = await valve.serve()
    try:
        yield valve
    finally:
        server.close()
        valve.open()
        await valve.end()
