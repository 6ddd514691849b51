"""An instance: one WhatsApp number of a tenant.

    created -> pairing -> connecting -> connected <-> disconnected
                  ^  \\-> disconnected (qr_expired)         |
                  |                                        v
                  `---------------------- logged_out / failed

`linked` tells whether credentials exist: a linked instance accepts messages even while it reconnects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class InstanceState(StrEnum):
    """Where an instance stands with WhatsApp."""

    CREATED = "created"
    PAIRING = "pairing"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    LOGGED_OUT = "logged_out"
    FAILED = "failed"


class InstanceKey(NamedTuple):
    """An instance's name across tenants; its text form is the key of everything that belongs to it."""

    tenant: str
    id: str

    def __str__(self) -> str:
        return f"{self.tenant}#{self.id}"

    @classmethod
    def parse(cls, text: str) -> InstanceKey:
        """The key of its text form."""
        tenant, _, instance = text.partition("#")
        return cls(tenant, instance)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an instance is in its state: a stable code, what it means, and what its owner should do."""

    code: str
    detail: str
    action: str


@dataclass(frozen=True, slots=True)
class Pacing:
    """Human pace of sends: at least `min_gap_ms` apart plus up to `jitter_ms`, `typing` shown for that long before."""

    min_gap_ms: int = 0
    jitter_ms: int = 0
    typing: bool = False


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """What the owner may change. `proxy_url` is kept sealed (see shared.vault), since it may hold a password."""

    webhook_url: str | None = None
    proxy_url: str | None = None
    ignore_groups: bool = False
    reject_calls: bool = False
    mark_online: bool = False
    pacing: Pacing = field(default_factory=Pacing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One number and what is known of it. Times are ISO 8601 UTC."""

    tenant: str
    id: str
    partition: int
    created_at: str
    state: InstanceState = InstanceState.CREATED
    since: str = ""
    name: str | None = None
    reason: Reason | None = None
    settings: InstanceSettings = field(default_factory=InstanceSettings)
    linked: bool = False
    deleting: bool = False
    jid: str | None = None
    phone: str | None = None
    lid: str | None = None
    host: str | None = None

    @property
    def key(self) -> InstanceKey:
        """Its name across tenants."""
        return InstanceKey(self.tenant, self.id)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of an instance's connection: when, into which state, and why."""

    at: str
    state: InstanceState
    code: str | None = None
    detail: str | None = None


def settings_from(raw: dict[str, Any]) -> InstanceSettings:
    """Settings of their stored form; unknown names are left out."""
    known = {name: raw[name] for name in InstanceSettings.__dataclass_fields__ if name in raw}
    if isinstance(known.get("pacing"), dict):
        known["pacing"] = Pacing(**known["pacing"])
    return InstanceSettings(**known)
