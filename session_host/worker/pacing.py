"""A human pace for an instance's sends: a gap between messages, and the typing indicator before one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from session_host.whatsapp.port import NotConnected, Session, WhatsAppError
from session_host.worker.outgoing import OutgoingMessage
from shared.clock import Clock
from shared.models.instance import Pacing

logger = logging.getLogger(__name__)

MS_PER_CHARACTER = 40  # a quick typist
LONGEST_TYPING_MS = 5_000


class Pace:
    """The pace of one instance. `pacing` and `session` are asked at each message; `uniform` gives 0 to 1."""

    def __init__(
        self,
        clock: Clock,
        pacing: Callable[[], Pacing],
        session: Callable[[], Session],
        uniform: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._pacing = pacing
        self._session = session
        self._uniform = uniform
        self._sleep = sleep
        self._last: float | None = None

    async def __call__(self, message: OutgoingMessage) -> None:
        """Returns when it is the message's turn. Raises NotConnected."""
        gap = self._gap()
        if gap > 0:
            await self._sleep(gap)
        typing_ms = message.typing_ms or self._typing_ms(message)
        if typing_ms and not message.plainly:
            await self._show_typing(message.to, typing_ms)
        self._last = self._clock.monotonic()

    async def _show_typing(self, to: str, typing_ms: int) -> None:
        try:
            await self._session().set_typing(to, True)
        except NotConnected:
            raise
        except WhatsAppError as error:  # a courtesy; the message matters
            logger.info("the typing indicator could not be shown: %s", error)
            return
        await self._sleep(typing_ms / 1000)

    def _gap(self) -> float:
        pacing = self._pacing()
        if self._last is None or not (pacing.min_gap_ms or pacing.jitter_ms):
            return 0.0
        wanted = (pacing.min_gap_ms + pacing.jitter_ms * self._uniform()) / 1000
        return wanted - (self._clock.monotonic() - self._last)

    def _typing_ms(self, message: OutgoingMessage) -> int:
        if not self._pacing().typing:
            return 0
        return min(LONGEST_TYPING_MS, MS_PER_CHARACTER * len(str(message.content.get("text", ""))))
