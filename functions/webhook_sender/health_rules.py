"""What an attempt's outcome means for its endpoint. Pure: from the health that was seen to a change of it, or none.

| outcome                  | health                              | change                                        |
|--------------------------|-------------------------------------|-----------------------------------------------|
| success                  | failing                             | recovered: no longer failing, nor warned; and |
|                          |                                     | a catch-up begins, or is to begin             |
| second failure in a row  | not failing                         | failing since now, unless others were         |
|                          |                                     | delivered between the two                     |
| failure                  | failing for WARNED_AFTER_S          | warned, and `webhook.failing`                 |
| failure                  | failing for DISABLED_AFTER_S, and   | disabled (`failing`), and `webhook.disabled`  |
|                          | warned NOTICE_S ago                 |                                               |
| 410                      | any but disabled                    | disabled (`gone`), and `webhook.disabled`     |
| no answer for a second   | not slow, or not for much longer    | slow for SLOW_S                               |
| quick answers in a row   | slow                                | no longer slow                                |
| 429, 503 + Retry-After   | not paused for as long              | paused for as long, LONGEST_PAUSE_S at most   |
| success of a test        | paused                              | no longer paused                              |

One failure changes nothing: a second attempt follows after a second, and an endpoint that drops one request in ten
would cost two writes for each. Nor do two of one event while others are delivered: it is that event which is refused,
and an endpoint that always refuses some would fail and recover all day.

A change is written while the attributes in `seen` are still as they were, so of many senders one makes it. An endpoint
is never disabled without notice, however seldom it is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.webhook_sender.pace import SILENCE_S
from shared.models.endpoint_health import BEFORE_S, OLDEST_S, DisabledReason, EndpointHealth
from shared.models.event import EventType
from shared.store.webhook_journal import EndpointChange

DAY_S = 86_400.0
DISABLED_AFTER_S = 3 * DAY_S
WARNED_AFTER_S = DISABLED_AFTER_S / 2
NOTICE_S = DAY_S
SLOW_S = 30.0
RENEWED_S = SLOW_S / 2  # how long before its end a mark is renewed, so at most once in as long
LONGEST_PAUSE_S = 900.0
CATCH_UP_EVERY_S = 10.0  # of an endpoint that fails and recovers all the time
RETAKEN_S = 600.0
MOST_ERROR = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`sets` to store while what is in `seen` holds; `code` for the journal (None: not worth an entry) with `detail`;
    `event`: what the tenant's other endpoints are told."""

    sets: Mapping[str, Any]
    seen: Mapping[str, Any]
    code: EndpointChange | None = None
    detail: str | None = None
    event: EventType | None = None
    at: float = field(default=0.0)


def after_success(health: EndpointHealth, now: float) -> Change | None:
    """What a 2xx changes."""
    if health.failing_since is None or health.disabled_at is not None:
        return None
    return Change(
        sets={"failing_since": None, "warned_at": None, "last_error": None, **_catch_up(health, now)},
        seen={"failing_since": health.failing_since, "disabled_at": None},
        code=EndpointChange.RECOVERED,
        at=now,
    )


def retaken(health: EndpointHealth, now: float) -> Change | None:
    """What a catch-up changes that nobody seems to be at: it begins anew."""
    behind = health.behind_since is not None and health.failing_since is None and health.disabled_at is None
    if not behind or health.catch_up_at is None or now - health.catch_up_at < RETAKEN_S:
        return None
    sets = {"behind_since": health.behind_since, "catch_up_at": now}
    return Change(sets=sets, seen={"failing_since": None, "catch_up_at": health.catch_up_at}, at=now)


def caught_up(catch_up_at: float) -> Change:
    """What the end of the catch-up changes that began then."""
    return Change(sets={"behind_since": None}, seen={"failing_since": None, "catch_up_at": catch_up_at})


def after_failure(
    health: EndpointHealth, number: int, now: float, error: str, *, others_delivered: bool = False
) -> Change | None:
    """What the failure of attempt `number` (from 0) of a delivery changes. `error`: what happened; `others_delivered`:
    since the attempt before."""
    if health.disabled_at is not None:
        return None
    if health.failing_since is None:
        return _failing(now, error) if number >= 1 and not others_delivered else None
    since_s = now - health.failing_since
    if health.warned_at is None:
        return _warned(health, now, error) if since_s >= WARNED_AFTER_S else None
    if since_s >= DISABLED_AFTER_S and now - health.warned_at >= NOTICE_S:
        seen = {"failing_since": health.failing_since, "disabled_at": None}
        return _disabled(DisabledReason.FAILING, seen, now, error)
    return None


