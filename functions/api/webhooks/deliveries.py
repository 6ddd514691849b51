"""/v1/webhooks/{webhook_id}/deliveries and /v1/deliveries: what became of events, and replays of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import WITH_BODY, may_answer
from functions.api.filters import Since, Types, Until, in_order, moment, types_in, words_in
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.webhooks import replaying, sending
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.ids import DeliveryId, ReplayId, WebhookId
from functions.api.webhooks.replay_schemas import ReplayRequest, ReplayView
from functions.api.webhooks.schemas import DeliveryPage, DeliveryView
from functions.api.webhooks.views import delivery_view
from shared.models.webhook import DeliveryState
from shared.store.deliveries import Sought

router = APIRouter(prefix="/v1", tags=["Webhooks"])

States = Annotated[
    str | None,
    Query(
        max_length=100,
        description=f"Only in these states, with commas between them: {', '.join(DeliveryState)}.",
        examples=["dead"],
    ),
]


@router.get("/webhooks/{webhook_id}/deliveries", responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def list_deliveries(
    call: Caller,
    webhook_id: WebhookId,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
    state: States = None,
    event_type: Types = None,
    since: Since = None,
    until: Until = None,
) -> DeliveryPage:
    """What became of the events at this endpoint, newest first, attempt by attempt; kept 30 days.

    `since` and `until` are about when the events were noted in the log. With `state` or `event_type` a page may hold
    fewer than `limit`, even none, though there are more: only so many are looked through at a time. Go on by
    `next_cursor`."""
    sought = _sought(state, event_type, since, until)
    await webhook_of(call.services, call.tenant, webhook_id)
    deliveries = call.services.deliveries
    found, last = await deliveries.page(call.tenant, webhook_id, limit, mark_of(cursor), sought=sought)
    return DeliveryPage(data=[delivery_view(one) for one in found], next_cursor=next_cursor(last))


@router.get("/deliveries/{delivery_id}", responses=may_answer(problems.NOT_FOUND))
async def get_delivery(call: Caller, delivery_id: DeliveryId) -> DeliveryView:
    """What became of one event at one endpoint, attempt by attempt; kept 30 days.

    Not found until the first attempt was made or put off, and where the endpoint does not ask for the event."""
    return delivery_view(await sending.delivery_of(call.services, call.tenant, delivery_id))


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    responses=may_answer(problems.NOT_FOUND, problems.EVENT_EXPIRED),
)
async def replay_delivery(call: Caller, delivery_id: DeliveryId) -> DeliveryView:
    """Delivers the same event to the same endpoint once more, with the same `webhook-id`.

    The answer is the delivery as it is before that; it stays so until the attempt is made."""
    return delivery_view(await sending.replay(call.services, call.tenant, delivery_id))


@router.post(
    "/webhooks/{webhook_id}/replay",
    status_code=202,
    responses=may_answer(*WITH_BODY, problems.NOT_FOUND, problems.WEBHOOK_DISABLED, problems.REPLAY_RUNNING),
)
async def replay_range(call: Caller, webhook_id: WebhookId, response: Response, body: ReplayRequest) -> ReplayView:
    """Makes the deliveries of a time once more: all that there are, or those in one of `states`. What was noted while
    the endpoint was disabled, or before it was made, has no delivery: read it in the event log.

    They go out oldest first, 100 a second at most and as the endpoint takes them, beside what happens meanwhile. What
    was attempted after you asked is not delivered again for it. An endpoint has one such replay at a time. Location
    leads to how far it has come."""
    made = await replaying.start(call.services, call.tenant, webhook_id, body)
    response.headers["location"] = f"/v1/webhooks/{webhook_id}/replays/{made.id}"
    return replaying.view(made)


@router.get("/webhooks/{webhook_id}/replays/{replay_id}", responses=may_answer(problems.NOT_FOUND))
async def get_replay(call: Caller, webhook_id: WebhookId, replay_id: ReplayId) -> ReplayView:
    """How far a replay of a time has come."""
    return replaying.view(await replaying.replay_of(call.services, call.tenant, webhook_id, replay_id))


def _sought(state: str | None, event_type: str | None, since: str | None, until: str | None) -> Sought:
    sought = Sought(
        since=moment(since, "?since"),
        until=moment(until, "?until"),
        states=words_in(state, DeliveryState, "?state"),
        event_types=types_in(event_type, "?event_type"),
    )
    in_order(sought.since, sought.until, "?until")
    return sought
