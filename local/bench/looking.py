"""The routes of /monitoring, with all instances connected: how long each takes to answer.

`fresh`: one call at a time, further apart than a look at the deployment is remembered, so that each looks anew.
`busy`: many callers, most of whom find a look of a moment ago.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.bench.figures import spread
from local.bench.sending import paced
from local.bench.target import Target

logger = logging.getLogger(__name__)

APART_S = 1.1  # a look is remembered for a second
FORMS: Mapping[str, tuple[str, str]] = {
    "json": ("/monitoring/metrics", "application/json"),
    "prometheus": ("/monitoring/metrics", "text/plain"),
    "instances": ("/monitoring/instances/metrics", "application/json"),
}


@dataclass(frozen=True, slots=True)
class Looks:
    """How many calls of each route are `fresh`, and the `rate` that the busy ones are made at for `seconds`."""

    fresh: int = 30
    rate: float = 10.0
    seconds: float = 10.0


async def look_at(target: Target, plan: Looks) -> dict[str, Any]:
    """Each form of the figures by its name, fresh and busy."""
    found: dict[str, Any] = {}
    for name in FORMS:
        logger.info("looking at the metrics, %s ...", name)
        found[name] = {"fresh": await _fresh(target, name, plan), "busy": await _busy(target, name, plan)}
    status, answer = await target.call("GET", "/monitoring/metrics")
    found["instances_connected"] = answer["instances"]["connected"] if status == HTTPStatus.OK else None
    return found


async def _fresh(target: Target, form: str, plan: Looks) -> dict[str, Any]:
    calls = _Calls(target, form)
    for _ in range(plan.fresh):
        await asyncio.sleep(APART_S)
        await calls.one(0)
    return calls.report()


async def _busy(target: Target, form: str, plan: Looks) -> dict[str, Any]:
    calls = _Calls(target, form)
    await paced(calls.one, plan.rate, plan.seconds)
    return {"rate_per_s": plan.rate, **calls.report()}


class _Calls:
    """Calls of one form: their times, and what was not answered with figures."""

    def __init__(self, target: Target, form: str) -> None:
        self._target = target
        self._path, self._accept = FORMS[form]
        self._times: list[float] = []
        self._bytes = 0
        self._refused: Counter[str] = Counter()

    async def one(self, _: int) -> None:
        began = time.monotonic()
        async with self._target.api.get(self._path, headers={"accept": self._accept}) as answer:
            body = await answer.read()
        if answer.status == HTTPStatus.OK:
            self._times.append(time.monotonic() - began)
            self._bytes = len(body)
        else:
            self._refused[str(answer.status)] += 1

    def report(self) -> dict[str, Any]:
        return {"answer": spread(self._times), "bytes": self._bytes, "refused": dict(self._refused)}
