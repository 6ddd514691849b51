"""Replays of a time: one task on the queue of deliveries, which the sender works on page by page."""

from __future__ import annotations

from dataclasses import replace

from functions.api import problems
from functions.api.filters import in_order, moment
from functions.api.problems import Problem, invalid, not_found
from functions.api.services import Services
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.replay_schemas import ReplayRequest, ReplayView
from shared.clock import iso
from shared.ids import new_id
from shared.models.replay import Replay, ReplayState
from shared.queues.queue import QueueError
from shared.store.webhook_journal import EndpointChange


async def start(services: Services, tenant: str, webhook_id: str, wanted: ReplayRequest) -> Replay:
    """Has a replay begin. Raises Problem, StoreError, QueueError: then none goes on for more than a page."""
    now = services.clock.unix()
    since, until = _times(wanted, now)
    if not (await webhook_of(services, tenant, webhook_id)).active:
        raise Problem(problems.WEBHOOK_DISABLED, "The webhook is disabled: enable it, then replay what waited for it.")
    bare = Replay(
        id=new_id("rpl"),
        tenant=tenant,
        webhook_id=webhook_id,
        since=iso(since),
        until=iso(until),
        asked_at=iso(now),
        states=tuple(dict.fromkeys(wanted.states)),
    )
    replay = bare.renewed(now)
    if not await services.replays.begin(replay, now):
        running = await services.replays.at_work(tenant, webhook_id)
        detail = f"Another replay of this webhook has not come to its end: {running}."
        raise Problem(problems.REPLAY_RUNNING, detail, replay_id=running)
    await _put(services, replay)
    return replay


def _times(wanted: ReplayRequest, now: float) -> tuple[float, float]:
    """From when and up to when, which is not after now."""
    since, until = moment(wanted.since, "/since"), moment(wanted.until, "/until")
    in_order(since, until, "/until")
    if since is None or since > now:
        raise invalid("/since", "this is still to come: there is nothing to replay")
    return since, min(now if until is None else until, now)


async def _put(services: Services, replay: Replay) -> None:
    """What could not be put on the queue gives its place free: the caller will ask again."""
    try:
        await services.jobs.put(replay)
    except QueueError:
        now, told = services.clock.unix(), f"{replay.id}: stopped: it could not begin"
        await services.replays.save(replace(replay, state=ReplayState.STOPPED, finished_at=iso(now)), now)
        tenant, webhook_id = replay.tenant, replay.webhook_id
        await services.webhook_journal.note(tenant, webhook_id, EndpointChange.REPLAY_FINISHED, now, told)
        raise


async def replay_of(services: Services, tenant: str, webhook_id: str, replay_id: str) -> Replay:
    """The replay. Raises Problem when there is none."""
    replay = await services.replays.get(tenant, webhook_id, replay_id)
    if replay is None:
        raise not_found("replay")
    return replay.as_of(services.clock.unix())


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
