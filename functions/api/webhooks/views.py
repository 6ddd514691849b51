"""Endpoints and deliveries as their owners see them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.api.urls import MASKED, without_tokens
from functions.api.webhooks.schemas import AttemptView, DeliveryView, NewWebhookView, WebhookView
from shared.models.webhook import Delivery, Webhook
from shared.tracing import trace_id_of


def webhook_view(webhook: Webhook, *, whole: bool) -> WebhookView:
    """An endpoint without its signing secrets; where it is not `whole`, without those of its owner too."""
    shown = _shown(webhook)
    if not whole:
        shown["url"] = without_tokens(webhook.url)
        shown["headers"] = dict.fromkeys(webhook.headers, MASKED)
    return WebhookView(**shown)


def new_webhook_view(webhook: Webhook, secret: str) -> NewWebhookView:
    """An endpoint with the secret that is shown once."""
    return NewWebhookView(**_shown(webhook), secret=secret)


def delivery_view(delivery: Delivery) -> DeliveryView:
    """A delivery with its attempts."""
    return DeliveryView(
        id=delivery.id,
        webhook_id=delivery.webhook_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        instance=delivery.instance,
        sequence=delivery.sequence,
        state=delivery.state,
        created_at=delivery.created_at,
        attempts=[AttemptView(**asdict(attempt)) for attempt in delivery.attempts],
        next_attempt_at=delivery.next_attempt_at,
        trace_id=trace_id_of(delivery.traceparent) if delivery.traceparent else None,
    )


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "instances": list(webhook.instances),
        "headers": webhook.headers,
        "enabled": webhook.enabled,
        "created_at": webhook.created_at,
        "made_for": webhook.made_for,
    }
