"""An attempt under observation: how long it takes decides on its endpoint's window and lane.

After SILENCE_S without an answer the endpoint is slow: in this process at once, for the others by a write beside the
attempt, which goes on, and gives its slot back (slots.py). So a hanging endpoint takes slots for a second.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from functions.webhook_sender.attempt import Outcome
from functions.webhook_sender.health_rules import Change, no_longer_slow, slowed
from functions.webhook_sender.pace import SILENCE_S
from functions.webhook_sender.retry_after import ASKING
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import Slot
from functions.webhook_sender.window import QUICK_S
from shared.models.webhook import Webhook

MOST_LOOKS = 5
_LOOK_AGAIN_S = 0.1  # an answer that was there while this process was busy is taken first


class Watch:
    """`async with`: the attempt runs; `ended` tells its outcome."""

    def __init__(self, slot: Slot, webhook: Webhook, services: Services) -> None:
        self._slot = slot
        self._pace = slot.pace
        self._webhook = webhook
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._timer = self._loop.call_later(SILENCE_S - _LOOK_AGAIN_S, self._look_again)
        self._note: asyncio.Task[bool] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._note:
            await self._note

    async def ended(self, outcome: Outcome) -> None:
        """The attempt has ended; what waits for the endpoint may have more room now."""
        self._timer.cancel()  # what is written here may take longer than is left of it
        took_s, window = self._loop.time() - self._began, self._pace.window
        if outcome.made.status is None:
            window.unanswered(took_s)
        else:
            window.answered(took_s, pushed_back=outcome.made.status in ASKING)
            if took_s <= QUICK_S:
                self._pace.answered_quickly()
        self._services.slots.look()
        if self._pace.slow and window.proven:
            self._pace.told(slow=False)
            await self._change(no_longer_slow(self._services.health_cache.health(self._webhook), self._now()))

    def _look_again(self, looks: int = MOST_LOOKS) -> None:
        due = self._loop.time() + _LOOK_AGAIN_S
        self._timer = self._loop.call_at(due, self._look, due, looks - 1)

    def _look(self, due: float, looks: int) -> None:
        if looks and self._loop.time() - due > _LOOK_AGAIN_S:
            self._look_again(looks)  # this process is late itself
        else:
            self._silent()

    def _silent(self) -> None:
        self._pace.told(slow=True)
        change = slowed(self._services.health_cache.health(self._webhook), self._now())
        if change:
            self._note = asyncio.create_task(self._change(change))
        self._services.slots.fell_silent(self._slot)

    async def _change(self, change: Change | None) -> bool:
        return change is not None and await self._services.health_cache.change(self._webhook, change)

    def _now(self) -> float:
        return round(self._services.clock.unix(), 3)
