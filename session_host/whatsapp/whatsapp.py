"""port.WhatsApp: the sessions of this process over the one library in it."""

from __future__ import annotations

import asyncio
from weakref import WeakSet

from session_host.whatsapp.chain_guard import ChainGuard
from session_host.whatsapp.environment import WhatsAppSettings
from session_host.whatsapp.events import Decoder
from session_host.whatsapp.gate import Gate
from session_host.whatsapp.library import load
from session_host.whatsapp.port import Account, OnSignal, Wear
from session_host.whatsapp.requests import Requests
from session_host.whatsapp.runtime import Runtime
from session_host.whatsapp.session import NeonizeSession
from session_host.whatsapp.setup import Patience, Setup

# How long a start may keep the gate shut. It writes the maps once the store is open (5-10 ms on a local disk), before
# it dials. When it is connected it reads them once more, which a short dial has done by then and a long one has not:
# then a start of another session in the same 100 ns would be fatal, a risk of 1 in some thousand mass starts.
STARTING_S = {"wal": 0.15, "truncate": 0.5}


class NeonizeWhatsApp:
    """See port.WhatsApp. Loads the library when made; the process should end by `os._exit` after `close`."""

    def __init__(
        self,
        settings: WhatsAppSettings,
        loop: asyncio.AbstractEventLoop,
        patience: Patience | None = None,
        *,
        guarded: bool = True,
    ) -> None:
        """`guarded` false leaves out chain_guard, to measure what it is for."""
        self._runtime = Runtime(loop, Gate())
        self._runtime.library = load(self._runtime)
        self._tools = (Decoder(), Requests())
        self._setup = Setup(
            journal=settings.journal,
            starting_s=STARTING_S[settings.journal],
            patience=patience or Patience(),
            chain_guard=ChainGuard(wanted=guarded),
        )
        self._sessions: WeakSet[NeonizeSession] = WeakSet()

    def session(self, account: Account, on_signal: OnSignal) -> NeonizeSession:
        session = NeonizeSession(self._runtime, account, on_signal, self._tools, self._setup)
        self._sessions.add(session)
        return session

    def wear(self) -> Wear:
        return Wear(self._runtime.starts, self._runtime.ended, self._runtime.stuck)

    async def close(self) -> None:
        await asyncio.gather(*(session.stop() for session in self._sessions))
