"""How full all queues of a deployment are: one call for each, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from shared.queues.queue import Depth, Queue


class Depths:
    """`queues` by their names without the prefix: those of LOOKED_AT in names.py; `commands` by partition."""

    def __init__(self, queues: Mapping[str, Queue], commands: Sequence[Queue]) -> None:
        self._queues = queues
        self._commands = commands

    async def look(self) -> tuple[Mapping[str, Depth], Sequence[Depth]]:
        """The depths now, approximately, as the two arguments. Raises QueueError."""
        queues = [*self._queues.values(), *self._commands]
        found = await asyncio.gather(*(queue.depth() for queue in queues))
        named = len(self._queues)
        return dict(zip(self._queues, found[:named], strict=True)), found[named:]
