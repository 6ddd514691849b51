"""One client of the library from start to stop, each with a name of its own so that none can stop another.

    start -> stirring (thread waits for the gate, opens the store, dials)
          -> alive (its device is known: calls are safe)     \\
          -> showing (a QR code: the store has no device)     > halt -> closed: it has no socket and gets none
          -> ended (the library gave the thread back)        /

A call on a client that is not there can abort the process, and so can a stop of one that is still stirring: the library
looks it up once more when it has connected. Hence `call` and `halt` wait for their state here.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from session_host.whatsapp.events import CONVERSATION
from session_host.whatsapp.gate import Writing
from session_host.whatsapp.inbox import Inbox
from session_host.whatsapp.library import Start
from session_host.whatsapp.port import NotConnected
from session_host.whatsapp.runtime import Begun, Ended, Event, Heard, Qr, Runtime

STOP_HOLDS_GATE_S = 2.0
QUIET_S = 0.05
MOST_QUIETS = 20
AGAIN_S = 1.0  # until a call is tried again for which there was no thread
NOWHERE = "http://127.0.0.1:0"  # a proxy that nothing can listen on

_log = logging.getLogger(__name__)


class Client:
    """All methods on the loop's thread, but for those that say otherwise. `starting_s` bounds its hold of the gate."""

    def __init__(self, runtime: Runtime, on_heard: Callable[[Heard], None], starting_s: float) -> None:
        self.name = uuid4().hex.encode()
        self.inbox: Inbox | None = None
        self.alive = False
        self.ended = False
        self._runtime = runtime
        self._on_heard = on_heard
        self._starting_s = starting_s
        self._writing: Writing | None = None
        self.closed = asyncio.Event()
        self._can_stop = asyncio.Event()
        self._gone = asyncio.Event()
        self._halting: asyncio.Task[None] | None = None
        self._started = False
        self._heard_any = False
        self._listed = False  # the library has it in its maps
        self._stopped = False

    def start(self, database: str, events: bytes, proxy_url: str | None, props: bytes = b"") -> None:
        """Starts connecting on a thread of its own; what comes of it is heard. Once per client."""
        self._runtime.register(self.name, self)
        start = Start(self.name, database, events, proxy_url, props)
        name = f"whatsapp-{self.name[:8].decode()}"
        threading.Thread(target=self._run, args=(start,), name=name, daemon=True).start()
        self._started = True

    async def call(self, function: Any, *arguments: Any) -> Any:
        """A call of the library on this client."""
        if not self.alive or self._halting is not None:
            raise NotConnected("not_connected", "the session is not open")
        return await self._runtime.call(function, self.name, *arguments)

    async def dial_no_more(self) -> None:
        """Keeps the socket that is open, and lets no other be opened ever."""
        await self._runtime.call(self._runtime.library.set_proxy, self.name, NOWHERE)

    async def cut(self) -> None:
        """Closes the socket for good once the client is alive or showing, and leaves everything else as it is."""
        await self._can_stop.wait()
        if self._listed and not self.ended:
            await self.dial_no_more()
            await self._runtime.call(self._runtime.library.disconnect, self.name)

    def halt(self) -> asyncio.Task[None]:
        """Stops the client as soon as that is safe, which a connection attempt that hangs may delay for minutes."""
        if self._halting is None:
            self._halting = asyncio.get_running_loop().create_task(self._halt())
        return self._halting

    def stirred(self) -> None:
        if self._writing:
            self._writing.done()

    def keep(self, kind: int, data: bytes) -> int | None:
        if self.inbox is None or kind not in CONVERSATION:
            return None
        if self.closed.is_set() and not self.inbox.wanted():
            return None  # its device was unlinked
        return self.inbox.keep(kind, data)

    def hear(self, heard: Heard) -> None:
        self._heard_any = True
        match heard:
            case Event(kind=0):
                self.alive = self._listed = True
                self._can_stop.set()
            case Qr():
                self._listed = True
                self._can_stop.set()
            case Ended():
                self.alive, self.ended = False, True
                self._can_stop.set()
                self._gone.set()
        self._on_heard(heard)

    async def _drain(self) -> None:
        """Waits until nothing more comes: a stop would drop what the library has acknowledged but not yet told."""
        for _ in range(MOST_QUIETS):
            self._heard_any = False
            await asyncio.sleep(QUIET_S)
            if not self._heard_any:
                return

    def _run(self, start: Start) -> None:
        self._writing = self._runtime.begin_writing(self._starting_s)
        self._runtime.post(self.name, Begun())
        error = "the library could not be called"
        try:
            error = self._runtime.library.run(start)
        finally:
            self._writing.done()
            self._runtime.post(self.name, Ended(error))

    async def _halt(self) -> None:
        if not self._started:
            self._runtime.forget(self.name)
            self.closed.set()
            return
        self._runtime.stuck += 1  # until it is gone
        await self._can_stop.wait()
        library, call = self._runtime.library, self._runtime.call
        if self._listed:
            await self._surely(lambda: call(self._unless_stopped, library.disconnect, self.name))
            # a reconnection that was about to begin undoes the disconnect; `stop` ends it
            await self._surely(lambda: call(self._unless_stopped, library.set_proxy, self.name, NOWHERE))
            await self._drain()
        was_alive, self.alive = self.alive, False
        await self._surely(lambda: self._runtime.write(STOP_HOLDS_GATE_S, self._stop))
        self.closed.set()
        if was_alive:
            await self._gone.wait()
        if self.ended:
            self._runtime.stuck -= 1
        self._runtime.forget(self.name)

    async def _surely(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Repeats a call for which there is no thread; what was refused may be carried out later all the same."""
        while True:
            try:
                await call()
                return
            except RuntimeError as error:
                _log.warning("a client cannot be stopped, trying again: %s", error)
                await asyncio.sleep(AGAIN_S)

    def _unless_stopped(self, function: Callable[..., Any], *arguments: Any) -> None:
        if not self._stopped:
            function(*arguments)

    def _stop(self) -> None:
        """Holds the gate, so no call is under way."""
        if not self._stopped:
            self._stopped = True
            self._runtime.library.stop(self.name)
