"""Tells how long a call took, and hands over what was counted: in Lambda nothing of a process runs between calls."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.middleware.waits import waits_by_design
from shared.metrics import API_LATENCY, Meter


class Figures:
    """One flush per call, whatever became of it."""

    def __init__(self, app: ASGIApp, meter: Meter, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._meter = meter
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._meter.on:
            await self._app(scope, receive, send)
            return
        began = self._monotonic()
        try:
            await self._app(scope, receive, send)
        finally:
            if not waits_by_design(scope):
                self._meter.observe(API_LATENCY, round((self._monotonic() - began) * 1000, 1))
            self._meter.flush()
