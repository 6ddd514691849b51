"""Finding an instance."""

from __future__ import annotations

from functions.api.problems import not_found
from functions.api.services import Services
from shared.models.instance import Instance, InstanceKey


async def instance_of(services: Services, key: InstanceKey) -> Instance:
    """The instance. Raises Problem when there is none."""
    instance = await services.instances.get(key)
    if instance is None:
        raise not_found("instance")
    return instance
