"""An endpoint's signing secrets as they are stored: each sealed for its endpoint."""

from __future__ import annotations

from shared.models.webhook import SealedSecret, Webhook
from shared.vault import Vault


def sealed_secret(vault: Vault, tenant: str, webhook_id: str, secret: str) -> SealedSecret:
    """A secret as it is stored."""
    return SealedSecret(vault.seal(secret, _context(tenant, webhook_id)))


def opened_secret(vault: Vault, webhook: Webhook, secret: SealedSecret) -> str:
    """A secret of the endpoint as it signs. Raises SealBroken."""
    return vault.open(secret.sealed, _context(webhook.tenant, webhook.id))


def _context(tenant: str, webhook_id: str) -> str:
    return f"webhook:{tenant}:{webhook_id}"
