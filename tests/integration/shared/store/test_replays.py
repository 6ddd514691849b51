"""Replays that are ended while others go on with them, or do not know of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.clock import iso
from shared.models.replay import Replay, ReplayState
from shared.models.stop_reason import StopReason
from shared.store.database import ConditionFailed
from shared.store.replays import Replays
from shared.store.webhook_journal import EndpointEntry, WebhookJournal
from tests.conftest import Deployment

NOW = 1_800_000_000.0
ASKED = Replay(id="rpl_1", tenant="acme", webhook_id="wh_a", since=iso(1), until=iso(NOW), asked_at=iso(NOW)).renewed(
    NOW
)
PAGE = replace(ASKED, state=ReplayState.RUNNING, cursor="dlv_1", replayed=100)
ENDS = pytest.mark.parametrize(
    ("state", "reason"), [(ReplayState.STOPPED, StopReason.REQUESTED), (ReplayState.DONE, None)]
)


class Overtaken(Replays):
    """Where between reading a replay and ending it somebody goes on with it, the first time."""

    async def get(self, tenant: str, webhook_id: str, replay_id: str) -> Replay | None:
        stored = await super().get(tenant, webhook_id, replay_id)
        if stored == ASKED:
            await self.save(PAGE, NOW)
        return stored


@ENDS
async def test_it_ends_where_it_has_come_to_meanwhile(
    deployment: Deployment, state: ReplayState, reason: StopReason | None
) -> None:
    replays = Overtaken(deployment.database)
    assert await replays.begin(ASKED, NOW)
    ended = await replays.end("acme", "wh_a", "rpl_1", state, NOW + 1, reason)
    assert ended == PAGE.ended(state, NOW + 1, reason)
    assert await replays.get("acme", "wh_a", "rpl_1") == ended
    (entry,), _ = await WebhookJournal(deployment.database).page("acme", "wh_a", 1)
    assert entry == EndpointEntry(iso(NOW + 1), entry.code, ended.told())


@ENDS
@pytest.mark.parametrize("again", [False, True])
async def test_what_has_ended_goes_no_further_and_leaves_its_place(
    deployment: Deployment, state: ReplayState, reason: StopReason | None, again: bool
) -> None:
    replays, other = Replays(deployment.database), replace(ASKED, id="rpl_2")
    assert await replays.begin(ASKED, NOW)
    assert not await replays.begin(other, NOW + 1)
    ended = await replays.end("acme", "wh_a", "rpl_1", state, NOW + 1, reason)
    with pytest.raises(ConditionFailed):
        await replays.save(PAGE, NOW + 2, again=again)
    assert await replays.begin(other, NOW + 2)
    with pytest.raises(ConditionFailed):
        await replays.save(PAGE, NOW + 2, again=again)
    for other_end in (ReplayState.STOPPED, ReplayState.DONE):
        assert await replays.end("acme", "wh_a", "rpl_1", other_end, NOW + 3, StopReason.DISABLED) == ended
    assert await replays.get("acme", "wh_a", "rpl_2") == other, "it has the place, and keeps it"
    assert not await replays.begin(replace(ASKED, id="rpl_3"), NOW + 3)
    entries, _ = await WebhookJournal(deployment.database).page("acme", "wh_a", 20)
    assert [one.code for one in entries] == ["replay_started", "replay_finished", "replay_started"]


async def test_none_is_ended_where_there_is_none(deployment: Deployment) -> None:
    replays = Replays(deployment.database)
    assert await replays.end("acme", "wh_a", "rpl_1", ReplayState.STOPPED, NOW, StopReason.REQUESTED) is None
    assert await replays.page("acme", "wh_a", 10) == ([], None)
