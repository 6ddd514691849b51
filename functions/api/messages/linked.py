"""Which instance takes a message: read for every message, except that a linked one is remembered for a second."""

from __future__ import annotations

from functions.api import problems
from functions.api.instances.reading import instance_of
from functions.api.problems import Problem
from functions.api.services import Services
from shared.models.instance import Instance, InstanceKey
from shared.remembered import Remembered

REMEMBERED_S = 1.0


class LinkedInstances:
    """Remembers only good news, so a phone that was just linked can be written from at once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known = Remembered[InstanceKey, Instance](services.clock, REMEMBERED_S)

    async def get(self, key: InstanceKey) -> Instance:
        """The instance, linked. Raises Problem: `not-found` or `not-paired`."""
        known = self._known.get(key)
        if known is not None:
            return known
        instance = await instance_of(self._services, key)
        if not instance.linked:
            detail = "The instance is not linked to a phone: pair it first."
            raise Problem(problems.NOT_PAIRED, detail, state=instance.state)
        self._known.note(key, instance)
        return instance
