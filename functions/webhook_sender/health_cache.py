"""What this process knows of endpoints' health, and the writes that let other processes know.

An endpoint's row comes with every batch, so a change that one sender has written is known to all without a read of its
own. Until it is on the row this process goes by its own note (for NOTED_S at most); once the row has moved on, the row
is right.

A result only counts for the URL that was called: if the endpoint has another one by then, nothing is changed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from functions.webhook_sender.health_rules import Change
from shared.clock import Clock
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import Webhook
from shared.remembered import Remembered
from shared.store.database import StoreError
from shared.store.webhook_journal import EndpointChange

log = logging.getLogger(__name__)

NOTED_S = 15.0

_Note = tuple[EndpointHealth, EndpointHealth]  # the row that it goes by, and what it is since


class HealthStore(Protocol):
    """Where health is written."""

    async def change(
        self,
        tenant: str,
        webhook_id: str,
        sets: Mapping[str, Any],
        seen: Mapping[str, Any],
        *,
        journal: tuple[EndpointChange, str | None] | None = None,
        at: float = 0.0,
    ) -> bool:
        """Stores attributes on condition; False: it is no longer as it was seen. Raises StoreError."""


class HealthCache:
    """The health of all endpoints, as one process sees it."""

    def __init__(self, store: HealthStore, clock: Clock) -> None:
        self._store = store
        self._notes: Remembered[tuple[str, str, str], _Note] = Remembered(clock, NOTED_S)

    def health(self, webhook: Webhook) -> EndpointHealth:
        """How an endpoint does, as far as is known here."""
        note = self._notes.get(_key(webhook))
        return note[1] if note and note[0] == webhook.health else webhook.health

    async def change(self, webhook: Webhook, change: Change) -> bool:
        """Makes a change known, here at once; whether this was the sender that made it. What the store does not take
        is found out anew by a later attempt."""
        since = replace(self.health(webhook), **change.sets)
        self._notes.note(_key(webhook), (webhook.health, since))
        journal = (change.code, change.detail) if change.code else None
        seen = {**change.seen, "url": webhook.url}
        try:
            return await self._store.change(
                webhook.tenant, webhook.id, change.sets, seen, journal=journal, at=change.at
            )
        except StoreError as error:
            log.warning("the health of %s could not be noted: %s", webhook.id, type(error).__name__)
            return False


def _key(webhook: Webhook) -> tuple[str, str, str]:
    return webhook.tenant, webhook.id, webhook.url
