"""The QR code of the moment, which a session host puts into the cache and replaces as WhatsApp rotates it.

A caller who names the code that it holds is given the next one; who waits gets it as soon as it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from functions.api import problems
from functions.api.asking import tell
from functions.api.instances.pairing import moment, refuse_linked
from functions.api.instances.reading import instance_of
from functions.api.problems import Problem
from functions.api.services import Services
from functions.api.waiting import Pace, first, place
from shared.clock import parse_iso
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.store.cache import CacheKind

ASK_AGAIN_S = 10.0  # a request for a fresh code is passed on once in this time
QR_PACE = Pace(0.2, 0.4)
_IDLE = frozenset({InstanceState.DISCONNECTED, InstanceState.LOGGED_OUT, InstanceState.FAILED})


@dataclass(frozen=True, slots=True)
class Code:
    """What to scan; `expires_at`: until when it may be shown without asking again."""

    text: str
    expires_at: str

    @property
    def tag(self) -> str:
        """Its name as an entity tag: weak, since JSON and pictures of it share one."""
        return f'W/"{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"'


@dataclass(slots=True)
class Looking:
    """One caller's looks for a code. `held`: the text of its If-None-Match."""

    services: Services
    key: InstanceKey
    held: str
    seen: Code | None = None
    looks: int = 0
    asked: int = 0

    async def look(self) -> Code | None:
        """A code that the caller does not hold. Raises Problem: not-found, already-paired."""
        first_look = self.looks == 0
        self.looks += 1
        instance = await instance_of(self.services, self.key)
        refuse_linked(instance)
        found = await self.services.cache.get(CacheKind.QR, str(self.key), counted=first_look)
        self.seen = Code(found["code"], moment(found["expires_at"])) if found else None
        if self.seen is None:
            await self._have_one_made(instance)
        return self.seen if self.seen and not holds(self.held, self.seen) else None

    async def _have_one_made(self, instance: Instance) -> None:
        now = self.services.clock.unix()
        turn = int(now // ASK_AGAIN_S)
        if turn != self.asked and _needs_pairing(instance, now):
            self.asked = turn
            await tell(self.services, instance, CommandKind.PAIR, dedup=f"pair-{self.key}-{turn}")


async def current_code(
    services: Services, key: InstanceKey, wait_s: float, held: str, gone: Callable[[], Awaitable[bool]]
) -> tuple[Code, bool]:
    """The code to scan, and whether the caller does not hold it yet; at once, or within `wait_s` where it does or where
    there is none, unless it is `gone` before that. Raises Problem: `not-found`, `already-paired`, or `qr-not-ready` and
    has one made."""
    looking = Looking(services, key, held)
    found = await first(services, looking.look, wait_s, QR_PACE, gone, partial(place, services, key.tenant))
    if found is not None:
        return found, True
    if looking.seen is not None:
        return looking.seen, False
    state = (await instance_of(services, key)).state
    raise Problem(
        problems.QR_NOT_READY, "No QR code yet: ask again in a second.", headers={"retry-after": "1"}, state=state
    )


def holds(held: str, code: Code) -> bool:
    """Whether an If-None-Match names a code, by the weak comparison."""
    named = {one.strip().removeprefix("W/") for one in held.split(",")}
    return "*" in named or code.tag.removeprefix("W/") in named


def _needs_pairing(instance: Instance, now: float) -> bool:
    """Whether nobody is at it: a new instance's first command is given time to arrive."""
    if instance.state is InstanceState.CREATED:
        return now - parse_iso(instance.created_at) > ASK_AGAIN_S
    return instance.state in _IDLE
