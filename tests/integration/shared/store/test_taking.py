"""An attempt that is due is one message's, until it is recorded or its time is over: the cases hold for the fake as
well."""

from __future__ import annotations

from functions.webhook_sender.coalesced import CoalescedDeliveries
from shared.store.deliveries import Deliveries
from tests.conftest import Deployment
from tests.fakes.cases.deliveries import CASES
from tests.fakes.cases.emptied import emptied


async def test_every_case_of_records(deployment: Deployment) -> None:
    for case in CASES:
        await case(CoalescedDeliveries(Deliveries(await emptied(deployment.database))))
