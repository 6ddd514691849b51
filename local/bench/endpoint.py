"""A customer's endpoint that hears what phones write to the instances, and answers, fails or hangs as it is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from aiohttp import web

from local.bench.door import Door, opened
from local.bench.target import BenchFailed, Target
from local.cli.receiver import verified
from shared.clock import parse_iso


class Manner(Enum):
    """How it answers: 200 at once, 500 at once, or not at all."""

    ANSWERS = auto()
    FAILS = auto()
    HANGS = auto()


@dataclass(slots=True)
class Story:
    """What is known of one text, in unix seconds: when its event happened, when it came, and when 200 was answered."""

    happened_at: float
    came_at: list[float] = field(default_factory=list)
    taken_at: list[float] = field(default_factory=list)

    @property
    def first_attempt_s(self) -> float:
        """From the event to the first attempt's arrival."""
        return self.came_at[0] - self.happened_at


class Endpoint:
    """`stories` by text; `calls` counts all that came; `complete` is set once `expected` texts have been taken."""

    def __init__(self, expected: int, manner: Manner = Manner.ANSWERS) -> None:
        self.manner = manner
        self.stories: dict[str, Story] = {}
        self.calls = 0
        self.badly_signed = 0
        self.complete = asyncio.Event()
        self.secret = ""
        self._expected = expected
        self._taken = 0
        self._let_go = asyncio.Event()

    async def hear(self, request: web.Request) -> web.Response:
        """One attempt."""
        body, now = await request.read(), time.time()
        self.calls += 1
        if not verified(self.secret, request.headers, body, now):
            self.badly_signed += 1
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        event = json.loads(body)
        story = self.stories.setdefault(event["data"]["text"], Story(parse_iso(event["timestamp"])))
        story.came_at.append(now)
        return await self._answer(story, now)

    def let_go(self) -> None:
        """Ends the calls that hang."""
        self._let_go.set()

    async def all_taken(self, patience_s: float) -> None:
        """Waits until everything has been taken, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.complete.wait()

    def report(self, written: int) -> dict[str, int]:
        """What became of the texts that phones wrote. `doubled`: came once more after a 200."""
        stories = self.stories.values()
        return {
            "written": written,
            "delivered": self._taken,
            "lost": written - self._taken,
            "doubled": sum(len(story.taken_at) > 1 for story in stories),
            "attempts_heard": self.calls,
            "badly_signed": self.badly_signed,
        }

    async def _answer(self, story: Story, now: float) -> web.Response:
        if self.manner is Manner.HANGS:
            await self._let_go.wait()
        if self.manner is not Manner.ANSWERS:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        self._taken += not story.taken_at
        story.taken_at.append(now)
        if self._taken >= self._expected:
            self.complete.set()
        return web.Response()


@asynccontextmanager
async def listening(
    target: Target, instances: Iterable[str], expected: int, manner: Manner = Manner.ANSWERS
) -> AsyncIterator[tuple[Endpoint, Door]]:
    """An endpoint of the target's tenant that hears what phones write to these instances, while this lasts."""
    endpoint = Endpoint(expected, manner)
    async with opened(endpoint.hear) as door:
        body: dict[str, Any] = {"url": door.url, "events": ["message.received"], "instances": list(instances)}
        status, webhook = await target.call("POST", "/v1/webhooks", body)
        if status != HTTPStatus.CREATED:
            raise BenchFailed(f"creating a webhook: {status} {webhook}")
        endpoint.secret = webhook["secret"]
        try:
            yield endpoint, door
        finally:
            await target.call("DELETE", f"/v1/webhooks/{webhook['id']}")
            endpoint.let_go()
