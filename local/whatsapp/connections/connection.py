"""One encrypted connection, from the first byte to the last.

handshake -> pairing (a new device)  -> the client hangs up and comes back to log in
         \\-> login (a known device) -> stanzas, until either side ends it
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.noise.cipher import SealBrokenError
from local.whatsapp.noise.handshake import Established, HandshakeError, Responder
from local.whatsapp.wire.decoder import DecodeError, decode
from local.whatsapp.wire.encoder import encode
from local.whatsapp.wire.frames import FrameReader, FramingError, frame
from local.whatsapp.wire.node import Node
from local.whatsapp.world.stats import Stats

log = logging.getLogger(__name__)

# A client may change to its transport keys only after its last handshake write has completed.
FIRST_STANZA_PAUSE = 0.05
# A client must read a farewell before the close, or it takes the close for a broken line and reconnects.
FAREWELL_PAUSE = 0.2
BACKLOG_MAX = 20_000


class Socket(Protocol):
    """A message-based connection; `port` is the client's own end of it, where that is known."""

    @property
    def port(self) -> int | None: ...

    async def receive(self) -> bytes | None:
        """The next binary message; None when the connection has ended."""
        ...

    async def send(self, data: bytes) -> None:
        """Raises ConnectionError when the connection has ended."""
        ...

    async def close(self) -> None: ...

    def abort(self) -> None: ...


class Conversation(Protocol):
    """What happens on a connection after the handshake."""

    def handle(self, node: Node) -> None: ...

    def ended(self) -> None: ...


Opener = Callable[["Connection", bytes, Any], Conversation | None]
"""Begins the conversation of a client (its static key, its ClientPayload); None when it is refused."""


class Connection:
    """Sends are queued in order and written by one task, so handlers never wait for a slow client."""

    def __init__(self, socket: Socket, static: KeyPair, certificates: bytes, stats: Stats) -> None:
        self._socket = socket
        self._static = static
        self._certificates = certificates
        self._stats = stats
        self._reader = FrameReader()
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._established: Established | None = None
        self._ending = False

    @property
    def port(self) -> int | None:
        """The client's own end."""
        return self._socket.port

    async def run(self, opener: Opener) -> None:
        """Serves the connection until it ends."""
        frames = self._frames()
        conversation: Conversation | None = None
        writer: asyncio.Task[None] | None = None
        try:
            self._established = await self._shake_hands(frames)
            await asyncio.sleep(FIRST_STANZA_PAUSE)
            writer = asyncio.create_task(self._write())
            conversation = opener(self, self._established.client_static, self._established.payload)
            if conversation:
                await self._converse(frames, self._established, conversation)
        except (HandshakeError, FramingError, SealBrokenError, DecodeError) as error:
            log.warning("connection ends: %s", error)
        except ConnectionError:
            pass  # the client is gone, which is how connections end
        finally:
            if conversation:
                conversation.ended()
            await self._finish(writer)

    def send(self, node: Node) -> None:
        """Queues a stanza. Nothing goes out any more once the connection is ending."""
        if self._established is None or self._ending:
            return
        self._stats.sent[node.tag] += 1
        self._outgoing.put_nowait(frame(self._established.sending.seal(encode(node))))
        if self._outgoing.qsize() > BACKLOG_MAX:
            log.warning("a client that does not read is cut off")
            self.abort()

    def end(self, *farewell: Node) -> None:
        """Sends the last stanzas, then closes."""
        for node in farewell:
            self.send(node)
        self._ending = True
        self._outgoing.put_nowait(None)

    def abort(self) -> None:
        self._ending = True
        self._socket.abort()

    async def _frames(self) -> AsyncIterator[bytes]:
        while (data := await self._socket.receive()) is not None:
            for body in self._reader.feed(data):
                yield body

    async def _shake_hands(self, frames: AsyncIterator[bytes]) -> Established:
        hello = await _next(frames)
        responder = Responder(self._reader.header, self._static, self._certificates)
        await self._socket.send(frame(responder.hello(hello)))
        established = responder.finish(await _next(frames))
        self._stats.events["handshakes"] += 1
        return established

    async def _converse(self, frames: AsyncIterator[bytes], stream: Established, conversation: Conversation) -> None:
        async for body in frames:
            node = decode(stream.receiving.open(body))
            if log.isEnabledFor(logging.DEBUG):
                log.debug("received %s", node)
            conversation.handle(node)

    async def _write(self) -> None:
        try:
            while (data := await self._outgoing.get()) is not None:
                await self._socket.send(data)
            await asyncio.sleep(FAREWELL_PAUSE)
            await self._socket.close()
        except ConnectionError:
            self._ending = True  # the reading side notices by itself

    async def _finish(self, writer: asyncio.Task[None] | None) -> None:
        if writer is None:
            await self._socket.close()
            return
        self.end()
        await writer


async def _next(frames: AsyncIterator[bytes]) -> bytes:
    async for body in frames:
        return body
    raise ConnectionResetError("ended during the handshake")
