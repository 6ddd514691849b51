"""Asking every worker to collect its garbage: a command on each partition's queue, since only its owner reads it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from functions.api.monitoring.schemas import Collected, CollectedWorker
from functions.api.services import Services
from functions.api.waiting import RESULT_PACE, first
from shared.ids import new_id
from shared.models.command import NOBODY, Command, CommandKind
from shared.queues.queue import QueueError
from shared.store.cache import CacheKind

WITHIN_S = 10.0

log = logging.getLogger(__name__)


async def collect(services: Services) -> Collected:
    """What each worker said within WITHIN_S. One that takes the command up later does nothing. Raises StoreError."""
    until = services.clock.unix() + WITHIN_S
    asked = await asyncio.gather(*(_ask(services, number, until) for number in range(services.partition_count)))
    ids = {number: command for number, command in enumerate(asked) if command is not None}
    answers = await _answers(services, ids)
    workers = [
        CollectedWorker(partition=number, before_bytes=value["before"], after_bytes=value["after"])
        for number, value in sorted(answers.items())
    ]
    return Collected(
        workers=len(workers),
        freed_bytes=sum(max(0, one.before_bytes - one.after_bytes) for one in workers),
        not_reached=[number for number in range(services.partition_count) if number not in answers],
        by_worker=workers,
    )


async def _ask(services: Services, partition: int, until: float) -> str | None:
    """The id of the command; None when the queue did not take it."""
    command = Command(new_id("cmd"), CommandKind.COLLECT_GARBAGE, NOBODY, {"until": until})
    try:
        await services.commands.send(partition, command)
    except QueueError as error:
        log.warning("partition %d cannot be asked: %s", partition, error)
        return None
    return command.id


async def _answers(services: Services, ids: Mapping[int, str]) -> dict[int, dict[str, Any]]:
    """The values that were found, by partition, once all are there or time is up."""
    found: dict[str, dict[str, Any]] = {}

    async def look() -> bool | None:
        missing = [command for command in ids.values() if command not in found]
        found.update(await services.cache.get_many(CacheKind.RESULT, missing))
        return True if len(found) == len(ids) else None

    if await first(services, look, WITHIN_S, RESULT_PACE) is None:
        await look()  # for what came during the last pause
    return {number: found[command]["value"] for number, command in ids.items() if found.get(command, {}).get("ok")}
