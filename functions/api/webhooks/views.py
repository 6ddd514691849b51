"""Endpoints and deliveries as their owners see them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from functions.api.services import Services
from functions.api.urls import MASKED, without_tokens
from functions.api.webhooks.schemas import (
    AttemptView,
    DeliveryView,
    HealthView,
    NewWebhookView,
    ReasonView,
    WebhookView,
)
from shared.clock import iso
from shared.endpoint_headers import header_names, own_headers
from shared.models.dead_reason import dead_reason
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import Delivery, Webhook
from shared.tracing import trace_id_of
from shared.vault import SealBroken, Vault


def webhook_view(webhook: Webhook, services: Services, *, whole: bool) -> WebhookView:
    """An endpoint without its signing secrets; where it is not `whole`, without those of its owner too."""
    shown = _shown(webhook, services)
    if not whole:
        shown["url"] = without_tokens(webhook.url)
        shown["headers"] = dict.fromkeys(header_names(webhook), MASKED)
    return WebhookView(**shown)


def new_webhook_view(webhook: Webhook, secret: str, services: Services) -> NewWebhookView:
    """An endpoint with the secret that is shown once."""
    return NewWebhookView(**_shown(webhook, services), secret=secret)


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
        delivered_at=delivery.delivered_at,
        reason=ReasonView(**asdict(dead_reason(delivery.reason))) if delivery.reason else None,
        trace_id=trace_id_of(delivery.traceparent) if delivery.traceparent else None,
    )


def health_view(health: EndpointHealth, now: float) -> HealthView:
    """How an endpoint does at `now` (unix seconds)."""
    return HealthView(
        state=health.state(now),
        failing_since=_iso(health.failing_since),
        slow_until=_iso(health.slow_until) if health.slow_at(now) else None,
        paused_until=_iso(health.paused_until) if health.paused_at(now) else None,
        disabled_at=_iso(health.disabled_at),
        last_error=health.last_error,
        reason=ReasonView(**asdict(health.reason)) if health.reason else None,
    )


def _iso(unix: float | None) -> str | None:
    return None if unix is None else iso(unix)


def _shown(webhook: Webhook, services: Services) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "instances": list(webhook.instances),
        "headers": _headers(webhook, services.vault),
        "enabled": webhook.active,
        "ordering": webhook.ordering,
        "health": health_view(webhook.health, services.clock.unix()),
        "created_at": webhook.created_at,
        "made_for": webhook.made_for,
    }


def _headers(webhook: Webhook, vault: Vault) -> dict[str, str]:
    try:
        return own_headers(webhook, vault)
    except SealBroken:  # deliveries say so; a list is not to fail for it
        return dict.fromkeys(header_names(webhook), MASKED)
