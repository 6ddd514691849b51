"""Step 3: where a due task goes. Pure.

DISABLED   the endpoint is disabled: the delivery becomes dead and can be replayed
PAUSED     the endpoint asked for a pause (Retry-After): the task is deferred until it ends
SLOW_LANE  the endpoint is slow and the task is on the fast lane: it is moved to the slow lane
ATTEMPT    an attempt is made as soon as a slot is free
"""

from __future__ import annotations

from enum import Enum, auto

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.triage import takes
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.webhook import Webhook


class Route(Enum):
    """See the module."""

    DISABLED = auto()
    PAUSED = auto()
    SLOW_LANE = auto()
    ATTEMPT = auto()


def route(work: Work, webhook: Webhook, health: EndpointHealth, now: float) -> Route:
    """The route of a due task. A `webhook.test` event is attempted even while the endpoint is paused."""
    if not takes(webhook, work):
        return Route.DISABLED
    if health.paused_at(now) and work.event_type != EventType.WEBHOOK_TEST:
        return Route.PAUSED
    return Route.SLOW_LANE if work.lane is Lane.FAST and health.slow_at(now) else Route.ATTEMPT
