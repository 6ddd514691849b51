"""When a sender begins a catch-up: an endpoint has recovered, or who was at one has died.

    row says so, with the change to healthy -> message on the queue -> ... pages ... -> row says no longer so

Who dies between the first two leaves a mark on the row that grows old: whoever reads one of RETAKEN_S begins it anew.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

from functions.webhook_sender.health_rules import Change, retaken
from functions.webhook_sender.services import Services
from shared.models.catch_up import CatchUp
from shared.models.webhook import Webhook
from shared.queues.queue import QueueError

log = logging.getLogger(__name__)


async def begin(webhook: Webhook, change: Change, services: Services) -> None:
    """Begins the catch-up that a change of health asks for, if it does. What the queue does not take begins later."""
    if "catch_up_at" not in change.sets:
        return
    at = change.sets["catch_up_at"]
    job = CatchUp(tenant=webhook.tenant, webhook_id=webhook.id, at=at, until=at)
    try:
        await services.catch_up_worker.pages.put(job, max(0, math.ceil(at - services.clock.unix())))
    except QueueError as error:
        log.warning("the catch-up of %s begins later: %s", webhook.id, error)


async def restart_abandoned(webhooks: Iterable[Webhook], services: Services) -> None:
    """Begins what a sender that died left undone."""
    now = round(services.clock.unix(), 3)
    for webhook in webhooks:
        change = retaken(services.health_cache.health(webhook), now) if webhook.enabled else None
        if change and await services.health_cache.change(webhook, change):
            await begin(webhook, change, services)
