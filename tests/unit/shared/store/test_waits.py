"""Places for calls that wait, with a store that does not do well."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from shared.store import waits
from shared.store.database import Database, StoreUnavailable, Write
from shared.store.waits import Waits
from tests.fakes.clock import FakeClock


class Failing:
    """A store that counts a call in, and then hangs or fails."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error
        self._counted_in = False

    async def write(self, write: Write) -> None:
        if not self._counted_in:
            self._counted_in = True
        elif self._error is not None:
            raise self._error
        else:
            await asyncio.Event().wait()


@pytest.mark.parametrize("error", [None, StoreUnavailable("gone")])
async def test_a_place_that_cannot_be_given_back_holds_up_no_answer(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waits, "GIVEN_BACK_WITHIN_S", 0.01)
    places = Waits(cast(Database, Failing(error)), FakeClock(), 1)
    async with asyncio.timeout(20), places.place("acme"):
        pass
    assert "counted to the end of its minute" in caplog.text
