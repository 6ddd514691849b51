"""The short form of `make chaos`: a few drills on a small stack. Times do not count, for other tests run beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from local.chaos.drills import BY_NAME
from local.chaos.ground import Ground, become_fit, prepared
from local.chaos.perform import perform
from local.chaos.scale import SHORT

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

KILLS = {"kill-worker", "kill-host"}
WINDOW = "inbound messages lost"  # those that the library has acknowledged and the log does not have yet


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """One stack for all drills."""
    async with prepared(SHORT, tmp_path_factory.mktemp("chaos") / "data") as ground:
        yield ground


@pytest.mark.parametrize("name", ["kill-worker", "kill-host", "rolling-deploy", "close-all"])
async def test_a_drill_is_survived(ground: Ground, name: str) -> None:
    assert await become_fit(ground) == ""
    result = await perform(BY_NAME[name], ground, timed=False)
    broken = [what for what in result.broken if not (name in KILLS and what.startswith(WINDOW))]
    assert broken == [], result.as_json()
