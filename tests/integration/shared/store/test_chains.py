"""One sender at a time is at a chain, and whoever finds it held is heard: the cases hold for the fake as well."""

from __future__ import annotations

from shared.store.chains import Chains
from tests.conftest import Deployment
from tests.fakes.cases.chains import CASES
from tests.fakes.cases.emptied import emptied


async def test_every_case_of_chains(deployment: Deployment) -> None:
    for case in CASES:
        await case(Chains(await emptied(deployment.database)))
