from __future__ import annotations

import asyncio

import pytest

from session_host.worker.reconnecting import PAUSES_S, Reconnecting


class Loop:
    """Notes how long the pauses are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pauses: list[float] = []
        real = asyncio.get_running_loop().call_later
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", self._note, raising=False)
        self._real = real

    def _note(self, delay: float, *work: object) -> asyncio.TimerHandle:
        self.pauses.append(delay)
        return self._real(0, *work)  # type: ignore[arg-type]


async def test_each_pause_is_longer_until_one_led_to_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, reconnecting = Loop(monkeypatch), Reconnecting(lambda: 0.5, lambda: None)
    for _ in range(len(PAUSES_S) + 1):
        reconnecting.later()
    reconnecting.succeeded()
    reconnecting.later()
    assert loop.pauses == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[0]]


async def test_nothing_follows_what_was_cancelled_and_one_follows_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_host.worker.reconnecting.PAUSES_S", (0.0,))
    called: list[int] = []
    first, second = (Reconnecting(lambda: 0.5, lambda number=number: called.append(number)) for number in (1, 2))  # type: ignore[misc]
    first.later()
    first.cancel()
    second.later()
    second.later()
    await asyncio.sleep(0.01)
    assert called == [2]
