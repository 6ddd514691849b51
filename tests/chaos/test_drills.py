"""The short form of `make chaos`: a few drills on a small stack. Times do not count, for other tests run beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from local.chaos.drill import Drill
from local.chaos.drills import BY_NAME, deploys
from local.chaos.ground import Ground, become_fit, prepared
from local.chaos.perform import perform
from local.chaos.scale import SHORT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """One stack for all drills."""
    async with prepared(SHORT, tmp_path_factory.mktemp("chaos") / "data") as ground:
        yield ground


DRILLS = [
    *(BY_NAME[name] for name in ("kill-worker", "kill-host", "close-all")),
    replace(BY_NAME["rolling-deploy"], act=deploys.one_host),
]


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
async def test_a_drill_is_survived(ground: Ground, drill: Drill) -> None:
    assert await become_fit(ground) == ""
    result = await perform(drill, ground, timed=False)
    assert list(result.broken) == [], result.as_json()
