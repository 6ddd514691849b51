"""Step 8: what an outcome means for its endpoint, written and told. Here is the place for what follows a change.

All of it can be lost without harm: an outcome that was not heeded is found out again by the next attempt.
"""

from __future__ import annotations

from functions.webhook_sender import health as rules
from functions.webhook_sender.aside import pace_of
from functions.webhook_sender.attempt import Outcome
from functions.webhook_sender.catch_up.begin import begin
from functions.webhook_sender.decide import Delivered, Verdict, is_gone
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.services import Services
from functions.webhook_sender.tell import tell
from shared.clock import parse_iso
from shared.metrics import ENDPOINTS_DISABLED
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.webhook import Delivery, Webhook


async def heed(
    work: Work, webhook: Webhook, earlier: Delivery | None, outcome: Outcome, verdict: Verdict, services: Services
) -> None:
    """Changes the endpoint's health as the outcome of an attempt asks for; `earlier`: the delivery before it."""
    now = round(services.clock.unix(), 3)
    if isinstance(verdict, Delivered):
        pace_of(webhook, services).delivered_at = now
        change = rules.after_success(services.care.health(webhook), now)
    else:
        change = _after_failure(work, webhook, earlier, outcome, services, now)
    if change and await services.care.change(webhook, change):
        await _changed(webhook, change, services)
    pause = _pause(work, outcome, verdict, services.care.health(webhook), now)
    if pause:
        await services.care.change(webhook, pause)


def _pause(work: Work, outcome: Outcome, verdict: Verdict, health: EndpointHealth, now: float) -> rules.Change | None:
    """What begins a pause, or ends it."""
    if outcome.retry_after_s is not None:
        return rules.paused(health, now, outcome.retry_after_s)
    is_good_test = isinstance(verdict, Delivered) and work.event_type == EventType.WEBHOOK_TEST
    return rules.resumed(health, now) if is_good_test else None


def _after_failure(
    work: Work, webhook: Webhook, earlier: Delivery | None, outcome: Outcome, services: Services, now: float
) -> rules.Change | None:
    health = services.care.health(webhook)
    if is_gone(outcome.made):
        return rules.after_gone(health, now)
    error = outcome.made.error or f"status {outcome.made.status}"
    before = _before(work, earlier)
    others_delivered = before is not None and pace_of(webhook, services).delivered_at > before
    return rules.after_failure(health, work.task.attempt, now, error, others_delivered=others_delivered)


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
        await tell(webhook, services.care.health(webhook), services)
