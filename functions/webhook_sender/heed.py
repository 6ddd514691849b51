"""Step 8: what an outcome means for its endpoint, written and told. Here is the place for what follows a change.

All of it can be lost without harm: an outcome that was not heeded is found out again by the next attempt.
"""

from __future__ import annotations

from functions.webhook_sender import health as rules
from functions.webhook_sender.attempt import Outcome
from functions.webhook_sender.catch_up.begin import begin
from functions.webhook_sender.decide import Delivered, Verdict, is_gone
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.services import Services
from functions.webhook_sender.tell import tell
from shared.metrics import ENDPOINTS_DISABLED
from shared.models.event import EventType
from shared.models.webhook import Webhook


async def heed(work: Work, webhook: Webhook, outcome: Outcome, verdict: Verdict, services: Services) -> None:
    """Changes the endpoint's health as the outcome of an attempt asks for."""
    now = round(services.clock.unix(), 3)
    change = _change(work, webhook, outcome, verdict, services, now)
    if change and await services.care.change(webhook, change):
        await _changed(webhook, change, services)
    if outcome.retry_after_s is not None:
        pause = rules.paused(services.care.health(webhook), now, outcome.retry_after_s)
        if pause:
            await services.care.change(webhook, pause)


def _change(
    work: Work, webhook: Webhook, outcome: Outcome, verdict: Verdict, services: Services, now: float
) -> rules.Change | None:
    health = services.care.health(webhook)
    if isinstance(verdict, Delivered):
        return rules.after_success(health, now)
    if is_gone(outcome.made):
        return rules.after_gone(health, now)
    error = outcome.made.error or f"status {outcome.made.status}"
    return rules.after_failure(health, work.task.attempt, now, error)


async def _changed(webhook: Webhook, change: rules.Change, services: Services) -> None:
    """This sender made the change, and no other."""
    await begin(webhook, change, services)
    if change.event is EventType.WEBHOOK_DISABLED:
        services.meter.add(ENDPOINTS_DISABLED)
    if change.event:
        await tell(webhook, services.care.health(webhook), services)
