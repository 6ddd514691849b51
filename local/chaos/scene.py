"""What a drill sees of the ground and does to it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from local.bench.processes import pid_of
from local.chaos import processes
from local.chaos.ground import DrillFailed, Ground, until_true
from local.chaos.service import Frozen, serves
from local.chaos.shop import Shop
from local.chaos.traffic import Traffic

BACK_S = 90.0
SEEN_AFTER_S = 0.5  # a blow shows in the record of connections within that


@dataclass(frozen=True, slots=True)
class Check:
    """A claim of a drill beyond the common ones, and what was seen."""

    claim: str
    holds: bool
    seen: str = ""


@dataclass(slots=True)
class Scene:
    """`struck_at`: unix time of the first blow. `hit`: the shops it meant; `checks`: what the drill itself judges."""

    ground: Ground
    traffic: Traffic
    struck_at: float | None = None
    hit: list[Shop] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def strike(self) -> None:
        """The blow falls now."""
        self.struck_at = self.struck_at or time.time()

    def check(self, claim: str, holds: bool, seen: object = "") -> None:
        """Notes whether a claim holds."""
        self.checks.append(Check(claim, holds, str(seen)))

    def pid(self, part: str) -> int:
        """A living part's process id. Raises DrillFailed."""
        pid = pid_of(self.ground.run_folder, part)
        if pid is None:
            raise DrillFailed(f"{part} does not run")
        return pid

    def workers(self, host: str) -> dict[int, int]:
        """Partition -> process id. Raises DrillFailed when the host has none."""
        workers = processes.workers_of(self.ground.run_folder, host)
        if not workers:
            raise DrillFailed(f"{host} has no workers")
        return workers

    async def shops_of(self, pids: list[int]) -> list[Shop]:
        """The shops whose connections these processes hold. Raises DrillFailed when there are none."""
        ports = processes.ports_of(pids)
        stays = {shop: await self.ground.stays(shop) for shop in self.ground.shops}
        found = [
            shop for shop, of_one in stays.items() if any(s["closed"] is None and s["port"] in ports for s in of_one)
        ]
        if not found:
            raise DrillFailed("the blow would hit no connection")
        return found

    async def kill(self, pids: list[int]) -> None:
        """kill -9, all at once."""
        self.strike()
        processes.send(signal.SIGKILL, pids)
        await asyncio.sleep(SEEN_AFTER_S)

    async def another(self, part: str, before: int, patience_s: float = 60.0) -> None:
        """Waits until the part has another process. Raises DrillFailed."""

        async def there() -> bool:
            return pid_of(self.ground.run_folder, part) not in {None, before}

        if not await until_true(there, patience_s):
            raise DrillFailed(f"{part} was not started again in {patience_s:g} s")

    async def all_back(self, shops: list[Shop] | None = None, patience_s: float = BACK_S) -> bool:
        """Waits until the shops (all, unless named) are in service; whether they came in that time."""

        async def back() -> bool:
            for shop in self.ground.shops if shops is None else shops:
                if not await self.ground.in_service(shop, self.frozen):
                    return False
            return True

        return await until_true(back, patience_s)

    async def moved(self, shops: list[Shop], since: float, patience_s: float = BACK_S) -> float | None:
        """Waits until the shops are in service on connections opened after `since`; the unix time at which the last
        of them was, None when they did not come."""
        served_at: dict[Shop, float] = {}

        async def elsewhere() -> bool:
            for shop in shops:
                stays = [s for s in await self.ground.stays(shop) if s["opened"] >= since and serves(s, self.frozen)]
                if not stays:
                    return False
                served_at[shop] = stays[0]["active"]
            return True

        return max(served_at.values()) if await until_true(elsewhere, patience_s) else None

    async def reaches(self, shop: Shop, state: str, patience_s: float = 30.0) -> dict[str, Any]:
        """The instance once it is in that state, or as it is after that time."""
        latest: dict[str, Any] = {}

        async def there() -> bool:
            nonlocal latest
            latest = await self.ground.state(shop)
            return latest.get("state") == state

        await until_true(there, patience_s)
        return latest

    @asynccontextmanager
    async def stopped(self, pids: list[int], silent: list[int] | None = None) -> AsyncIterator[None]:
        """The processes are frozen while the block runs; `silent` are those of them that hold connections."""
        ports = processes.ports_of(pids if silent is None else silent)
        processes.send(signal.SIGSTOP, pids)
        self.strike()
        self.frozen.append(Frozen(ports, time.time()))
        try:
            yield
        finally:
            processes.send(signal.SIGCONT, pids)
            self.frozen[-1] = replace(self.frozen[-1], until=time.time())
