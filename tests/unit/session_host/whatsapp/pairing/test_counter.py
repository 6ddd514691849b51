"""What a counter is about: nobody's command, though one started it."""

from __future__ import annotations

import asyncio
from typing import cast

from session_host.whatsapp.pairing.counter import Counter
from session_host.whatsapp.pairing.process import Process
from shared.logs import bind
from shared.logs.context import bound
from shared.tracing import current, within
from tests.fakes.spans import PARENT


class Noting:
    """A process that runs until it is finished, and notes what both are about."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], str | None]] = []
        self._finished = asyncio.Event()

    async def run(self) -> int:
        self._note()
        await self._finished.wait()
        return 0

    async def finish(self) -> None:
        self._note()
        self._finished.set()

    def _note(self) -> None:
        self.seen.append((dict(bound()), current()))


async def test_it_belongs_to_no_instance_and_to_no_trace() -> None:
    process = Noting()
    with bind(instance="first", trace="t"), within(PARENT):
        counter = Counter(lambda _hear: cast(Process, process), 1, 1.0)
        await counter.close()
    assert process.seen == [({}, None), ({}, None)]
