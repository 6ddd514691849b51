"""/v1/webhooks: endpoints. What was delivered to them is in deliveries.py."""

from __future__ import annotations

from fastapi import APIRouter, Response

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import WITH_BODY, may_answer
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.webhooks import endpoints, sending
from functions.api.webhooks.ids import WebhookId
from functions.api.webhooks.schemas import (
    EndpointEntryView,
    EndpointJournalPage,
    NewWebhook,
    NewWebhookView,
    RotatedSecret,
    SentTest,
    WebhookChange,
    WebhookPage,
    WebhookView,
)
from functions.api.webhooks.views import webhook_view

router = APIRouter(prefix="/v1", tags=["Webhooks"])

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
    return WebhookPage(
        data=[webhook_view(one, call.services, whole=call.manages) for one in found], next_cursor=next_cursor(last)
    )


@router.get("/webhooks/{webhook_id}", responses=may_answer(problems.NOT_FOUND))
async def get_webhook(call: Caller, webhook_id: WebhookId) -> WebhookView:
    """One endpoint. A key without the scope `manage` sees the values of headers and of the URL's query as `***`."""
    webhook = await endpoints.webhook_of(call.services, call.tenant, webhook_id)
    return webhook_view(webhook, call.services, whole=call.manages)


@router.patch("/webhooks/{webhook_id}", responses=may_answer(*WITH_BODY, *_MANAGED, problems.LIMIT_REACHED))
async def change_webhook(call: Caller, webhook_id: WebhookId, body: WebhookChange) -> WebhookView:
    """Changes an endpoint. What is absent stays; lists and headers are replaced as a whole.

    `enabled: true`, or another URL, takes an endpoint that was disabled for failing into service again, and ends a
    pause that it asked for. Where there is no room for what it is to ask for, no field is changed."""
    webhook = await endpoints.change(call.services, call.tenant, webhook_id, body)
    return webhook_view(webhook, call.services, whole=True)


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=may_answer(*_MANAGED))
async def delete_webhook(call: Caller, webhook_id: WebhookId) -> None:
    """Forgets an endpoint. Deliveries that wait for a retry are dropped."""
    await endpoints.delete(call.services, call.tenant, webhook_id)


@router.post("/webhooks/{webhook_id}/rotate-secret", responses=may_answer(problems.NOT_FOUND, problems.LIMIT_REACHED))
async def rotate_secret(call: Caller, webhook_id: WebhookId) -> RotatedSecret:
    """Makes a new signing secret. For 24 hours every delivery is signed with the old one as well.

    Ten may sign at once: a tenth rotation within a day is refused."""
    return await endpoints.rotate_secret(call.services, call.tenant, webhook_id)


@router.post("/webhooks/{webhook_id}/test", status_code=202, responses=may_answer(problems.NOT_FOUND))
async def test_webhook(call: Caller, webhook_id: WebhookId) -> SentTest:
    """Sends a `webhook.test` event to this endpoint alone, whatever it is subscribed to.

    The delivery can be read once it was attempted, or waits for its turn at a slow endpoint: until then it is not
    found."""
    return await sending.send_test(call.services, call.tenant, webhook_id)


@router.get("/webhooks/{webhook_id}/journal", responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def get_webhook_journal(
    call: Caller, webhook_id: WebhookId, limit: Limit = DEFAULT, cursor: Cursor = None
) -> EndpointJournalPage:
    """How the endpoint did and what was done about it, newest first; kept 30 days."""
    webhook = await endpoints.webhook_of(call.services, call.tenant, webhook_id)
    entries, last = await call.services.webhook_journal.page(call.tenant, webhook.id, limit, mark_of(cursor))
    views = [EndpointEntryView(at=one.at, code=one.code, detail=one.detail) for one in entries]
    return EndpointJournalPage(data=views, next_cursor=next_cursor(last))
