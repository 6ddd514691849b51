"""What the supervisor is told about a part."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Ready = Callable[[], Awaitable[bool]]


async def at_once() -> bool:
    """The readiness of a part that nobody waits for."""
    return True


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack.

    `after`: names of parts that must be ready before it starts, and that are stopped only after it.
    `ready`: asked until it is true, for `ready_timeout_s`. Then the part has failed, unless it need not be ready.
    `then`: done each time it has become ready, before others may count on it.
    `when_orphaned`: the signal it gets when the supervisor is killed; one that must save its state gets SIGTERM.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    ready: Ready = at_once
    then: Callable[[], Awaitable[None]] | None = None
    after: Sequence[str] = field(default=())
    ready_timeout_s: float = 30.0
    must_be_ready: bool = True
    stop_timeout_s: float = 10.0
    when_orphaned: signal.Signals = signal.SIGKILL
