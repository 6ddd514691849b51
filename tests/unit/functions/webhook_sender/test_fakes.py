"""The fakes that the sender's simulations run on do what the store does: the same cases hold for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from functions.webhook_sender.ports import Records
from tests.fakes.cases import chains, deliveries
from tests.fakes.webhooks import FakeChains, FakeRecords


@pytest.mark.parametrize("case", chains.CASES, ids=lambda case: case.__name__)
async def test_chains(case: Callable[[chains.AnyChains], Awaitable[None]]) -> None:
    await case(FakeChains())


@pytest.mark.parametrize("case", deliveries.CASES, ids=lambda case: case.__name__)
async def test_records(case: Callable[[Records], Awaitable[None]]) -> None:
    await case(FakeRecords())
