"""One session that brings its worker down each time it connects, among neighbours; all processes are real."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.clock import iso
from shared.ids import new_id
from shared.models.command import Command, CommandKind
from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.queues.commands import CommandQueues
from shared.queues.names import commands_name, open_queue
from shared.store.instances import Instances
from tests.conftest import Deployment
from tests.integration.session_host.host.site import Site

HERE = Path(__file__).parent
PATIENCE_S = 150
MARKED = InstanceKey("acme", "shop-3")


async def create(deployment: Deployment, name: str) -> InstanceKey:
    """An instance on partition 0 that was connected yesterday."""
    made = Instance(tenant="acme", id=name, partition=0, created_at=iso(0), state=InstanceState.CONNECTED, linked=True)
    return (await Instances(deployment.database).create(made, 1)).key


@pytest.mark.timeout(400)
async def test_it_is_set_aside_its_neighbours_stay_and_its_owner_may_try_again(site: Site) -> None:
    keys = [await create(site.deployment, f"shop-{number}") for number in range(6)]
    site.env = {"TEST_MARKED": str(MARKED), "HIVEWP_LEASE_S": "10"}
    await site.start("host-1", sys.executable, str(HERE / "crashing_worker.py"))
    await states(site, keys, lambda key: InstanceState.FAILED if key == MARKED else InstanceState.CONNECTED)
    failed = await Instances(site.deployment.database).get(MARKED)
    assert failed is not None
    assert failed.reason is not None
    assert failed.reason.code == "crashes_session_host"
    worker = site.folder / "run" / "host-1-worker-0.pid"
    pid = worker.read_text()

    queue = await open_queue(site.deployment.sqs, site.deployment.settings.prefix, commands_name(0))
    await CommandQueues(lambda _: queue).send(0, Command(new_id("cmd"), CommandKind.RESTART, MARKED, {}))
    await site.see(lambda: worker.exists() and worker.read_text() not in {pid, ""})
    await states(site, keys, lambda key: InstanceState.FAILED if key == MARKED else InstanceState.CONNECTED)


async def states(site: Site, keys: list[InstanceKey], wanted: Callable[[InstanceKey], InstanceState]) -> None:
    """Waits until each instance is in the state it should be in."""
    instances = Instances(site.deployment.database)
    found: dict[InstanceKey, str] = {}
    expected = {key: wanted(key) for key in keys}
    async with asyncio.timeout(PATIENCE_S):
        while found != expected:
            await asyncio.sleep(0.1)
            stored = {key: await instances.get(key) for key in keys}
            found = {key: one.state for key, one in stored.items() if one}
