"""An endpoint's own headers. Their values may be passwords, so they are stored sealed; rows from before that hold them
as they are, until they are written next."""

from __future__ import annotations

from collections.abc import Mapping

from shared.models.webhook import Webhook
from shared.vault import Vault


def sealed_headers(vault: Vault, tenant: str, webhook_id: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as they are stored: each value sealed for its name."""
    return {name: vault.seal(value, _context(tenant, webhook_id, name)) for name, value in headers.items()}


def own_headers(webhook: Webhook, vault: Vault) -> dict[str, str]:
    """The headers as they are sent. Raises SealBroken."""
    opened = {
        name: vault.open(value, _context(webhook.tenant, webhook.id, name))
        for name, value in webhook.sealed_headers.items()
    }
    return webhook.headers | opened


def header_names(webhook: Webhook) -> list[str]:
    """The names alone, which need no key."""
    return [*webhook.headers, *webhook.sealed_headers]


def _context(tenant: str, webhook_id: str, name: str) -> str:
    return f"webhook-header:{tenant}:{webhook_id}:{name}"