def after_gone(health: EndpointHealth, now: float) -> Change | None:
    """What a 410 changes."""
    if health.disabled_at is not None:
        return None
    return _disabled(DisabledReason.GONE, {"disabled_at": None}, now, "status 410")


def slowed(health: EndpointHealth, now: float) -> Change | None:
    """What an attempt without an answer for a second changes."""
    if health.slow_until is not None and health.slow_until - now > RENEWED_S:
        return None
    lasting = health.slow_since is not None and health.slow_until is not None and health.slow_until + SLOW_S > now
    return Change(
        sets={"slow_until": now + SLOW_S} | ({} if lasting else {"slow_since": now}),
        seen={"slow_until": health.slow_until},
        code=None if lasting else EndpointChange.SLOW,
        detail=f"no answer within {SILENCE_S:g} s",
        at=now,
    )


def no_longer_slow(health: EndpointHealth, now: float) -> Change | None:
    """What quick answers in a row change."""
    if not health.slow_at(now):
        return None
    return Change(sets={"slow_until": None, "slow_since": None}, seen={"slow_until": health.slow_until}, at=now)


def paused(health: EndpointHealth, now: float, for_s: float) -> Change | None:
    """What an answer changes that asks to be left alone for so long."""
    until = now + min(for_s, LONGEST_PAUSE_S)
    if health.paused_until is not None and health.paused_until > until - 1:
        return None
    code = None if health.paused_at(now) else EndpointChange.PAUSED
    detail = f"Retry-After: {for_s:.0f} s"
    return Change(
        sets={"paused_until": until}, seen={"paused_until": health.paused_until}, code=code, detail=detail, at=now
    )


def resumed(health: EndpointHealth, now: float) -> Change | None:
    """What a test changes that was answered well: nothing else is attempted in a pause, which ends now."""
    if not health.paused_at(now):
        return None
    return Change(sets={"paused_until": now}, seen={"paused_until": health.paused_until}, at=now)


def _catch_up(health: EndpointHealth, now: float) -> dict[str, Any]:
    """One at a time: a later one takes the place of one that has begun; one that is still to begin will do."""
    since = (health.failing_since or now) - BEFORE_S
    if health.behind_since is not None:
        since = min(since, health.behind_since)
        if health.catch_up_at is not None and health.catch_up_at > now:
            return {}
    at = max(now, (health.catch_up_at or 0.0) + CATCH_UP_EVERY_S)
    return {"behind_since": max(since, now - OLDEST_S), "catch_up_at": at}


def _failing(now: float, error: str) -> Change:
    sets = {"failing_since": now, "last_error": error[:MOST_ERROR]}
    seen = {"failing_since": None, "disabled_at": None}
    return Change(sets=sets, seen=seen, code=EndpointChange.FAILING, detail=error[:MOST_ERROR], at=now)


def _warned(health: EndpointHealth, now: float, error: str) -> Change:
    sets = {"warned_at": now, "last_error": error[:MOST_ERROR], **_untold(EventType.WEBHOOK_FAILING, now)}
    seen = {"failing_since": health.failing_since, "warned_at": None, "disabled_at": None}
    return Change(
        sets=sets,
        seen=seen,
        code=EndpointChange.WARNED,
        detail=error[:MOST_ERROR],
        event=EventType.WEBHOOK_FAILING,
        at=now,
    )


def _disabled(reason: DisabledReason, seen: Mapping[str, Any], now: float, error: str) -> Change:
    sets = {"disabled_at": now, "disabled_reason": reason, "last_error": error[:MOST_ERROR]}
    return Change(
        sets={**sets, **_untold(EventType.WEBHOOK_DISABLED, now)},
        seen=seen,
        code=EndpointChange.DISABLED,
        detail=f"{reason}: {error[:MOST_ERROR]}",
        event=EventType.WEBHOOK_DISABLED,
        at=now,
    )


def _untold(event: EventType, now: float) -> dict[str, Any]:
    return {"untold": event, "untold_since": now}
