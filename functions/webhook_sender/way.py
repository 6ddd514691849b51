"""Step 3: which way a task goes that is due. Pure.

NONE   its endpoint is disabled: the delivery is dead, and can be replayed
LATER  its endpoint has asked to be left alone for a while
ASIDE  its endpoint is slow, and this is the fast lane
CALL   an attempt is made as soon as there is room
"""

from __future__ import annotations

from enum import Enum, auto

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.standing import takes
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.webhook import Webhook


class Way(Enum):
    """See the module."""

    NONE = auto()
    LATER = auto()
    ASIDE = auto()
    CALL = auto()


def way(work: Work, webhook: Webhook, health: EndpointHealth, now: float) -> Way:
    """The way of a task. A test that somebody waits for is made in a pause too."""
    if not takes(webhook, work):
        return Way.NONE
    if health.paused_at(now) and work.event_type != EventType.WEBHOOK_TEST:
        return Way.LATER
    return Way.ASIDE if work.lane is Lane.FAST and health.slow_at(now) else Way.CALL
