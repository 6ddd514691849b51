"""The caller's instances, and what their logs add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from functions.api.monitoring.deployment import Seen
from functions.api.monitoring.schemas import InstanceMetrics, MessageFigures
from functions.api.services import Services
from shared.models.instance import Instance
from shared.models.mark import Mark

_PAGE = 1_000  # some 600 bytes each; DynamoDB gives up to 1 MB at once


async def own_instances(services: Services, tenant: str) -> list[Instance]:
    """All of a tenant's instances. Raises StoreError."""
    found, last = await services.instances.page(tenant, _PAGE)
    while last:
        more, last = await services.instances.page(tenant, _PAGE, last)
        found += more
    return found


async def own_figures(services: Services, tenant: str) -> tuple[Sequence[Instance], Mapping[str, Mark]]:
    """All of a tenant's instances, and their marks by the text form of their key. Raises StoreError."""
    found = await own_instances(services, tenant)
    return found, await services.events.marks([str(one.key) for one in found])


def messages_of(marks: Iterable[Mark]) -> MessageFigures:
    """The messages of all together."""
    all_of_them = list(marks)
    return MessageFigures(
        sent=sum(mark.sent for mark in all_of_them),
        received=sum(mark.received for mark in all_of_them),
        failed=sum(mark.failed for mark in all_of_them),
        uncertain=sum(mark.uncertain for mark in all_of_them),
    )


def instance_metrics(instance: Instance, mark: Mark, seen: Seen) -> InstanceMetrics:
    """One of them."""
    return InstanceMetrics(
        id=instance.id,
        state=instance.state,
        since=instance.since or instance.created_at,
        messages=messages_of([mark]),
        reconnects=mark.reconnects,
        last_activity_at=mark.active_at,
        host=seen.owner(instance.partition),
        partition=instance.partition,
    )
