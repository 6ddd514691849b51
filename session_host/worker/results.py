"""What a command leaves for others: its result, which the API waits for, and how often its owners died of it."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from session_host.worker.context import WorkerContext
from session_host.worker.faults import MOST_TRIES, Fault, Poisoned
from session_host.worker.patience import until_available
from shared.models.command import CommandResult
from shared.store.cache import CacheKind

RESULT_TTL_S = 60.0
DONE_TTL_S = TRIES_TTL_S = 86_400.0  # a command may come again for as long as it cannot be deleted
NOT_CARRIED_OUT = CommandResult(False, code="not-carried-out", detail="The session host could not do this.")


async def leave_result(
    command_id: str, result: CommandResult, context: WorkerContext, ttl_s: float = RESULT_TTL_S
) -> None:
    """Stores a result for as long as the API may wait for it."""
    await until_available(partial(context.cache.put, CacheKind.RESULT, command_id, asdict(result), ttl_s))


async def mark_done(command_id: str, result: CommandResult, context: WorkerContext) -> None:
    """Stores the result of a command that must not be done again, should it come again within a day."""
    await leave_result(command_id, result, context, DONE_TTL_S)


async def done_before(command_id: str, context: WorkerContext) -> bool:
    """Whether the command was done already."""
    return await until_available(partial(context.cache.get, CacheKind.RESULT, command_id)) is not None


async def count_again(command_id: str, context: WorkerContext) -> None:
    """Notes that a command which came again is tried again. Raises Poisoned when that was tried twice before.

    How often it was received tells nothing: it came along while another command, or another instance, killed its owner.
    """
    found = await until_available(partial(context.cache.get, CacheKind.TRIES, command_id))
    again = int(found["again"]) + 1 if found else 1
    if again >= MOST_TRIES:
        raise Poisoned(Fault("its owner died of it each time", again))
    await until_available(partial(context.cache.put, CacheKind.TRIES, command_id, {"again": again}, TRIES_TTL_S))
