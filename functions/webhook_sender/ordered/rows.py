"""What the log has of an instance, as work for an endpoint."""

from __future__ import annotations

import logging

from functions.webhook_sender.incoming import Work, work_of
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.services import Services
from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask
from shared.store.events import Logged

log = logging.getLogger(__name__)


def work_of_row(row: Logged, webhook: Webhook, services: Services, lane: Lane) -> Work | None:
    """None: it cannot be read, now or ever, and is not to hold up what follows."""
    task = DeliveryTask(webhook.tenant, row.body, webhook.id, traceparent=row.traceparent)
    try:
        return work_of(task, receives=1, sent_at=services.clock.unix(), lane=lane)
    except ValueError as error:
        log.error("event %d for %s is left out: %s", row.sequence, webhook.id, type(error).__name__)
        return None
