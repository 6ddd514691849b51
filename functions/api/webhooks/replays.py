"""/v1/webhooks/{webhook_id}/replays: the deliveries of a time range once more."""

from __future__ import annotations

from fastapi import APIRouter, Response

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import WITH_BODY, may_answer
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.webhooks import replaying
from functions.api.webhooks.endpoints import webhook_of
from functions.api.webhooks.ids import ReplayId, WebhookId
from functions.api.webhooks.replay_schemas import ReplayPage, ReplayRequest, ReplayView

router = APIRouter(prefix="/v1", tags=["Webhooks"])


@router.post(
    "/webhooks/{webhook_id}/replay",
    status_code=202,
    responses=may_answer(*WITH_BODY, problems.NOT_FOUND, problems.WEBHOOK_DISABLED, problems.REPLAY_RUNNING),
)
async def replay_range(call: Caller, webhook_id: WebhookId, response: Response, body: ReplayRequest) -> ReplayView:
    """Makes the deliveries of a time range once more: all that there are, or those in one of `states`. What was noted
    while the endpoint was disabled, or before it was made, has no delivery: read it in the event log.

    They go out oldest first, 100 a second at most and as the endpoint takes them, beside what happens meanwhile. What
    was attempted after you asked is not delivered again for it. An endpoint has one such replay at a time. Location
    leads to how far it has come."""
    made = await replaying.start(call.services, call.tenant, webhook_id, body)
    response.headers["location"] = f"/v1/webhooks/{webhook_id}/replays/{made.id}"
    return replaying.view(made)


@router.get("/webhooks/{webhook_id}/replays", responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def list_replays(
    call: Caller, webhook_id: WebhookId, limit: Limit = DEFAULT, cursor: Cursor = None
) -> ReplayPage:
    """The replays of time ranges of an endpoint, newest first, and how far they have come; kept 30 days."""
    await webhook_of(call.services, call.tenant, webhook_id)
    found, last = await replaying.page(call.services, call.tenant, webhook_id, limit, mark_of(cursor))
    return ReplayPage(data=[replaying.view(one) for one in found], next_cursor=next_cursor(last))


@router.get("/webhooks/{webhook_id}/replays/{replay_id}", responses=may_answer(problems.NOT_FOUND))
async def get_replay(call: Caller, webhook_id: WebhookId, replay_id: ReplayId) -> ReplayView:
    """How far a replay of a time range has come."""
    return replaying.view(await replaying.replay_of(call.services, call.tenant, webhook_id, replay_id))


@router.post(
    "/webhooks/{webhook_id}/replays/{replay_id}/stop", responses=may_answer(problems.NOT_FOUND, problems.REPLAY_OVER)
)
async def stop_replay(call: Caller, webhook_id: WebhookId, replay_id: ReplayId) -> ReplayView:
    """Stops a replay: no more of it is put on its way, and another one may begin at once.

    What was put before and waits, up to 200, may still be delivered. One that was stopped already stays as it is; one
    that is done is refused."""
    return replaying.view(await replaying.stop(call.services, call.tenant, webhook_id, replay_id))
