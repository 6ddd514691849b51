"""/v1/webhooks and /v1/deliveries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import WITH_BODY, may_answer
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.webhooks import endpoints, sending
from functions.api.webhooks.schemas import (
    DeliveryPage,
    DeliveryView,
    NewWebhook,
    NewWebhookView,
    RotatedSecret,
    SentTest,
    WebhookChange,
    WebhookPage,
    WebhookView,
)
from functions.api.webhooks.views import delivery_view, webhook_view

router = APIRouter(prefix="/v1", tags=["Webhooks"])

WebhookId = Annotated[str, Path(pattern=r"^wh_[0-9a-z]{26}$", description="The webhook's id.")]
DeliveryId = Annotated[str, Path(pattern=r"^dlv_[0-9a-z]{26}_[0-9a-z]{26}$", description="The delivery's id.")]
_MANAGED = (problems.NOT_FOUND, problems.MANAGED_BY_INSTANCE)


@router.post("/webhooks", status_code=201, responses=may_answer(*WITH_BODY, problems.LIMIT_REACHED))
async def create_webhook(call: Caller, response: Response, body: NewWebhook) -> NewWebhookView:
    """Makes an endpoint for events. Its signing secret is shown this once."""
    made = await endpoints.create(call.services, call.tenant, body)
    response.headers["location"] = f"/v1/webhooks/{made.id}"
    return made


@router.get("/webhooks", responses=may_answer(problems.INVALID_REQUEST))
async def list_webhooks(call: Caller, limit: Limit = DEFAULT, cursor: Cursor = None) -> WebhookPage:
    """Your endpoints, by id; those that instances made are among them.

    A key without the scope `manage` sees the values of headers and of a URL's query as `***`."""
    found, last = await call.services.webhooks.page(call.tenant, limit, mark_of(cursor))
    return WebhookPage(data=[webhook_view(one, whole=call.manages) for one in found], next_cursor=next_cursor(last))


@router.get("/webhooks/{webhook_id}", responses=may_answer(problems.NOT_FOUND))
async def get_webhook(call: Caller, webhook_id: WebhookId) -> WebhookView:
    """One endpoint. A key without the scope `manage` sees the values of headers and of the URL's query as `***`."""
    return webhook_view(await endpoints.webhook_of(call.services, call.tenant, webhook_id), whole=call.manages)


@router.patch("/webhooks/{webhook_id}", responses=may_answer(*WITH_BODY, *_MANAGED))
async def change_webhook(call: Caller, webhook_id: WebhookId, body: WebhookChange) -> WebhookView:
    """Changes an endpoint. What is absent stays; lists and headers are replaced as a whole."""
    return webhook_view(await endpoints.change(call.services, call.tenant, webhook_id, body), whole=True)


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=may_answer(*_MANAGED))
async def delete_webhook(call: Caller, webhook_id: WebhookId) -> None:
    """Forgets an endpoint. Deliveries that wait for a retry are dropped."""
    await endpoints.delete(call.services, call.tenant, webhook_id)


@router.post("/webhooks/{webhook_id}/rotate-secret", responses=may_answer(problems.NOT_FOUND))
async def rotate_secret(call: Caller, webhook_id: WebhookId) -> RotatedSecret:
    """Makes a new signing secret. For 24 hours every delivery is signed with the old one as well."""
    return await endpoints.rotate_secret(call.services, call.tenant, webhook_id)


@router.post("/webhooks/{webhook_id}/test", status_code=202, responses=may_answer(problems.NOT_FOUND))
async def test_webhook(call: Caller, webhook_id: WebhookId) -> SentTest:
    """Sends a `webhook.test` event to this endpoint alone, whatever it is subscribed to."""
    return await sending.send_test(call.services, call.tenant, webhook_id)


@router.get("/webhooks/{webhook_id}/deliveries", responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def list_deliveries(
    call: Caller, webhook_id: WebhookId, limit: Limit = DEFAULT, cursor: Cursor = None
) -> DeliveryPage:
    """What became of the events at this endpoint, newest first, attempt by attempt; kept 30 days."""
    await endpoints.webhook_of(call.services, call.tenant, webhook_id)
    found, last = await call.services.deliveries.page(call.tenant, webhook_id, limit, mark_of(cursor))
    return DeliveryPage(data=[delivery_view(one) for one in found], next_cursor=next_cursor(last))


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    responses=may_answer(problems.NOT_FOUND, problems.EVENT_EXPIRED),
)
async def replay_delivery(call: Caller, delivery_id: DeliveryId) -> DeliveryView:
    """Delivers the same event to the same endpoint once more, with the same `webhook-id`."""
    return delivery_view(await sending.replay(call.services, call.tenant, delivery_id))
