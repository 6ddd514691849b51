"""What metrics and logs cost together: CPU per message of a stack with all of them and of one with none.

The two stand side by side and take turns, a short round each: on, off, off, on ... What else goes on on the machine
meets both alike. A message is accepted, sent and delivered, and both of its events reach a webhook.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from local.bench import pairing, processes
from local.bench.inbound import SETTLE_S, Receiver, receiving
from local.bench.sending import send_at
from local.bench.target import BenchFailed, Target, started

logger = logging.getLogger(__name__)

ON: Mapping[str, str] = {"HIVEWP_METRICS": "emf", "HIVEWP_LOG_LEVEL": "INFO"}
OFF: Mapping[str, str] = {"HIVEWP_METRICS": "none", "HIVEWP_LOG_LEVEL": "ERROR"}
ALIKE: Mapping[str, str] = {"PYTHONHASHSEED": "0"}  # else two processes of the same code differ by some percent
PARTS = ("api", "host-1", "webhooks")  # ours; workers are counted with their host
EVENTS = ("message.sent", "message.delivered")
LOOK_EVERY_S = 0.1
SIDES = ("on", "off")


@dataclass(frozen=True, slots=True)
class Rounds:
    """`pairs` of rounds, one of each side, of `seconds` at `rate` messages a second over `instances`."""

    pairs: int = 8
    instances: int = 10
    rate: float = 14.0
    seconds: float = 15.0


@dataclass(slots=True)
class Side:
    """One of the two stacks; `spent`: CPU seconds of each part by round, `messages`: how many each round had."""

    target: Target
    receiver: Receiver
    spent: list[dict[str, float]] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)

    def ms(self, at: int) -> float:
        """CPU per message of a round."""
        return 1000 * sum(self.spent[at].values()) / self.messages[at]

    def report(self) -> dict[str, Any]:
        """CPU per message in ms over all rounds, by part and together."""
        total = sum(self.messages)
        parts = {name: 1000 * sum(spent[name] for spent in self.spent) / total for name in PARTS}
        rounded = {name: round(value, 2) for name, value in parts.items()}
        return {"messages": total, "cpu_ms_per_message": rounded | {"all": round(sum(parts.values()), 2)}}


async def compare(plan: Rounds, folder: Path) -> dict[str, Any]:
    """Runs it on two fresh stacks with their data in `folder`."""
    folder.mkdir(parents=True)  # noqa: ASYNC240 - nothing else is going on yet
    async with AsyncExitStack() as stack:
        sides: dict[str, Side] = {}
        for name, settings in (("on", ON), ("off", OFF)):
            logger.info("starting a stack with metrics and logs %s ...", name)
            target = await stack.enter_async_context(started(folder / name, settings={**ALIKE, **settings}))
            await pairing.pair_all(target, plan.instances)
            sides[name] = await stack.enter_async_context(heard(target))
        return await take_turns(plan, sides)


@asynccontextmanager
async def heard(target: Target) -> AsyncIterator[Side]:
    """A stack, with an endpoint that hears of its messages while this lasts."""
    async with receiving(1) as (receiver, url):
        status, webhook = await target.call("POST", "/v1/webhooks", {"url": url, "events": list(EVENTS)})
        if status != HTTPStatus.CREATED:
            raise BenchFailed(f"creating a webhook: {status} {webhook}")
        yield Side(target, receiver)
        await target.call("DELETE", f"/v1/webhooks/{webhook['id']}")


async def take_turns(plan: Rounds, sides: Mapping[str, Side]) -> dict[str, Any]:
    """The rounds of both sides, `on` and `off`, and their report."""
    for side in sides.values():
        await _round(side, plan)  # warm-up
        side.spent.clear()
        side.messages.clear()
    for at in range(plan.pairs):
        for name in SIDES if at % 2 == 0 else reversed(SIDES):
            await _round(sides[name], plan)
        shown = {name: round(side.ms(at), 2) for name, side in sides.items()}
        logger.info("pair %d of %d, CPU ms per message: %s", at + 1, plan.pairs, shown)
    return report_of(plan, sides)


async def _round(side: Side, plan: Rounds) -> None:
    before_it = [side.receiver.others[event] for event in EVENTS]
    before = processes.cpu_seconds(side.target.run_folder)
    sent = await send_at(side.target, plan.instances, plan.rate, plan.seconds)
    if sent["lost"] or not sent["accepted"]:
        raise BenchFailed(f"messages were lost: {sent}")
    await _delivered(side.receiver, [count + sent["accepted"] for count in before_it])
    after = processes.cpu_seconds(side.target.run_folder)
    side.spent.append({name: after[name] - before[name] for name in PARTS})
    side.messages.append(sent["accepted"])


async def _delivered(receiver: Receiver, wanted: Sequence[int]) -> None:
    async with asyncio.timeout(SETTLE_S):
        while any(receiver.others[event] < count for event, count in zip(EVENTS, wanted, strict=True)):  # noqa: ASYNC110 - of a receiver that tells of other events
            await asyncio.sleep(LOOK_EVERY_S)


def report_of(plan: Rounds, sides: Mapping[str, Side]) -> dict[str, Any]:
    """What the rounds of both sides come to."""
    on, off = sides["on"], sides["off"]
    costs = [100 * (on.ms(at) / off.ms(at) - 1) for at in range(plan.pairs)]
    return {
        "rate_per_s": plan.rate,
        "seconds_a_round": plan.seconds,
        "settings": {"on": dict(ON), "off": dict(OFF)},
        "on": on.report(),
        "off": off.report(),
        "cost_percent": {
            "mean": round(mean(costs), 2),
            "median": round(median(costs), 2),
            "standard_error": round(stdev(costs) / len(costs) ** 0.5, 2) if len(costs) > 1 else None,
            "of_each_pair": [round(cost, 2) for cost in costs],
        },
    }
