"""How an instance ends: hidden at once, then unlinked and erased by its session host."""

from __future__ import annotations

from functions.api.asking import tell
from functions.api.problems import not_found
from functions.api.services import Services
from functions.api.waiting import RESULT_PACE, first
from shared.models.command import CommandKind
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.store import webhooks

ERASED_WITHIN_S = 10.0


async def delete(services: Services, key: InstanceKey) -> None:
    """Deletes an instance and its own endpoint; returns once it is erased, or after 10 s. Raises Problem.

    May be called again for one that is still being deleted: the command may have been lost on its way.
    """
    instance = await services.instances.get_any(key)
    if instance is None:
        raise not_found("instance")
    if not instance.deleting:
        await services.instances.mark_deleting(key, [webhooks.delete(key.tenant, endpoint_id(key))])
    await tell(services, instance, CommandKind.DELETE)

    async def erased() -> bool | None:
        left = await services.instances.get_any(key)
        return True if left is None or left.created_at != instance.created_at else None

    await first(services, erased, ERASED_WITHIN_S, RESULT_PACE)
