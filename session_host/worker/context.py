"""What every part of a worker shares, put together once by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from session_host.whatsapp.port import PairingDesk, WhatsApp
from session_host.worker.ledger import Ledger
from session_host.worker.proxies import Proxies
from shared.clock import Clock
from shared.queues.dead import DeadCommands
from shared.queues.queue import Received
from shared.store.cache import Cache
from shared.store.instances import Instances
from shared.store.messages import Messages
from shared.tracing import PASS_ON, Tracer, within
from shared.vault import Vault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """Something taken from the command queue: settled when done, or given back for the next owner."""

    value: T
    received: Received
    settle: Callable[[], None]
    give_back: Callable[[], None]


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The worker's collaborators. `uniform` gives 0 to 1; `reported` says that a state changed."""

    host_id: str
    session_dir: Path
    whatsapp: WhatsApp
    desk: PairingDesk
    ledger: Ledger
    instances: Instances
    messages: Messages
    cache: Cache
    dead: DeadCommands
    vault: Vault
    proxies: Proxies
    clock: Clock
    uniform: Callable[[], float]
    reported: Callable[[], None]
    crashed: Callable[[BaseException], None]
    tracer: Tracer = PASS_ON

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Runs a task whose failure ends the worker: its supervisor starts a fresh one from what is stored.

        It is no part of the trace that it happens to be started in: most outlive that.
        """
        with within(None):
            task = asyncio.create_task(work)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.crashed(error)
