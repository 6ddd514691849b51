"""Number checks: those that are known, those that WhatsApp is asked for, and a replay of what address books ask.

replay        single numbers, many processes' worth at once, with the skew of address books: the hit rate
cold          numbers that nobody has asked for, one in a call and a hundred in a call
cached        known numbers: asked for again within seconds (the API's process remembers them)
read          known numbers: not asked for in the last seconds (each call reads the table)
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import accumulate
from typing import Any

from local.bench.figures import spread
from local.bench.pairing import instance_id
from local.bench.sending import paced
from local.bench.target import Target

logger = logging.getLogger(__name__)

PER_MINUTE = "HIVEWP_NUMBER_CHECKS_PER_MINUTE"
FIRST_CHECKED = 4_917_600_000_000
FIRST_COLD = FIRST_CHECKED + 50_000_000
AT_ONCE = 16
HUNDRED = 100
TELL_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Checks:
    """How much. `skew` is the exponent of Zipf's law; rates are calls a second, held for `seconds` each."""

    checks: int = 20_000
    numbers: int = 5_000
    skew: float = 1.0
    seed: int = 5
    rate: float = 50.0
    cold_rate: float = 5.0
    seconds: float = 20.0
    forgotten_s: float = 12.0  # a process of the API remembers a number for 10 s


@dataclass(slots=True)
class Seen:
    """What a run of calls saw: times in seconds, and how often each number was `cached` or not."""

    answered: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    misses: int = 0

    def report(self) -> dict[str, Any]:
        """The run's figures."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "refused": dict(self.refused),
            "answer": spread(self.answered),
        }


async def check_numbers(target: Target, plan: Checks) -> dict[str, Any]:
    """All of it through the first instance, whose minute must allow as many questions as there are numbers."""
    drawn = address_books(plan)
    left = sorted(set(range(plan.numbers)) - set(drawn))
    found = {
        "checks_per_minute_and_instance": target.env.get(PER_MINUTE, "as by default"),
        "replay": await _replay(target, plan, drawn),
        "cold_hundred": await _one_after_the_other(target, _groups([_number(one) for one in left])),
    }
    cold = [[str(FIRST_COLD + number)] for number in range(round(plan.cold_rate * plan.seconds))]
    found["cold_one"] = await _at(target, cold, plan.cold_rate, plan.seconds)
    known = [_number(one) for one in range(plan.numbers)]
    found["cached_one"] = await _at(target, [[one] for one in known[:HUNDRED]], plan.rate, plan.seconds)
    found["cached_hundred"] = await _at(target, _groups(known)[:1], plan.rate, plan.seconds)
    rest = [[one] for one in known[HUNDRED:] or known]
    found["read_one"] = await _at(target, rest, _not_remembered(plan, len(rest)), plan.seconds)
    await asyncio.sleep(plan.forgotten_s)
    groups = _groups(known)
    found["read_hundred"] = await _at(target, groups, _not_remembered(plan, len(groups)), plan.seconds)
    return found


def address_books(plan: Checks) -> list[int]:
    """Which of the numbers each check is about: the n-th most frequent comes with a weight of 1 / n ** skew."""
    weights = list(accumulate(1 / rank**plan.skew for rank in range(1, plan.numbers + 1)))
    chance = random.Random(plan.seed)  # noqa: S311 - a load, no secret
    return chance.choices(range(plan.numbers), cum_weights=weights, k=plan.checks)


async def _replay(target: Target, plan: Checks, drawn: Sequence[int]) -> dict[str, Any]:
    different = len(set(drawn))
    logger.info("replaying %d checks of %d numbers ...", len(drawn), different)
    seen, before, began = Seen(), await _asked_of_whatsapp(target), time.monotonic()
    left = iter(enumerate(drawn))

    async def reader() -> None:
        for at, number in left:
            await _check(target, [_number(number)], seen)
            if at and at % TELL_EVERY == 0:
                logger.info("%d checks after %.0f s ...", at, time.monotonic() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(reader())
    seconds = time.monotonic() - began
    return {
        "seed": plan.seed,
        "skew": plan.skew,
        "numbers": plan.numbers,
        "different": different,
        "at_once": AT_ONCE,
        "seconds": round(seconds, 1),
        "checks_per_s": round(len(drawn) / seconds, 1),
        "hit_rate": round(seen.hits / len(drawn), 4),
        "highest_possible_hit_rate": round(1 - different / len(drawn), 4),
        "whatsapp_asked_about": await _asked_of_whatsapp(target) - before,
        **seen.report(),
    }


async def _one_after_the_other(target: Target, calls: Sequence[Sequence[str]]) -> dict[str, Any]:
    seen = Seen()
    for numbers in calls:
        await _check(target, numbers, seen)
    return seen.report()


async def _at(target: Target, calls: Sequence[Sequence[str]], rate: float, seconds: float) -> dict[str, Any]:
    """The calls in turn, again and again, at their exact times."""
    seen = Seen()

    async def call(at: int) -> None:
        await _check(target, calls[at % len(calls)], seen)

    logger.info("checking %d at once, %g times a second ...", len(calls[0]), rate)
    await paced(call, rate, seconds)
    return {"rate_per_s": rate, **seen.report()}


async def _check(target: Target, numbers: Sequence[str], seen: Seen) -> None:
    began = time.monotonic()
    path = f"/v1/instances/{instance_id(0)}/numbers/check"
    status, answer = await target.call("POST", path, {"numbers": list(numbers)})
    if status != HTTPStatus.OK:
        seen.refused[str(status)] += 1
        return
    seen.answered.append(time.monotonic() - began)
    cached = sum(result["cached"] for result in answer["results"])
    seen.hits += cached
    seen.misses += len(numbers) - cached


async def _asked_of_whatsapp(target: Target) -> int:
    """Of how many numbers it has been asked so far, each form of a number counted."""
    stats = await target.phone("GET", "/stats")
    return int(stats["events"].get("numbers_checked", 0))


def _number(rank: int) -> str:
    return str(FIRST_CHECKED + rank)


def _groups(numbers: Sequence[str]) -> list[Sequence[str]]:
    return [numbers[start : start + HUNDRED] for start in range(0, len(numbers), HUNDRED)]


def _not_remembered(plan: Checks, calls: int) -> float:
    """The plan's rate, or as much less as leaves enough time between two calls that are the same."""
    return min(plan.rate, round(calls / plan.forgotten_s, 1)) if plan.forgotten_s else plan.rate
