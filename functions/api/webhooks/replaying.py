"""Replays of a time: one task on the queue of deliveries, which the sender works on page by page."""

from __future__ import annotations

from functions.api.filters import in_order, moment
from functions.api.problems import not_found
from functions.api.services import Services
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.replay_schemas import ReplayRequest, ReplayView
from shared.clock import iso
from shared.ids import new_id
from shared.models.replay import Replay
from shared.store.webhook_journal import EndpointChange


async def start(services: Services, tenant: str, webhook_id: str, wanted: ReplayRequest) -> Replay:
    """Has a replay begin. Raises Problem, StoreError, QueueError: then none has begun, or its outcome is unknown."""
    since, until, now = moment(wanted.since, "/since"), moment(wanted.until, "/until"), services.clock.unix()
    in_order(since, until, "/until")
    await webhook_of(services, tenant, webhook_id)
    replay = Replay(
        id=new_id("rpl"),
        tenant=tenant,
        webhook_id=webhook_id,
        since=iso(since or 0.0),
        until=iso(min(until or now, now)),
        asked_at=iso(now),
        states=tuple(dict.fromkeys(wanted.states)),
    )
    await services.replays.save(replay, now)
    await services.replay_queue.put(replay)
    await services.webhook_journal.note(tenant, webhook_id, EndpointChange.REPLAY_STARTED, now, replay.id)
    return replay


async def replay_of(services: Services, tenant: str, webhook_id: str, replay_id: str) -> Replay:
    """The replay. Raises Problem when there is none."""
    replay = await services.replays.get(tenant, webhook_id, replay_id)
    if replay is None:
        raise not_found("replay")
    return replay


def view(replay: Replay) -> ReplayView:
    """A replay as its owner sees it."""
    return ReplayView(
        id=replay.id,
        webhook_id=replay.webhook_id,
        since=replay.since,
        until=replay.until,
        states=list(replay.states),
        state=replay.state,
        asked_at=replay.asked_at,
        replayed=replay.replayed,
        expired=replay.expired,
        finished_at=replay.finished_at,
    )
