r"""Answers from the cache, and one question to WhatsApp about all that is missing there.

    numbers -> known: answered
           \-> being asked by another call of this process: its answer is waited for
           \-> neither: taken from the instance's budget, all or none, and asked in one command

Calls of other processes for the same numbers meet at the instance's owner, which asks WhatsApp once. A question goes on
without the call that asked it, whose wait may end for want of a place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from functions.api import problems
from functions.api.asking import ANSWER_WITHIN_S, ask, in_a_place
from functions.api.instances.reading import instance_of
from functions.api.problems import Problem, invalid
from functions.api.services import Services
from shared.metrics import CACHE_HITS, CACHE_MISSES
from shared.models.command import CommandKind
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.rate_limit_fields import number_checks, refusal_fields
from shared.remembered import Remembered
from shared.store.cache import CacheKind
from shared.store.cache_numbers import number_name

Forms = tuple[str, ...]
"""The forms of one number, see national.py; the first one is what it is known by."""
Jids = dict[Forms, str | None]
REMEMBERED_S = 1.0  # that an instance is there
_NOT_CONNECTED = "not_connected"  # as session hosts say it


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a number. `jid` is None where it is not on WhatsApp."""

    jid: str | None
    cached: bool


class NumberChecks:
    """The checks of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._there = Remembered[InstanceKey, bool](services.clock, REMEMBERED_S)
        self._asked: dict[tuple[InstanceKey, Forms], asyncio.Task[Jids]] = {}

    async def check(
        self, key: InstanceKey, numbers: Sequence[Forms], on_asking: Callable[[], None] = lambda: None
    ) -> Mapping[Forms, Found]:
        """What is known of these numbers; `on_asking` is called before a session host's answer is waited for.

        Raises Problem; nothing has been asked then, or there was no answer.
        """
        wanted = list(dict.fromkeys(numbers))
        instance, known = await asyncio.gather(self._looked_at(key), self._known(key, wanted))
        missing = [forms for forms in wanted if forms not in known]
        self._services.meter.add(CACHE_HITS, len(known))
        self._services.meter.add(CACHE_MISSES, len(missing))
        fresh: Jids = {}
        if missing:
            refuse_unconnected(instance := instance or await instance_of(self._services, key))
            on_asking()
            fresh = await in_a_place(self._services, key.tenant, self._ask(instance, missing))
        return {forms: Found((known | fresh)[forms], forms in known) for forms in wanted}

    async def _looked_at(self, key: InstanceKey) -> Instance | None:
        """The instance; None when it was there a moment ago, which is good enough for what is known. Raises Problem."""
        if self._there.get(key):
            return None
        instance = await instance_of(self._services, key)
        self._there.note(key, True)
        return instance

    async def _known(self, key: InstanceKey, wanted: Sequence[Forms]) -> Jids:
        names = {number_name(key.tenant, forms[0]): forms for forms in wanted}
        found = await self._services.cache.get_many(CacheKind.NUMBERS, names)
        return {names[name]: value["jid"] for name, value in found.items()}

    async def _ask(self, instance: Instance, missing: Sequence[Forms]) -> Jids:
        """Each round ends with an answer, or with an error of a question of one's own."""
        answers: Jids = {}
        while open_ones := [forms for forms in missing if forms not in answers]:
            others = {self._asked.get((instance.key, forms)) for forms in open_ones} - {None}
            own = [forms for forms in open_ones if (instance.key, forms) not in self._asked]
            if own:
                answers |= await asyncio.shield(self._begin(instance, own))
            for other in others:
                answers |= await _answer_of(other)
        return answers

    def _begin(self, instance: Instance, own: Sequence[Forms]) -> asyncio.Task[Jids]:
        asking = asyncio.create_task(self._query(instance, own))
        keys = [(instance.key, forms) for forms in own]
        self._asked |= dict.fromkeys(keys, asking)

        def done(task: asyncio.Task[Jids]) -> None:
            for key in keys:
                del self._asked[key]
            if not task.cancelled():
                task.exception()  # whoever asked may be gone

        asking.add_done_callback(done)
        return asking

    async def _query(self, instance: Instance, own: Sequence[Forms]) -> Jids:
        await self._take(instance, len(own))
        until = self._services.clock.unix() + ANSWER_WITHIN_S
        args = {"numbers": [list(forms) for forms in own], "until": until}
        try:
            value = await ask(self._services, instance, CommandKind.CHECK_NUMBERS, args)
        except Problem as problem:
            if problem.members.get("code") == _NOT_CONNECTED:
                raise not_connected(await instance_of(self._services, instance.key)) from problem
            raise
        return {forms: value["jids"].get(forms[0]) for forms in own}

    async def _take(self, instance: Instance, count: int) -> None:
        budget = self._services.checks
        if count > budget.per_minute:
            raise too_many_at_once(count, budget.per_minute)
        wait = await budget.take(str(instance.key), count)
        if wait is not None:
            detail = (
                f"{count} of these numbers are not known, and an instance may ask WhatsApp for {budget.per_minute} "
                "a minute: nothing was asked."
            )
            headers = refusal_fields(wait, number_checks(budget.per_minute, 0, wait))
            raise Problem(problems.TOO_MANY_CHECKS, detail, headers=headers, limit=budget.per_minute)


async def _answer_of(asking: asyncio.Task[Jids] | None) -> Jids:
    """What another call was told; nothing where that failed, since it may have failed for its own reasons."""
    if asking is None:
        return {}
    await asyncio.wait({asking})
    return {} if asking.cancelled() or asking.exception() else asking.result()


def refuse_unconnected(instance: Instance) -> None:
    """Raises Problem for an instance that WhatsApp cannot be asked through now."""
    if not instance.linked:
        detail = "The instance is not linked to a phone, and not all of these numbers are known: pair it first."
        raise Problem(problems.NOT_PAIRED, detail, state=instance.state)
    if instance.state is not InstanceState.CONNECTED:
        raise not_connected(instance)


def too_many_at_once(count: int, limit: int) -> Problem:
    """The problem of a call that would be refused in any minute."""
    detail = (
        f"{count} of these numbers are not known, and an instance may ask WhatsApp for {limit} a minute, so this call "
        "cannot be answered at any time: ask for fewer numbers at once."
    )
    return invalid("/numbers", detail)


def not_connected(instance: Instance) -> Problem:
    """The problem of a question that cannot be asked now."""
    detail = "The instance has no connection to WhatsApp, and not all of these numbers are known."
    return Problem(problems.NOT_CONNECTED, detail, state=instance.state)
