"""/v1/webhooks/{webhook_id}/deliveries and /v1/deliveries: what became of events. Replays of many are in replays.py."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import may_answer
from functions.api.filters import Since, Types, Until, in_order, moment, types_in, words_in
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.webhooks import sending
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.ids import DeliveryId, WebhookId
from functions.api.webhooks.schemas import DeliveryPage, DeliveryView
from functions.api.webhooks.views import delivery_view
from shared.models.webhook import DeliveryState
from shared.store.deliveries import DeliveryFilter

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

    The answer is the delivery as it is before that; it stays so until the attempt is made, which waits like all others
    where the endpoint is slow or paused."""
    return delivery_view(await sending.replay(call.services, call.tenant, delivery_id))


def _sought(state: str | None, event_type: str | None, since: str | None, until: str | None) -> DeliveryFilter:
    sought = DeliveryFilter(
        since=moment(since, "?since"),
        until=moment(until, "?until"),
        states=words_in(state, DeliveryState, "?state"),
        event_types=types_in(event_type, "?event_type"),
    )
    in_order(sought.since, sought.until, "?until")
    return sought
