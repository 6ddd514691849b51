"""The pace of an endpoint, given what this process knows of its health."""

from __future__ import annotations

from functions.webhook_sender.pace import Pace
from functions.webhook_sender.services import Services
from shared.models.webhook import Webhook


def pace_of(webhook: Webhook, services: Services) -> Pace:
    """An endpoint as this process deals with it."""
    slow = services.care.health(webhook).slow_at(services.clock.unix())
    return services.places.pace((webhook.tenant, webhook.id), slow=slow)
