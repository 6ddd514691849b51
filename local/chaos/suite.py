"""All drills in turn, each on a ground that is fit for it; one that fails does not stop the others."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from local.chaos.collect import inboxes
from local.chaos.drill import Drill
from local.chaos.ground import Ground, become_fit, prepared
from local.chaos.perform import TROUBLE, Result, perform
from local.chaos.scale import Scale

logger = logging.getLogger(__name__)


class Suite:
    """Runs drills on stacks below `folder`, a new one whenever the last is of another scale or did not recover."""

    def __init__(self, scale: Scale, folder: Path) -> None:
        self._scale = scale
        self._folder = folder
        self._stack = AsyncExitStack()
        self._ground: Ground | None = None
        self._grounds = 0
        self._on_ground: list[Result] = []

    async def run(self, drills: Sequence[Drill]) -> AsyncIterator[Result]:
        """Each drill's result as soon as it is there."""
        try:
            for drill in drills:
                yield await self._one(drill)
        finally:
            await self._leave()

    async def _one(self, drill: Drill) -> Result:
        logger.info("%s: %s ...", drill.name, drill.title.replace("`", ""))
        try:
            ground = await self._fit_ground(drill.scale or self._scale)
        except TROUBLE as error:
            await self._leave()
            return Result(drill, 0.0, None, [f"no stack to drill on: {type(error).__name__}: {error}"])
        result = await perform(drill, ground)
        self._on_ground.append(result)
        return result

    async def _fit_ground(self, scale: Scale) -> Ground:
        if self._ground is not None and self._ground.scale == scale:
            lacking = await become_fit(self._ground)
            if not lacking:
                return self._ground
            logger.warning("the stack has not recovered: %s; a new one is started", lacking)
            self._on_ground[-1].broken.append(f"not well again afterwards: {lacking}")
        await self._leave()
        self._grounds += 1
        logger.info("a stack with %d hosts, %d partitions, %d instances ...", *_size(scale))
        folder = self._folder / f"stack-{self._grounds}"
        self._ground = await self._stack.enter_async_context(prepared(scale, folder))
        lacking = await become_fit(self._ground)
        if lacking:
            raise TimeoutError(lacking)
        return self._ground

    async def _leave(self) -> None:
        ground, self._ground = self._ground, None
        try:
            if ground is not None:
                _late_duplicates(self._on_ground, await inboxes(ground))
            await self._stack.aclose()
        except TROUBLE as error:
            logger.warning("the stack could not be stopped in order: %s", error)
        self._on_ground = []


def _late_duplicates(results: Sequence[Result], arrived: Counter[str]) -> None:
    """What arrived again only after its drill was reckoned up."""
    for result in results:
        if result.facts is None or result.tally is None:
            continue
        late = sum(arrived[ask.text] > 1 for ask in result.facts.asks) - result.tally.duplicated
        if late:
            result.broken.append(f"messages duplicated later: {late}")


def _size(scale: Scale) -> tuple[int, int, int]:
    return scale.hosts, scale.partitions, scale.instances
