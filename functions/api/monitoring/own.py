"""The caller's instances, and what their logs add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.api.monitoring.deployment import Fleet
from functions.api.monitoring.recent import Recent
from functions.api.monitoring.schemas import InstanceMetrics, MessageFigures
from functions.api.services import Services
from shared.models.instance import InstanceState
from shared.models.mark import Mark
from shared.store.instances import Standing

_TENANTS = 1_000  # whose figures a process remembers: with more than that it begins anew


@dataclass(frozen=True, slots=True)
class Own:
    """A tenant's instances by state, and the messages of all together."""

    states: Mapping[InstanceState, int]
    messages: MessageFigures

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.states.values())


class OwnFigures:
    """Looks at a tenant's instances, once a second at most however often it asks."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recent: dict[str, Recent[Own]] = {}

    async def look(self, tenant: str) -> Own:
        """How they are, a second ago at most. Raises StoreError."""
        if tenant not in self._recent and len(self._recent) >= _TENANTS:
            self._recent.clear()
        recent = self._recent.setdefault(tenant, Recent(self._services.clock, lambda: self._fresh(tenant)))
        return await recent.get()

    async def _fresh(self, tenant: str) -> Own:
        found = await _all_of(self._services, tenant)
        marks = await self._services.events.counts([str(one.key) for one in found])
        return Own(Counter(one.state for one in found), messages_of(marks.values()))


async def _all_of(services: Services, tenant: str) -> list[Standing]:
    found, last = await services.instances.standings(tenant)
    while last:
        more, last = await services.instances.standings(tenant, after=last)
        found += more
    return found


def messages_of(marks: Iterable[Mark]) -> MessageFigures:
    """The messages of all together."""
    all_of_them = list(marks)
    return MessageFigures(
        sent=sum(mark.sent for mark in all_of_them),
        received=sum(mark.received for mark in all_of_them),
        failed=sum(mark.failed for mark in all_of_them),
        uncertain=sum(mark.uncertain for mark in all_of_them),
    )


def instance_metrics(instance: Standing, mark: Mark, fleet: Fleet) -> InstanceMetrics:
    """One of them."""
    return InstanceMetrics(
        id=instance.key.id,
        state=instance.state,
        since=instance.since,
        messages=messages_of([mark]),
        reconnects=mark.reconnects,
        last_activity_at=mark.active_at,
        host=fleet.owner(instance.partition),
        partition=instance.partition,
    )
