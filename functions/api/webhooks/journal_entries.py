"""What the journal of an endpoint is told of a change that its owner makes: one entry, without values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.endpoint_headers import own_headers
from shared.models.webhook import Webhook
from shared.store.webhook_journal import EndpointChange
from shared.vault import SealBroken, Vault

Entry = tuple[EndpointChange, str | None]

_FIELDS = ("url", "events", "instances", "headers", "ordering")
_BY_YOU = "by you"
_ELSEWHERE = "it has another URL"


def entry_of(before: Webhook, given: Mapping[str, Any], now: float, vault: Vault) -> Entry | None:
    """Code and detail of the change of these fields; None where it changes nothing. `now`: unix seconds."""
    fields = [name for name in _FIELDS if name in given and given[name] != _value(before, name, vault)]
    if told := _switched(before, given, now, elsewhere="url" in fields):
        code, why = told
        also = [name for name in fields if name != "url" or why != _ELSEWHERE]
        return code, f"{why}; changed: {', '.join(also)}" if also else why
    return (EndpointChange.CHANGED, ", ".join(fields)) if fields else None


def _switched(
    before: Webhook, given: Mapping[str, Any], now: float, *, elsewhere: bool
) -> tuple[EndpointChange, str] | None:
    if given.get("enabled"):
        if not before.active:
            return EndpointChange.ENABLED, _BY_YOU
        return (EndpointChange.ENABLED, f"{_BY_YOU}: the pause is over") if before.health.paused_at(now) else None
    if "enabled" in given:
        return (EndpointChange.DISABLED, _BY_YOU) if before.enabled else None
    if elsewhere and before.health.disabled_at is not None and before.enabled:
        return EndpointChange.ENABLED, _ELSEWHERE
    return None


def _value(webhook: Webhook, name: str, vault: Vault) -> Any:
    if name == "headers":
        try:
            return own_headers(webhook, vault)
        except SealBroken:
            return None
    value = getattr(webhook, name)
    return list(value) if isinstance(value, tuple) else value
