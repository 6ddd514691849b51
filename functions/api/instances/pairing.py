"""Linking an instance to a phone: the QR code of the moment, or a code to type."""

from __future__ import annotations

from typing import Any

from functions.api import problems
from functions.api.asking import ask, tell
from functions.api.instances.reading import instance_of
from functions.api.instances.schemas import PairCodeView
from functions.api.problems import Problem
from functions.api.services import Services
from shared.clock import iso, parse_iso
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.store.cache import CacheKind

ASK_AGAIN_S = 10.0  # a request for a fresh code is passed on once in this time
_IDLE = frozenset({InstanceState.DISCONNECTED, InstanceState.LOGGED_OUT, InstanceState.FAILED})


async def current_qr(services: Services, key: InstanceKey) -> tuple[str, str]:
    """The code to scan and when it expires. Raises Problem: `already-paired`, or `qr-not-ready` and has one made."""
    instance = await instance_of(services, key)
    refuse_linked(instance)
    found = await services.cache.get(CacheKind.QR, str(key))
    if found is not None:
        return found["code"], moment(found["expires_at"])
    if _needs_pairing(instance, services.clock.unix()):
        turn = int(services.clock.unix() // ASK_AGAIN_S)
        await tell(services, instance, CommandKind.PAIR, dedup=f"pair-{key}-{turn}")
    detail = "No QR code yet: ask again in a second."
    raise Problem(problems.QR_NOT_READY, detail, headers={"retry-after": "1"}, state=instance.state)


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


def _needs_pairing(instance: Instance, now: float) -> bool:
    """Whether nobody is at it: a new instance's first command is given time to arrive."""
    if instance.state is InstanceState.CREATED:
        return now - parse_iso(instance.created_at) > ASK_AGAIN_S
    return instance.state in _IDLE
