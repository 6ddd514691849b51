"""What is read of instances and their logs where only figures are wanted: the same as the whole, and less."""

from __future__ import annotations

from shared.models.instance import Instance, InstanceKey, InstanceState
from shared.models.mark import Mark
from shared.store.events import Events, mark_put
from shared.store.instances import Instances, Standing, state_update
from shared.store.partitions import Partitions
from tests.conftest import Deployment

AT, LATER = "2026-01-31T12:00:00.000Z", "2026-01-31T12:05:00.000Z"


async def test_standings_tell_what_whole_instances_do(deployment: Deployment) -> None:
    instances = Instances(deployment.database)
    keys = [InstanceKey("acme", name) for name in ("shop-1", "shop-2", "shop-3")]
    placed = [
        await instances.create(Instance(tenant=key.tenant, id=key.id, partition=0, created_at=AT), 2) for key in keys
    ]
    await deployment.database.write(state_update(keys[1], InstanceState.CONNECTED, LATER))
    await instances.mark_deleting(keys[2])
    found, last = await instances.standings("acme")
    assert last is None
    assert found == [
        Standing(keys[0], InstanceState.CREATED, AT, placed[0].partition),
        Standing(keys[1], InstanceState.CONNECTED, LATER, placed[1].partition),
    ]
    assert await instances.standings("acme", 1) == (found[:1], "shop-1")
    assert await instances.standings("acme", 1, "shop-1") == (found[1:], "shop-2")
    partitions = Partitions(deployment.database, 2)
    lease = await partitions.take((await partitions.leases())[1], "host-1")
    assert await partitions.look() == ([(await partitions.leases())[0], lease], await partitions.load())


async def test_counts_are_the_marks_without_their_last(deployment: Deployment) -> None:
    key, mark = InstanceKey("acme", "shop-1"), Mark(9, sent=3, received=2, connections=2, active_at=AT)
    await deployment.database.write(mark_put(key, mark))
    events = Events(deployment.database)
    assert await events.marks([str(key), "acme#none"]) == {str(key): mark}
    assert await events.counts([str(key), "acme#none"]) == {
        str(key): Mark(sent=3, received=2, connections=2, active_at=AT)
    }
