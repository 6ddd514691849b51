"""How an endpoint has been doing: what the webhook sender notes on its row, at transitions only.

healthy -> failing   a delivery failed twice in a row, unless others were delivered between; `failing_since` is when
failing -> healthy   any success
failing -> disabled  it only failed for three days, after a warning at half the time (reason `failing`)
any -> disabled      it answered 410 Gone (reason `gone`)
disabled -> healthy  its owner enables it again
any -> slow          an attempt has taken a second: what comes takes the slow lane until `slow_until`
failing -> healthy   leaves `behind_since`: retries of events since then may wait; `catch_up_at` names the message that
                     is at them, one page after the other, by its time: a message of any other time is dropped
any -> paused        it answered 429 or 503 with Retry-After: nothing is attempted until `paused_until`, unless a test
                     is delivered before, or its owner enables it or changes its url

An endpoint that is as it should be has none of these attributes, and costs no write.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.models.instance import Reason


class HealthState(StrEnum):
    """The one word for it; of several the gravest."""

    HEALTHY = "healthy"
    SLOW = "slow"
    FAILING = "failing"
    PAUSED = "paused"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why the sender disabled an endpoint."""

    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """All times in unix seconds; None: it is not so.

    `untold` names the event about this (`webhook.failing`, `webhook.disabled`) that the tenant's other endpoints have
    yet to hear of since `untold_since`; `last_error` is what the latest of these changes was about."""

    failing_since: float | None = None
    slow_since: float | None = None
    slow_until: float | None = None
    paused_until: float | None = None
    warned_at: float | None = None
    disabled_at: float | None = None
    disabled_reason: DisabledReason | None = None
    last_error: str | None = None
    behind_since: float | None = None
    catch_up_at: float | None = None
    untold: str | None = None
    untold_since: float | None = None

    def state(self, now: float) -> HealthState:
        """The word for it at `now` (unix seconds)."""
        if self.disabled_at is not None:
            return HealthState.DISABLED
        if self.paused_at(now):
            return HealthState.PAUSED
        if self.failing_since is not None:
            return HealthState.FAILING
        return HealthState.SLOW if self.slow_at(now) else HealthState.HEALTHY

    def slow_at(self, now: float) -> bool:
        """Whether tasks take the slow lane."""
        return self.slow_until is not None and self.slow_until > now

    def paused_at(self, now: float) -> bool:
        """Whether tasks wait without an attempt."""
        return self.paused_until is not None and self.paused_until > now

    @property
    def reason(self) -> Reason | None:
        """Why it is disabled, as users read it."""
        return disabled_reason(self.disabled_reason) if self.disabled_reason else None


FIELDS = tuple(EndpointHealth.__dataclass_fields__)
"""The attributes of an endpoint's row that are the sender's."""

BEFORE_S = 120.0
"""How much older than the failing what failed first may be: it had waited somewhere."""

OLDEST_S = 2 * 86_400.0
"""How old what waits to be tried again may be: the schedule takes less than a day."""


def woken(health: EndpointHealth, now: float) -> dict[str, Any]:
    """What to store of an endpoint whose owner changed what may let go on what waits for it: a catch-up is on."""
    failed = None if health.failing_since is None else health.failing_since - BEFORE_S
    since = min(at for at in (health.behind_since, failed, now) if at is not None)
    return {"behind_since": max(since, now - OLDEST_S), "catch_up_at": now}


def revived(health: EndpointHealth, now: float) -> dict[str, Any]:
    """What to store of one that is enabled again, or elsewhere: nothing of what was, but what waits for it comes."""
    return dict.fromkeys(FIELDS) | woken(health, now)


_ENABLE = (
    "Enable it again: PATCH /v1/webhooks/{id} with enabled true. "
    "What waited for it can be replayed; what came meanwhile is in the event log."
)
_REASONS = {
    DisabledReason.GONE: Reason("gone", "The endpoint answered 410 Gone.", _ENABLE),
    DisabledReason.FAILING: Reason("failing", "The endpoint has only failed for three days.", f"Mend it. {_ENABLE}"),
}


def disabled_reason(code: DisabledReason) -> Reason:
    """A reason with what it means and what its owner should do."""
    return _REASONS[code]


def health_from(values: dict[str, Any]) -> EndpointHealth:
    """The health in an endpoint's stored values; unknown attributes are passed over."""
    known = {name: values[name] for name in FIELDS if name in values}
    if "disabled_reason" in known:
        known["disabled_reason"] = DisabledReason(known["disabled_reason"])
    return EndpointHealth(**known)
