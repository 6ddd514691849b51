"""Asking an instance's session host for something, and hearing what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from functions.api import problems
from functions.api.problems import Problem
from functions.api.services import Services
from functions.api.waiting import FREE_S, RESULT_PACE, first
from shared.ids import new_id
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import Instance
from shared.store.cache import CacheKind
from shared.store.database import StoreError
from shared.store.waits import NoPlace

Answer = TypeVar("Answer")

ANSWER_WITHIN_S = 20.0  # API Gateway ends a call after 29 s


async def tell(
    services: Services,
    instance: Instance,
    kind: CommandKind,
    args: dict[str, Any] | None = None,
    dedup: str | None = None,
) -> str:
    """Queues a command and gives its id; the same `dedup` within 5 minutes is queued once. Raises QueueError."""
    command = Command(new_id("cmd"), kind, instance.key, args or {})
    await services.commands.send(instance.partition, command, dedup)
    return command.id


async def ask(
    services: Services, instance: Instance, kind: CommandKind, args: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Queues a command and waits for its result. Raises Problem when it fails or is not answered in time."""
    command_id = await tell(services, instance, kind, args)
    raw = await first(services, lambda: services.cache.get(CacheKind.RESULT, command_id), ANSWER_WITHIN_S, RESULT_PACE)
    if raw is None:
        raise _no_answer()
    result = CommandResult(**raw)
    if result.ok:
        return result.value
    code, detail = result.code or "unknown", result.detail or "no reason was given"
    kind_of_problem = problems.TYPES.get(code)
    if kind_of_problem is not None:
        raise Problem(kind_of_problem, detail)
    raise Problem(problems.COMMAND_FAILED, detail, code=code)


async def in_a_place(services: Services, tenant: str, asking: Coroutine[Any, Any, Answer]) -> Answer:
    """What `asking` gives. Where that takes more than FREE_S it needs one of the tenant's places: without one, or
    without the store, the wait ends there, as if there were no answer. Raises Problem, and what `asking` raises."""
    task = asyncio.create_task(asking)
    try:
        await asyncio.wait({task}, timeout=FREE_S)
        if not task.done():
            async with services.waits.place(tenant):
                await asyncio.wait({task})
    except (NoPlace, StoreError) as error:
        if not task.done():
            raise _no_answer() from error
    finally:
        task.cancel()
    return task.result()


def _no_answer() -> Problem:
    return Problem(problems.NO_ANSWER, "The instance's session host has not answered yet; the command stays queued.")
