"""How an instance begins: the item and its endpoint in one transaction, then the command that starts its pairing."""

from __future__ import annotations

from functions.api import problems
from functions.api.asking import tell
from functions.api.instances import settings
from functions.api.instances.endpoint import EndpointChange, new_endpoint
from functions.api.instances.schemas import InstanceView, NewInstance
from functions.api.instances.views import instance_view
from functions.api.problems import Problem
from functions.api.services import Services
from shared.clock import iso
from shared.ids import new_id
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey, InstanceSettings
from shared.queues.queue import QueueError
from shared.store.instances import InstanceExists, PartitionsFull


async def create(services: Services, tenant: str, new: NewInstance) -> InstanceView:
    """Makes an instance and starts its pairing; nothing is left behind when that fails. Raises Problem."""
    await settings.check_urls(services, new.settings)
    key = InstanceKey(tenant, new.id or new_id("ins"))
    now = iso(services.clock.unix())
    chosen = settings.changed(InstanceSettings(), new.settings, key, services.vault)
    instance = Instance(
        tenant=tenant, id=key.id, partition=0, created_at=now, since=now, name=new.name, settings=chosen
    )
    endpoint = new_endpoint(services, key, chosen.webhook_url) if chosen.webhook_url else EndpointChange()
    try:
        placed = await services.instances.create(
            instance, services.partition_count, endpoint.writes, capacity=services.partition_capacity
        )
    except InstanceExists as error:
        detail = f"There is an instance {key.id} already, or it is still being deleted."
        raise Problem(problems.INSTANCE_EXISTS, detail) from error
    except PartitionsFull as error:
        raise Problem(problems.PARTITIONS_FULL, f"All {services.partition_count} partitions are full.") from error
    try:
        await _start_pairing(services, placed)
    except QueueError:
        await _undo(services, placed, endpoint)
        raise
    return instance_view(placed, services.vault, endpoint.shown)


async def _start_pairing(services: Services, instance: Instance) -> None:
    await tell(services, instance, CommandKind.PAIR, dedup=f"pair-{instance.key}-{instance.created_at}")


async def _undo(services: Services, instance: Instance, endpoint: EndpointChange) -> None:
    if endpoint.shown is not None:
        await services.webhooks.delete(instance.tenant, endpoint.shown.id)
    await services.instances.erase(instance)
