"""The library in this process with what all its clients share: the gate, the threads for calls, the way to the loop."""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from session_host.whatsapp.errors import store_trouble
from session_host.whatsapp.gate import Gate, Writing
from session_host.whatsapp.library import Library, protobuf_module
from session_host.whatsapp.text import text_of
from shared.logs.masking import mask

LATE_S = 60.0  # how long what a client is still told of is kept, once nobody hears it any more
CALLS_AT_ONCE = 256  # one per session at a time and one that ends it, and a send may wait 75 s for its answer

_log = logging.getLogger(__name__)
_library_log = logging.getLogger("session_host.whatsapp.library")
_STANZA = re.compile(r"<.*>", re.DOTALL)  # what somebody sent or is called may be in it


@dataclass(frozen=True, slots=True)
class Qr:
    """A code to scan."""

    code: str


@dataclass(frozen=True, slots=True)
class Login:
    """How a pairing went."""

    status: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the library, still serialised. `number` is the one under which it is kept."""

    kind: int
    data: bytes
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The client's blocking entry returned."""

    error: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The client's thread has passed the gate: from now on it opens its store and dials."""


@dataclass(frozen=True, slots=True)
class StoreTrouble:
    """The library could not write some client's store; it does not say whose."""

    detail: str


Heard = Qr | Login | Event | Ended | Begun | StoreTrouble


class Ear(Protocol):
    """A client as the runtime sees it."""

    def stirred(self) -> None:
        """It wrote the maps and is past starting. On the library's thread."""

    def keep(self, kind: int, data: bytes) -> int | None:
        """Writes down what must not be lost, and gives its number. On the library's thread."""

    def hear(self, heard: Heard) -> None:
        """On the loop's thread, in order."""


class Runtime:
    """One per process. Implements library.Listener: what comes in on the library's threads goes to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, gate: Gate) -> None:
        self.loop = loop
        self.gate = gate
        self.library: Library
        self.starts = 0
        self.stuck = 0
        self._calls = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="whatsapp-call")
        self._ears: dict[bytes, Ear] = {}
        self._late: dict[bytes, Ear] = {}
        self._log_entry = protobuf_module("Neonize_pb2").LogEntry

    def register(self, client: bytes, ear: Ear) -> None:
        """What is heard of `client` goes to `ear` from now on."""
        self.starts += 1
        self._ears[client] = ear

    def forget(self, client: bytes) -> None:
        """Nothing more is heard of `client`; what must not be lost is kept for a while still."""
        if ear := self._ears.get(client):
            self._late[client] = ear
            self.loop.call_later(LATE_S, self._late.pop, client, None)
            del self._ears[client]

    @property
    def ended(self) -> int:
        """How many clients have come and gone."""
        return self.starts - len(self._ears)

    def begin_writing(self, at_most: float) -> Writing:
        """Blocks until the maps may be written."""
        return self.gate.write(at_most)

    async def call(self, function: Any, *arguments: Any) -> Any:
        """Runs a function of the library that reads its maps. A cancelled wait leaves the call running."""
        return await self.loop.run_in_executor(self._calls, self._through_gate, function, arguments)

    async def write(self, at_most: float, function: Any, *arguments: Any) -> None:
        """Runs a function of the library that writes its maps."""
        await self.loop.run_in_executor(self._calls, self._write, at_most, function, arguments)

    def on_qr(self, client: bytes, code: bytes) -> None:
        self._stir(client)
        self.post(client, Qr(code.decode(errors="replace")))

    def on_login(self, client: bytes, status: bytes) -> None:
        self._stir(client)
        self.post(client, Login(status.decode(errors="replace")))

    def on_event(self, client: bytes, kind: int, data: bytes) -> None:
        if kind == 0:
            self._stir(client)
        ear = self._ears.get(client) or self._late.get(client)
        number = ear.keep(kind, data) if ear else None
        self.post(client, Event(kind, data, number))

    def on_log(self, entry: bytes) -> None:
        self._to_loop(self._write_log, entry)

    def _stir(self, client: bytes) -> None:
        if ear := self._ears.get(client):
            ear.stirred()

    def post(self, client: bytes, heard: Heard) -> None:
        """Lets the client hear it, on the loop's thread. From any thread."""
        self._to_loop(self._hear, client, heard)

    def _to_loop(self, function: Any, *arguments: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed, nobody listens any more
            _log.debug("heard from the library after the end")

    def _hear(self, client: bytes, heard: Heard) -> None:
        if ear := self._ears.get(client):
            ear.hear(heard)

    def _write_log(self, data: bytes) -> None:
        entry = self._log_entry.FromString(data)
        text = text_of(entry.Message)
        level = logging.ERROR if text_of(entry.Level) == "ERROR" else logging.WARNING
        _library_log.log(level, "%s: %s", text_of(entry.Name), mask(_STANZA.sub("<...>", text)))
        if detail := store_trouble(text):
            for ear in list(self._ears.values()):
                ear.hear(StoreTrouble(detail))

    def _through_gate(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        with self.gate.call():
            return function(*arguments)

    def _write(self, at_most: float, function: Any, arguments: tuple[Any, ...]) -> None:
        writing = self.gate.write(at_most)
        try:
            function(*arguments)
        finally:
            writing.done()
