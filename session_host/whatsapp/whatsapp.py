"""port.WhatsApp: the sessions of this process over the one library in it."""

from __future__ import annotations

import asyncio
from weakref import WeakSet

from session_host.whatsapp.environment import WhatsAppSettings
from session_host.whatsapp.events import Decoder
from session_host.whatsapp.gate import Gate
from session_host.whatsapp.library import load
from session_host.whatsapp.port import Account, OnSignal, Wear
from session_host.whatsapp.requests import Requests
from session_host.whatsapp.runtime import Runtime
from session_host.whatsapp.session import NeonizeSession, Patience, Setup

# How long a start may keep the gate shut. Opening the store writes the maps, and comes before anything that can hang.
STARTING_S = {"wal": 0.15, "truncate": 0.5}


class NeonizeWhatsApp:
    """See port.WhatsApp. Loads the library when made; the process should end by `os._exit` after `close`."""

    def __init__(
        self, settings: WhatsAppSettings, loop: asyncio.AbstractEventLoop, patience: Patience | None = None
    ) -> None:
        self._runtime = Runtime(loop, Gate())
        self._runtime.library = load(self._runtime)
        self._tools = (Decoder(), Requests())
        self._setup = Setup(
            journal=settings.journal,
            starting_s=STARTING_S[settings.journal],
            patience=patience or Patience(),
        )
        self._sessions: WeakSet[NeonizeSession] = WeakSet()

    def session(self, account: Account, on_signal: OnSignal) -> NeonizeSession:
        session = NeonizeSession(self._runtime, account, on_signal, self._tools, self._setup)
        self._sessions.add(session)
        return session

    def wear(self) -> Wear:
        return Wear(self._runtime.starts, self._runtime.stuck)

    async def close(self) -> None:
        await asyncio.gather(*(session.stop() for session in self._sessions))
