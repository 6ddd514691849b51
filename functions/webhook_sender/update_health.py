"""Step 8: updates the endpoint's health after an attempt, and does what follows a change of it.

Losing any of it is harmless: the next attempt finds it out again.
"""

from __future__ import annotations

import logging

from functions.webhook_sender import health_rules as rules
from functions.webhook_sender.attempt import Outcome
from functions.webhook_sender.catch_up.begin import begin
from functions.webhook_sender.decide import Delivered, Verdict, is_gone
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.notices import send_notice
from functions.webhook_sender.services import Services
from shared.clock import parse_iso
from shared.metrics import ENDPOINTS_DISABLED
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.webhook import Delivery, DeliveryState, Webhook
from shared.store.database import StoreError
from shared.store.webhook_journal import EndpointChange

log = logging.getLogger(__name__)

LOOKED_AT = 10  # of an endpoint's deliveries: those of the newest events


async def update_health(
    work: Work, webhook: Webhook, earlier: Delivery | None, outcome: Outcome, verdict: Verdict, services: Services
) -> None:
    """Changes the endpoint's health as the outcome of an attempt asks for; `earlier`: the delivery before it."""
    now = round(services.clock.unix(), 3)
    if isinstance(verdict, Delivered):
        services.pace_of(webhook).delivered_at = now
        change = rules.after_success(services.health_cache.health(webhook), now)
    else:
        change = await _after_failure(work, webhook, earlier, outcome, services, now)
    if change and await services.health_cache.change(webhook, change):
        await _changed(webhook, change, services)
    pause = _pause(work, outcome, verdict, services.health_cache.health(webhook), now)
    if pause:
        await services.health_cache.change(webhook, pause)


def _pause(work: Work, outcome: Outcome, verdict: Verdict, health: EndpointHealth, now: float) -> rules.Change | None:
    """What begins a pause, or ends it."""
    if outcome.retry_after_s is not None:
        return rules.paused(health, now, outcome.retry_after_s)
    is_good_test = isinstance(verdict, Delivered) and work.event_type == EventType.WEBHOOK_TEST
    return rules.resumed(health, now) if is_good_test else None


async def _after_failure(
    work: Work, webhook: Webhook, earlier: Delivery | None, outcome: Outcome, services: Services, now: float
) -> rules.Change | None:
    if is_gone(outcome.made):
        return rules.after_gone(services.health_cache.health(webhook), now)
    error = outcome.made.error or f"status {outcome.made.status}"
    change = rules.after_failure(services.health_cache.health(webhook), work.task.attempt, now, error)
    if change is None or change.code is not EndpointChange.FAILING:
        return change
    others = await _others_delivered(webhook, _before(work, earlier), services)
    health = services.health_cache.health(webhook)  # read again: it may have changed during the look
    return rules.after_failure(health, work.task.attempt, now, error, others_delivered=others)


async def _others_delivered(webhook: Webhook, before: float | None, services: Services) -> bool:
    """Whether something was delivered since. Where this process has delivered nothing, others may have: what they
    recorded last tells. Where the store does not say, nothing is concluded."""
    if before is None:
        return False
    pace = services.pace_of(webhook)
    if pace.delivered_at > before:
        return True
    try:
        newest = await services.records.newest(webhook.tenant, webhook.id, LOOKED_AT)
    except StoreError as error:
        log.warning("what %s was delivered could not be read: %s", webhook.id, type(error).__name__)
        return True
    times = (parse_iso(one.attempts[-1].at) for one in newest if one.state is DeliveryState.DELIVERED and one.attempts)
    pace.delivered_at = max((pace.delivered_at, *times))
    return pace.delivered_at > before


def _before(work: Work, earlier: Delivery | None) -> float | None:
    """When the attempt before was made. What a recovery has brought forward tells from then on whether it lasts."""
    if work.task.instead_of:
        return work.task.not_before or None
    return parse_iso(earlier.attempts[-1].at) if earlier and earlier.attempts else None


async def _changed(webhook: Webhook, change: rules.Change, services: Services) -> None:
    """This sender made the change, and no other."""
    await begin(webhook, change, services)
    if change.event is EventType.WEBHOOK_DISABLED:
        services.meter.add(ENDPOINTS_DISABLED)
    if change.event:
        await send_notice(webhook, services.health_cache.health(webhook), services)
