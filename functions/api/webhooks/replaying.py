"""Replays of a time range: one task on the queue of deliveries, which the sender works on page by page."""

from __future__ import annotations

from dataclasses import asdict

from functions.api import problems
from functions.api.filters import in_order, moment
from functions.api.problems import Problem, invalid, not_found
from functions.api.services import Services
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.replay_schemas import ReplayRequest, ReplayView
from functions.api.webhooks.schemas import ReasonView
from shared.clock import iso
from shared.ids import made_at, new_id
from shared.models.replay import Replay, ReplayState
from shared.models.stop_reason import StopReason, stop_reason
from shared.models.webhook import parse_delivery_id
from shared.queues.queue import QueueError


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
        await _stop(services, replay.tenant, replay.webhook_id, replay.id, StopReason.NOT_BEGUN)
        raise


async def stop(services: Services, tenant: str, webhook_id: str, replay_id: str) -> Replay:
    """The replay, which no page follows of any more. Raises Problem when there is none, or it is done; StoreError."""
    stopped = await _stop(services, tenant, webhook_id, replay_id, StopReason.REQUESTED)
    if stopped is None:
        raise not_found("replay")
    if stopped.state is ReplayState.DONE:
        raise Problem(problems.REPLAY_OVER, f"All of it was on its way by {stopped.finished_at}.")
    return stopped


async def _stop(services: Services, tenant: str, webhook_id: str, replay_id: str, why: StopReason) -> Replay | None:
    now = services.clock.unix()
    return await services.replays.end(tenant, webhook_id, replay_id, ReplayState.STOPPED, now, why)


async def page(
    services: Services, tenant: str, webhook_id: str, limit: int, start: str | None
) -> tuple[list[Replay], str | None]:
    """An endpoint's replays, newest first, and the id to continue from. Raises StoreError."""
    found, last = await services.replays.page(tenant, webhook_id, limit, start)
    now = services.clock.unix()
    return [one.as_of(now) for one in found], last


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
        through=iso(made_at(parse_delivery_id(replay.cursor)[0])) if replay.cursor else None,
        finished_at=replay.finished_at,
        reason=ReasonView(**asdict(stop_reason(replay.reason))) if replay.reason else None,
    )
