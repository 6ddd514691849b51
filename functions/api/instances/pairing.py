"""Linking an instance to a phone by a code to type; the one to scan is in codes.py."""

from __future__ import annotations

from typing import Any

from functions.api import problems
from functions.api.asking import ask
from functions.api.instances.reading import instance_of
from functions.api.instances.schemas import PairCodeView
from functions.api.problems import Problem
from functions.api.services import Services
from shared.clock import iso
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey


async def pair_code(services: Services, key: InstanceKey, phone: str) -> PairCodeView:
    """A code that the owner of `phone` types. Raises Problem."""
    instance = await instance_of(services, key)
    refuse_linked(instance)
    value = await ask(services, instance, CommandKind.PAIR_CODE, {"phone": phone})
    return PairCodeView(code=value["code"], expires_at=moment(value["expires_at"]))


def refuse_linked(instance: Instance) -> None:
    """Raises Problem for an instance that has a phone."""
    if instance.linked:
        detail = "The instance is linked to a phone already; log it out to pair another."
        raise Problem(problems.ALREADY_PAIRED, detail, state=instance.state)


def moment(value: Any) -> str:
    """A time that a session host gave, as unix seconds or ISO 8601."""
    return value if isinstance(value, str) else iso(float(value))
