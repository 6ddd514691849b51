"""Tells what a call was answered with and how long it took, and hands over what was counted: in Lambda nothing of a
process runs between calls."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.middleware.request_log import ABANDONED
from functions.api.middleware.waits import waits_by_design
from shared.figures import Tally
from shared.metrics import API_LATENCY, Meter


class Figures:
    """One flush of the meter per call, whatever became of it; the tally decides itself when it is time."""

    def __init__(self, app: ASGIApp, meter: Meter, tally: Tally, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._meter = meter
        self._tally = tally
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._monotonic(), ABANDONED

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            self._count(scope, status, round((self._monotonic() - began) * 1000, 1))
        await self._tally.hand_over()

    def _count(self, scope: Scope, status: int, ms: float) -> None:
        waited = waits_by_design(scope)
        self._tally.call(status, None if waited else ms)
        if not waited:
            self._meter.observe(API_LATENCY, ms)
        self._meter.flush()
