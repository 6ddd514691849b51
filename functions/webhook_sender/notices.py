"""Events about an endpoint for the tenant's other endpoints: `webhook.failing` and `webhook.disabled`.

They go through an outbox. The change of health marks the row (`untold`), and the mark is removed once the event is on
the queue:

    change with its mark -> event on the queue -> mark removed

Of many senders one makes the change, so one tells. If it dies on the way, whoever reads a mark that is older than
RETOLD_S sends the event again under the same id, which is made of the endpoint, the event's type and its time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from functions.webhook_sender.health_rules import DISABLED_AFTER_S, NOTICE_S, Change
from functions.webhook_sender.services import Services
from shared.clock import iso
from shared.ids import id_of
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import Event, EventType
from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import QueueError

log = logging.getLogger(__name__)

RETOLD_S = 30.0  # less than after what time a message comes again whose sender died


async def send_notice(webhook: Webhook, health: EndpointHealth, services: Services) -> None:
    """Tells what `health` has untold. What the queue does not take is told later."""
    if health.untold is None or health.untold_since is None:
        return
    event = event_about(webhook, health, EventType(health.untold), health.untold_since)
    try:
        await services.tasks.put([DeliveryTask(webhook.tenant, event.body(), again=True)])
    except QueueError as error:
        log.warning("%s of %s is told later: %s", health.untold, webhook.id, error)
        return
    seen = {"untold": health.untold, "untold_since": health.untold_since}
    await services.health_cache.change(webhook, Change(sets=dict.fromkeys(seen), seen=seen))


async def resend_notices(webhooks: Iterable[Webhook], services: Services) -> None:
    """Tells what a sender that died left untold."""
    before = services.clock.unix() - RETOLD_S
    for webhook in webhooks:
        health = services.health_cache.health(webhook)
        if health.untold_since is not None and health.untold_since < before:
            await send_notice(webhook, health, services)


def event_about(webhook: Webhook, health: EndpointHealth, kind: EventType, at: float) -> Event:
    """The event, always the same for the same change. `at`: unix seconds of the change."""
    digest = hashlib.sha256(f"{webhook.tenant}#{webhook.id}#{kind}".encode()).digest()
    data = {
        "webhook_id": webhook.id,
        "url": site(webhook.url),
        "reason": _reason(health, kind),
        "failing_since": iso(health.failing_since) if health.failing_since is not None else None,
        "last_error": health.last_error,
    }
    return Event(id_of("evt", at, digest), kind, iso(at), data)


def site(url: str) -> str:
    """A URL's scheme, host and port: all the rest may be what lets somebody call it, often the path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))


def _reason(health: EndpointHealth, kind: EventType) -> dict[str, Any]:
    if kind is EventType.WEBHOOK_DISABLED and health.reason:
        reason = health.reason
        return {"code": reason.code, "detail": reason.detail, "action": reason.action}
    until = iso(max((health.failing_since or 0.0) + DISABLED_AFTER_S, (health.warned_at or 0.0) + NOTICE_S))
    return {
        "code": "failing",
        "detail": f"The endpoint only fails. It is disabled if it still does at {until}.",
        "action": "Mend it. What it missed is tried again and can be replayed.",
    }
