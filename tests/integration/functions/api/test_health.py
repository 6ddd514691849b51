"""Health over HTTP: what a deployment says of itself while it comes up and goes down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.aws import client
from shared.clock import iso
from shared.models.host import HostReport, WorkerReport
from shared.store.database import Database
from shared.store.partitions import Partitions
from tests.conftest import Deployment
from tests.fakes.clock import FakeClock
from tests.integration.functions.api.conftest import client_of
from tests.integration.functions.api.test_bad_input import assert_problem

MB = 1 << 20


async def health(services: Services) -> Any:
    """The health that a fresh process tells."""
    async with client_of(services, key=None) as anybody:
        answer = await anybody.get("/monitoring/health")
    assert answer.status_code == 200
    return answer.json()


async def beat(services: Services, host: str, states: dict[str, int], ago: float = 0, working: int = 2) -> None:
    now = iso(services.clock.unix() - ago)
    workers = (WorkerReport(0, 1, states, 60 * MB, 9, 30), WorkerReport(1, 2, {}, 60 * MB, 9, 30))[:working]
    report = HostReport(id=host, started_at=now, at=now, memory_used=150 * MB, memory_limit=600 * MB, workers=workers)
    await services.hosts.save(report)


async def test_healthy_means_that_every_partition_has_a_living_owner(
    api: httpx.AsyncClient, services: Services
) -> None:
    for number in range(6):
        await api.post("/v1/instances", json={"id": f"shop-{number}"})
    found = await health(services)
    assert found["status"] == "degraded"
    assert found["instances"] == {"total": 6, "connected": 0, "connecting": 0, "disconnected": 6}
    assert found["memory"] == {"used": 0, "limit": 0, "usage": 0.0}
    leases = await services.partitions.leases()
    await services.partitions.take(leases[0], "host-1")
    await beat(services, "host-1", {"connected": 2, "created": 1, "pairing": 1, "connecting": 1, "failed": 1})
    assert (await health(services))["status"] == "degraded"
    held = await services.partitions.take(leases[1], "host-1")
    found = await health(services)
    assert found["status"] == "healthy"
    assert found["instances"] == {"total": 6, "connected": 2, "connecting": 3, "disconnected": 1}
    assert found["memory"] == {"used": 150 * MB, "limit": 600 * MB, "usage": 0.25}
    assert found["uptime"] >= 0
    await services.partitions.release(held)
    assert (await health(services))["status"] == "degraded"


async def test_a_host_that_fell_silent_is_dead(services: Services) -> None:
    for lease in await services.partitions.leases():
        await services.partitions.take(lease, "host-1")
    await beat(services, "host-1", {}, ago=31)
    assert (await health(services))["status"] == "degraded"
    await beat(services, "host-1", {}, ago=11)
    assert (await health(services))["status"] == "healthy"


async def test_a_partition_whose_worker_does_not_stay_up_is_not_served(services: Services) -> None:
    for lease in await services.partitions.leases():
        await services.partitions.take(lease, "host-1")
    await beat(services, "host-1", {}, working=1)
    assert (await health(services))["status"] == "degraded"


async def test_who_asks_for_health_and_for_metrics_is_told_by_one_look(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, alive = 0, services.hosts.alive

    async def counted() -> list[HostReport]:
        nonlocal looks
        looks += 1
        return await alive()

    monkeypatch.setattr(services.hosts, "alive", counted)
    standing = replace(services, clock=FakeClock(services.clock.unix()))
    async with client_of(standing) as caller:
        for path in ("/monitoring/health", "/monitoring/metrics", "/monitoring/health"):
            assert (await caller.get(path)).status_code == 200
    assert looks == 1


async def test_without_its_database_the_api_is_not_ready(services: Services, deployment: Deployment) -> None:
    nowhere = replace(deployment.settings, endpoint_url="http://127.0.0.1:9")
    async with client(nowhere, "dynamodb") as unreachable:
        partitions = Partitions(Database(unreachable, nowhere.prefix), 2)
        async with client_of(replace(services, partitions=partitions), key=None) as anybody:
            assert_problem(await anybody.get("/monitoring/health"), 503, "unavailable")
