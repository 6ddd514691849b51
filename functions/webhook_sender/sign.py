"""Step 4: the headers of an attempt, signed by the Standard Webhooks scheme.

`traceparent` lets the endpoint go on with the trace. It is not among OURS: an endpoint may have one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from functions.webhook_sender.incoming import Work
from shared.egress import check_headers
from shared.endpoint_headers import own_headers
from shared.endpoint_secrets import opened_secret
from shared.models.webhook import Webhook
from shared.signing import sign
from shared.vault import SealBroken, Vault
from shared.version import VERSION

USER_AGENT = f"HiveWP/{VERSION}"
OURS = frozenset({"content-type", "webhook-id", "webhook-timestamp", "webhook-signature", "user-agent"})


class SigningFailed(Exception):
    """The endpoint's secrets cannot be used; the text is safe to show to the tenant."""


def signed_headers(
    webhook: Webhook, work: Work, body: bytes, vault: Vault, now: float, traceparent: str | None = None
) -> dict[str, str]:
    """All headers of an attempt at `now` (unix seconds). Raises SigningFailed, and EgressRefused for the endpoint's own
    headers where they cannot be sent."""
    own = _own_headers(webhook, vault)
    check_headers(own, OURS)
    timestamp = int(now)
    return {
        **_traced(own, traceparent),
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": work.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": _signature(_secrets(webhook, vault, now), work.event_id, timestamp, body),
    }


def _traced(own: Mapping[str, str], traceparent: str | None) -> dict[str, str]:
    if traceparent is None or any(name.lower() == "traceparent" for name in own):
        return dict(own)
    return {**own, "traceparent": traceparent}


def _own_headers(webhook: Webhook, vault: Vault) -> dict[str, str]:
    try:
        return own_headers(webhook, vault)
    except SealBroken as error:
        raise SigningFailed("the endpoint's own headers cannot be read, set them again") from error


def _signature(secrets: list[str], event_id: str, timestamp: int, body: bytes) -> str:
    try:
        return sign(secrets, event_id, timestamp, body)
    except ValueError as error:
        raise SigningFailed("the endpoint's secret cannot be used, rotate it") from error


def _secrets(webhook: Webhook, vault: Vault, now: float) -> list[str]:
    """Those that are valid and can be read: rotated after a change of the sealing key, the old one cannot."""
    opened = []
    for secret in webhook.secrets:
        if secret.signs_at(now):
            with suppress(SealBroken):
                opened.append(opened_secret(vault, webhook, secret))
    if not opened:
        raise SigningFailed("the endpoint's secret cannot be read, rotate it")
    return opened
