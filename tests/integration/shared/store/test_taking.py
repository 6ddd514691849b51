"""An attempt that is due is one message's, until it is recorded or its time is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.clock import iso
from shared.models.webhook import Delivery, DeliveryState
from shared.store.database import ConditionFailed
from shared.store.deliveries import Deliveries
from tests.conftest import Deployment
from tests.fakes.deliveries import retrying

NOW = 1_800_000_000.125
UNTIL = NOW + 120
DUE = retrying(NOW, NOW)
PENDING = replace(DUE, state=DeliveryState.PENDING, attempts=(), round=0)
DEAD = replace(DUE, state=DeliveryState.DEAD, next_attempt_at=None, round=10)


@pytest.mark.parametrize("due", [DUE, PENDING, DEAD], ids=["retrying", "pending", "dead"])
async def test_of_two_that_see_the_same_one_takes_it(deployment: Deployment, due: Delivery) -> None:
    deliveries = Deliveries(deployment.database)
    await deliveries.save(due, NOW)
    await deliveries.take(due, by="one", now=NOW, until=UNTIL)
    await deliveries.take(due, by="one", now=NOW, until=UNTIL)  # its answer was lost, or it comes again
    with pytest.raises(ConditionFailed):
        await deliveries.take(due, by="other", now=NOW + 1, until=UNTIL + 1)
    assert await deliveries.get("acme", "wh_a", due.id) == due, "nobody else sees it"
    await deliveries.take(due, by="other", now=UNTIL + 1, until=UNTIL + 9)
    with pytest.raises(ConditionFailed):
        await deliveries.take(due, by="one", now=UNTIL + 2, until=UNTIL + 9)


async def test_what_was_recorded_meanwhile_is_not_taken_and_can_be_taken_anew(deployment: Deployment) -> None:
    deliveries = Deliveries(deployment.database)
    with pytest.raises(ConditionFailed):
        await deliveries.take(DUE, by="one", now=NOW, until=UNTIL)
    await deliveries.save(DUE, NOW)
    await deliveries.take(DUE, by="one", now=NOW, until=UNTIL)
    again = replace(DUE, next_attempt_at=iso(NOW + 2), round=2)
    await deliveries.save(again, NOW)
    with pytest.raises(ConditionFailed):
        await deliveries.take(DUE, by="one", now=NOW, until=UNTIL)
    with pytest.raises(ConditionFailed):
        await deliveries.take(replace(again, next_attempt_at=iso(NOW + 3)), by="one", now=NOW, until=UNTIL)
    await deliveries.take(again, by="other", now=NOW, until=UNTIL)
