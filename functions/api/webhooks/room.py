"""How many endpoints a tenant may have. Those that the setting `webhook_url` makes are not counted."""

from __future__ import annotations

from collections.abc import Sequence

from functions.api.webhooks.crowd import crowded
from shared.models.webhook import Webhook

MOST = 100  # of a tenant: every event is matched against all of them
MOST_OF_ONE = 10  # that may hear the same instance: an event makes so many deliveries


def refusal(names: Sequence[str], others: Sequence[Webhook], *, is_new: bool) -> str | None:
    """Why there is no room beside the others for an endpoint that names instances so; None where there is."""
    if is_new and len(others) >= MOST:
        return f"You have {MOST} webhooks: delete one first."
    patterns = [one.instances for one in others]
    for name in dict.fromkeys(names):
        if crowded(name, patterns, MOST_OF_ONE):
            return f"{MOST_OF_ONE} of your webhooks hear of instances that {name!r} names: delete one, or name others."
    return None
