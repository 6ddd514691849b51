"""Changes of an instance by its owner: what is stored, and its session host told of it."""

from __future__ import annotations

from dataclasses import replace

from functions.api.asking import tell
from functions.api.instances import settings
from functions.api.instances.endpoint import endpoint_change
from functions.api.instances.reading import instance_of
from functions.api.instances.schemas import InstanceChange, InstanceView
from functions.api.instances.views import instance_view
from functions.api.problems import not_found
from functions.api.services import Services
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey
from shared.store.database import StoreUnavailable, TransactionRefused

_TRIES = 4


async def change(services: Services, key: InstanceKey, wanted: InstanceChange) -> InstanceView:
    """Stores what is to change and tells the session host. Raises Problem."""
    if not wanted.model_fields_set:
        return instance_view(await instance_of(services, key), services.vault)
    await settings.check_urls(services, wanted.settings)

    def edit(instance: Instance) -> Instance:
        chosen = settings.changed(instance.settings, wanted.settings, key, services.vault)
        name = wanted.name if "name" in wanted.model_fields_set else instance.name
        return replace(instance, settings=chosen, name=name)

    for _ in range(_TRIES):
        endpoint = await endpoint_change(services, key, wanted.settings)
        try:
            async with endpoint.around:
                instance = await services.instances.change(key, edit, endpoint.writes)
        except TransactionRefused:  # another call made or removed the endpoint meanwhile
            continue
        if instance is None:
            raise not_found("instance")
        await tell(services, instance, CommandKind.SETTINGS)
        return instance_view(instance, services.vault, endpoint.shown)
    raise StoreUnavailable("the endpoint of the instance changes too often")
