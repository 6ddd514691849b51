"""The boundary between what one command, or one instance, runs into and everything else that its worker does.

    Fenced            passes: the worker has lost its partition and must end
    Poisoned          a command that must not be tried again
    anything else     logged with its traceback and given back as a Fault; it ends what raised it and nothing else

What breaks the worker itself does not come by here: the tasks of ledger, outbox and consumer end it when they fail.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from session_host.until import until
from session_host.worker.ledger import Fenced

logger = logging.getLogger(__name__)

T = TypeVar("T")
AGAIN_S = (1.0, 5.0)  # a command is tried again twice
MOST_TRIES = len(AGAIN_S) + 1


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, and how often it was tried."""

    error: str
    tries: int = 1


class Poisoned(Exception):
    """A command that has cost its owners too much to be tried again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.error)
        self.fault = fault


async def contained(what: str, work: Awaitable[T]) -> T | Fault:
    """Does the work; an unexpected error is logged under `what` and given back."""
    try:
        return await work
    except (Fenced, Poisoned):
        raise
    except Exception as error:  # the one place: whatever it is, the partition's other instances must go on
        logger.exception("%s: unexpected error", what)
        return Fault(f"{type(error).__name__}: {error}")


async def attempt(what: str, work: Callable[[], Awaitable[bool]], stopping: asyncio.Event) -> bool | Fault:
    """Does the work, up to three times when it fails unexpectedly, and gives back what it gave back.

    False as well when it failed and is to be tried again, but `stopping` is set: the next owner does.
    """
    for tries, pause in enumerate((*AGAIN_S, None), 1):
        try:
            outcome = await contained(f"{what}, try {tries}", work())
        except Poisoned as poisoned:
            return poisoned.fault
        if not isinstance(outcome, Fault):
            return outcome
        if pause is None:
            return replace(outcome, tries=tries)
        if await until(stopping, pause):
            return False
    raise AssertionError("unreachable")
