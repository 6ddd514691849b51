"""Performs one drill on a ground: traffic, the blow in the middle, the reckoning."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import psutil

from local.bench.target import BenchFailed
from local.chaos.collect import collect
from local.chaos.drill import Drill
from local.chaos.facts import Facts
from local.chaos.ground import DrillFailed, Ground
from local.chaos.inbound import Inbound
from local.chaos.outbound import Outbound
from local.chaos.reckoning import Tally, evidence, reckon
from local.chaos.scene import Check, Scene
from local.chaos.service import outages
from local.chaos.traffic import Traffic, flowing
from local.chaos.verdict import broken

TROUBLE = (DrillFailed, BenchFailed, TimeoutError, aiohttp.ClientError, psutil.Error, OSError, ExceptionGroup)
"""What may keep a drill from being carried out."""


@dataclass(slots=True)
class Result:
    """`broken`: the bounds that were not kept, in words. `tally` None: the drill could not be carried out."""

    drill: Drill
    seconds: float
    tally: Tally | None
    broken: list[str]
    facts: Facts | None = None
    checks: list[Check] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a machine or for who has to find out why."""
        return {
            "drill": self.drill.name,
            "seconds": round(self.seconds, 1),
            "broken": self.broken,
            "tally": asdict(self.tally) if self.tally else None,
            "checks": [asdict(check) for check in self.checks],
            "evidence": evidence(self.facts) if self.facts else {},
        }


async def perform(drill: Drill, ground: Ground, *, timed: bool = True) -> Result:
    """Carries a drill out. `timed`: whether the bounds on time count."""
    began = time.monotonic()
    try:
        facts, checks = await _carry_out(drill, ground)
    except TROUBLE as error:
        why = f"could not be carried out: {type(error).__name__}: {error}"
        return Result(drill, time.monotonic() - began, None, [why])
    tally = reckon(facts)
    verdict = broken(tally, drill.bounds, len(facts.hit), checks, timed=timed)
    return Result(drill, time.monotonic() - began, tally, verdict, facts, checks)


async def _carry_out(drill: Drill, ground: Ground) -> tuple[Facts, list[Check]]:
    tag = f"{drill.name}-{secrets.token_hex(3)}"
    traffic = Traffic(Outbound(ground.client, ground.shops, tag), Inbound(ground.target, ground.shops, tag))
    scene, scale = Scene(ground, traffic), ground.scale
    second_logins, badly_signed = await ground.second_logins(), ground.endpoint.badly_signed
    async with flowing(traffic, scale):
        await asyncio.sleep(scale.before_s)
        await drill.act(scene)
        await asyncio.sleep(scale.after_s)
    facts = Facts(traffic.out.asks, traffic.inbound.written, dict(ground.logged), scene.hit or ground.shops)
    await collect(ground, facts)
    facts.second_logins = await ground.second_logins() - second_logins
    facts.badly_signed = ground.endpoint.badly_signed - badly_signed
    if scene.struck_at is not None:
        window = (scene.struck_at, time.time())
        facts.outages = {shop: outages(await ground.stays(shop), scene.frozen, window) for shop in ground.shops}
    return facts, scene.checks
