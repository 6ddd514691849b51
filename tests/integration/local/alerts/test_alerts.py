"""A queue that fills is told to a receiver that speaks as Slack does, and so is that it is empty again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from functions.alerts.send import Sender
from functions.api.monitoring.deployment import Deployment as Looked
from functions.api.services import Services, open_services
from local.alerts.__main__ import watch_of
from local.alerts.reading import COUNTED, read
from local.alerts.targets import targets_of
from local.alerts.told import Told
from local.cli.receiver import served
from shared.alarms import catalog as alarms
from shared.clock import iso
from shared.egress import GuardedClient
from shared.figures import Tally
from shared.models.host import HostReport
from shared.queues.names import COMMANDS_DEAD, open_queue
from shared.queues.queue import Outgoing
from shared.store.cache import CacheKind
from tests.conftest import Deployment
from tests.fakes.clock import FakeClock
from tests.integration.functions.api.conftest import settings_of


@pytest.fixture
async def services(deployment: Deployment) -> AsyncIterator[Services]:
    """Those of the process that watches, in a time that the test moves."""
    async with open_services(settings_of(deployment)) as opened:
        yield replace(opened, clock=FakeClock(opened.clock.unix()))


async def test_a_command_that_was_given_up_is_told_and_so_is_that_it_is_gone(
    deployment: Deployment, services: Services, tmp_path: Path
) -> None:
    got: list[dict[str, Any]] = []

    async def hear(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    async with served(hear) as url, GuardedClient(services.policy) as out:
        watch = watch_of(services, "hivewp", Sender(out), targets_of(f"slack+{url}"), Told(tmp_path))

        async def told(looks: int = 1) -> list[str]:
            """What was told in some looks, half a minute apart, sorted: alarms are told side by side."""
            got.clear()
            for _ in range(looks):
                assert isinstance(services.clock, FakeClock)
                services.clock.now += 30
                await watch.look()
            return sorted(body["text"].split("\n")[0] for body in got)

        dead = await open_queue(deployment.sqs, deployment.settings.prefix, COMMANDS_DEAD.name)
        assert await told() == []
        await dead.send(Outgoing("{}", group="acme/shop-1", dedup="1"))
        assert await told(2) == ["*ALARM hivewp: Commands were given up*"]
        (held,) = await dead.receive(wait_s=0)
        await dead.delete([held.handle])
        assert await told(3) == [
            "*ALARM hivewp: A partition has no session host*",  # for there is none here, and now it is three minutes
            "*OK hivewp: Commands were given up (it is over)*",
        ]
        assert await told(3) == []


async def test_a_look_reads_what_all_processes_have_counted(services: Services) -> None:
    now = services.clock.unix()
    for used in (50, 150):
        host = HostReport(id=f"host-{used}", started_at=iso(now), at=iso(now), memory_used=used, memory_limit=200)
        await services.hosts.save(host)
    other = Tally(services.figures, services.clock.monotonic)
    for _ in range(20):
        other.call(500, 2_000)
        other.attempt(delivered=False)
    other.client_outdated()
    other.delivery_dead()
    await other.hand_over(now=True)
    for number in range(100):
        await services.cache.get(CacheKind.NUMBERS, f"acme#{number}")
    await services.cache.flush(now=True)
    found = await read(services, Looked(services))
    assert found.gauges == {
        alarms.PARTITION_UNOWNED: services.partition_count,
        alarms.HOST_MEMORY_HIGH: 75,
        alarms.COMMANDS_DEAD: 0,
    }
    counted = {alarm.id: figure(found.counts) for alarm, figure in COUNTED.items()}
    assert counted.pop("api-latency") == pytest.approx(2_000, rel=0.1)
    assert counted == {
        "client-outdated": 1,
        "deliveries-dead": 1,
        "api-errors": 100,
        "webhook-failures": 100,
        "cache-hit-rate": 0,
    }
