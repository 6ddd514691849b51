"""A tenant's endpoints and the deliveries made to them.

pending -> delivered   (stored as pending only while it waits for its first attempt on the slow lane, or in a pause)
      |-> retrying -> delivered
      |           \\-> dead (for a `reason`; can be replayed)
      \\-> dead             (no attempt was made: the endpoint was disabled, or had no turn for it; or it is gone)

delivered, retrying, dead -> delivered, retrying or dead   (after an attempt of a replay, by what came of it)

A replay that fails takes `delivered` away, and its retries follow the schedule; `delivered_at` stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.models.dead_reason import DeadReason
from shared.models.endpoint_health import EndpointHealth
from shared.models.patterns import any_matches


class Ordering(StrEnum):
    """Whether an endpoint hears the events of an instance one after the other."""

    NONE = "none"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A signing secret as it is stored; `expires_at` (unix seconds) is set on the old one of a rotation."""

    sealed: str
    expires_at: float | None = None

    def signs_at(self, now: float) -> bool:
        """Whether deliveries are signed with it then."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint. `events` and `instances` are patterns such as `*`, `message.*`, `shop-1`.

    `enabled` is its owner's; `health` is the sender's, which may have disabled it too. `matched_since` (unix seconds):
    when `events`, `instances` or `ordering` was changed last; None: never."""

    tenant: str
    id: str
    url: str
    created_at: str
    events: tuple[str, ...] = ("*",)
    instances: tuple[str, ...] = ("*",)
    headers: dict[str, str] = field(default_factory=dict)  # not sealed: of a row from before they were
    sealed_headers: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    ordering: Ordering = Ordering.NONE
    matched_since: float | None = None
    secrets: tuple[SealedSecret, ...] = ()
    made_for: str | None = None  # the instance whose `webhook_url` setting made it
    health: EndpointHealth = field(default_factory=EndpointHealth)

    @property
    def active(self) -> bool:
        """Whether it is called: neither its owner nor the sender has disabled it."""
        return self.enabled and self.health.disabled_at is None

    def wants(self, event_type: str, instance: str | None) -> bool:
        """Whether an event of this type and instance goes to this endpoint."""
        return self.active and self.asks_for(event_type, instance)

    def asks_for(self, event_type: str, instance: str | None) -> bool:
        """Whether `events` and `instances` match, be it called or not."""
        return any_matches(self.events, event_type) and (instance is None or any_matches(self.instances, instance))


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    DEAD = "dead"


class Cause(StrEnum):
    """Why an attempt is made, where the schedule is not the reason."""

    REPLAY = "replay"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to an endpoint: its answer's status and first bytes, or the error that came instead. `cause`: None for
    the first one and those of the schedule."""

    at: str
    ms: int
    status: int | None = None
    error: str | None = None
    response: str | None = None
    cause: Cause | None = None

    @property
    def delivers(self) -> bool:
        """Whether it was answered with 2xx."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint. The id is made of both, so it is found without an index."""

    id: str
    tenant: str
    webhook_id: str
    event_id: str
    event_type: str
    state: DeliveryState
    created_at: str
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: str | None = None
    delivered_at: str | None = None  # of the first attempt that was answered with 2xx, whatever came of replays since
    instance: str | None = None
    sequence: int | None = None
    body: str | None = None  # kept only for events that no log holds (`webhook.*`)
    traceparent: str | None = None  # the trace that the event came of
    round: int = 0  # attempts used up of the schedule; begins anew with a replay
    early: int = 0  # attempts since then that were brought forward, and failed
    reason: DeadReason | None = None  # why it is dead; None too where a version recorded it that noted none


def delivery_id(event_id: str, webhook_id: str) -> str:
    """`dlv_<event>_<webhook>`: the same for the same pair, so a redelivery is recognised."""
    return f"dlv_{event_id.removeprefix('evt_')}_{webhook_id.removeprefix('wh_')}"


def parse_delivery_id(text: str) -> tuple[str, str]:
    """(event id, webhook id) of a delivery's id. Raises ValueError when it is none."""
    prefix, _, rest = text.partition("_")
    event, _, webhook = rest.partition("_")
    if prefix != "dlv" or not event or not webhook:
        raise ValueError("not a delivery id")
    return f"evt_{event}", f"wh_{webhook}"
