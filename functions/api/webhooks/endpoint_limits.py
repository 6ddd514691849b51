"""How many endpoints a tenant may have, and how much they may name. Those that the setting `webhook_url` makes are not
counted."""

from __future__ import annotations

from collections.abc import Sequence

from functions.api.webhooks.fan_out import MOST_STEPS, exceeds_fan_out
from shared.models.patterns import ANY
from shared.models.webhook import Webhook

MOST = 100  # of a tenant: every event is matched against all of them
MOST_OF_ONE = 10  # that may hear the same instance: an event makes so many deliveries
MOST_PATTERNS = 1_000  # of a tenant, in `events` and `instances`: an event may be matched against all of them


def asks_more(wanted: Webhook, before: Webhook | None) -> bool:
    """Whether an endpoint asks for more than it did `before` (None: it is new)."""
    return before is None or bool(_added(wanted, before)) or _size(wanted) > _size(before)


def refusal(wanted: Webhook, before: Webhook | None, others: Sequence[Webhook]) -> str | None:
    """Why there is no room beside the others for an endpoint that is to be so; None where there is."""
    if before is None and len(others) >= MOST:
        return f"You have {MOST} webhooks: delete one first."
    if (before is None or _size(wanted) > _size(before)) and _size(wanted, *others) > MOST_PATTERNS:
        return f"Your webhooks would name more than {MOST_PATTERNS} events and instances: use `*`, or delete one."
    return _fan_out_refusal(_added(wanted, before), [one.instances for one in others])


def _fan_out_refusal(names: Sequence[str], patterns: Sequence[Sequence[str]]) -> str | None:
    wide = sum(ANY in name for name in names)
    for name in names:
        if exceeds_fan_out(name, patterns, MOST_OF_ONE, MOST_STEPS // max(wide, 1)):
            return f"{MOST_OF_ONE} of your webhooks hear of instances that {name!r} names: delete one, or name others."
    return None


def _added(wanted: Webhook, before: Webhook | None) -> list[str]:
    known = before.instances if before else ()
    return [name for name in dict.fromkeys(wanted.instances) if name not in known]


def _size(*webhooks: Webhook) -> int:
    return sum(len(one.events) + len(one.instances) for one in webhooks)
