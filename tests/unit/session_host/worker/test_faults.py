"""The boundary: what passes it, what stays, and how often it is tried."""

from __future__ import annotations

import asyncio

import pytest

from session_host.worker.faults import MOST_TRIES, Fault, Poisoned, attempt, contained
from session_host.worker.ledger import Fenced


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_host.worker.faults.AGAIN_S", (0.0,) * (MOST_TRIES - 1))


class Work:
    """Fails as it is told, in turn, then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> bool:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return True


async def test_an_unexpected_error_stays_and_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    assert await contained("shop-1", Work(KeyError("x"))()) == Fault("KeyError: 'x'")
    (record,) = caplog.records
    assert "shop-1" in record.getMessage()
    assert record.exc_info


@pytest.mark.parametrize("error", [Fenced(), asyncio.CancelledError()])
async def test_what_ends_the_worker_passes(error: BaseException) -> None:
    with pytest.raises(type(error)):
        await attempt("x", Work(error), asyncio.Event())


async def test_it_is_tried_again_twice() -> None:
    for failures in range(MOST_TRIES + 2):
        work = Work(*[ValueError("no")] * failures)
        outcome = await attempt("x", work, asyncio.Event())
        assert outcome == (True if failures < MOST_TRIES else Fault("ValueError: no", MOST_TRIES))
        assert work.tries == min(failures + 1, MOST_TRIES)


async def test_the_poisoned_is_not_tried_again() -> None:
    work = Work(Poisoned(Fault("it kills", 7)))
    assert await attempt("x", work, asyncio.Event()) == Fault("it kills", 7)
    assert work.tries == 1


async def test_a_worker_that_stops_leaves_it_to_the_next_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_host.worker.faults.AGAIN_S", (60.0, 60.0))
    stopping = asyncio.Event()
    stopping.set()
    assert await attempt("x", Work(ValueError("no")), stopping) is False
