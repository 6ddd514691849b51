"""The store against a DynamoDB that answers over the wire."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.clock import SystemClock, iso
from shared.ids import new_id
from shared.models.event import Event, EventType
from shared.models.host import Lease
from shared.models.instance import Instance, InstanceSettings, InstanceState, Pacing
from shared.models.mark import Mark
from shared.models.message import Message, MessageState, Step
from shared.reasons import reason
from shared.store.cache import Cache, CacheKind
from shared.store.database import TransactionRefused
from shared.store.events import Events, event_put, mark_put
from shared.store.instances import InstanceExists, Instances, PartitionsFull, state_update
from shared.store.messages import AlreadyAccepted, IdempotencyKey, Messages, advance
from shared.store.partitions import LeaseLost, Partitions, fence_check, outbox_put
from tests.conftest import PARTITIONS, Deployment
from tests.fakes.spans import PARENT

NOW = 1_800_000_000.0


def an_instance(number: int = 1) -> Instance:
    settings = InstanceSettings(ignore_groups=True, pacing=Pacing(min_gap_ms=5))
    return Instance(tenant="acme", id=f"shop-{number}", partition=0, created_at=iso(NOW), settings=settings)


def a_message(instance: str = "acme#shop-1") -> Message:
    steps = (Step(MessageState.ACCEPTED, iso(NOW)),)
    content = {"text": "hi"}
    return Message(
        id=new_id("msg"), instance=instance, to="1", type="text", content=content, state=steps[0].state, timeline=steps
    )


async def test_instances_spread_over_partitions_and_come_back_as_they_were(deployment: Deployment) -> None:
    instances = Instances(deployment.database)
    made = await asyncio.gather(*(instances.create(an_instance(n), PARTITIONS) for n in range(10)))
    placed = [sum(one.partition == p for one in made) for p in range(PARTITIONS)]
    assert sum(placed) == 10
    assert max(placed) - min(placed) <= 4
    assert await instances.get(made[3].key) == made[3]
    assert {one.id for one in await instances.of_partition(0)} == {one.id for one in made if one.partition == 0}
    with pytest.raises(InstanceExists):
        await instances.create(an_instance(3), PARTITIONS)
    assert await Partitions(deployment.database, PARTITIONS).load() == 10


async def test_a_full_deployment_takes_no_more(deployment: Deployment) -> None:
    instances = Instances(deployment.database)
    tries = (instances.create(an_instance(n), PARTITIONS, capacity=3) for n in range(9))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Instance) for result in results) == 3 * PARTITIONS
    assert sum(isinstance(result, PartitionsFull) for result in results) == 9 - 3 * PARTITIONS


async def test_an_instance_being_deleted_is_hidden_until_it_is_erased(deployment: Deployment) -> None:
    instances, partitions = Instances(deployment.database), Partitions(deployment.database, PARTITIONS)
    made = await instances.create(an_instance(), PARTITIONS)
    assert await instances.mark_deleting(made.key)
    assert await instances.get(made.key) is None
    assert [one.deleting for one in await instances.of_partition(made.partition)] == [True]
    await instances.erase(made)
    await instances.erase(made)
    assert await partitions.load() == 0
    assert (await instances.create(an_instance(), PARTITIONS)).id == made.id


async def test_a_state_is_stored_with_its_reason_and_cleared_with_it(deployment: Deployment) -> None:
    instances = Instances(deployment.database)
    made = await instances.create(an_instance(), PARTITIONS)
    why = reason("qr_expired")
    await deployment.database.write(state_update(made.key, InstanceState.DISCONNECTED, iso(NOW), why))
    found = await instances.get(made.key)
    assert found == replace(made, state=InstanceState.DISCONNECTED, since=iso(NOW), reason=why)
    await deployment.database.write(state_update(made.key, InstanceState.CONNECTED, iso(NOW), linked=True))
    found = await instances.get(made.key)
    assert found is not None
    assert (found.reason, found.linked) == (None, True)


async def test_one_idempotency_key_makes_one_message(deployment: Deployment) -> None:
    messages = Messages(deployment.database)

    async def accept() -> str:
        message = a_message()
        try:
            await messages.accept(message, NOW, IdempotencyKey("order-7", "digest"))
        except AlreadyAccepted as earlier:
            return earlier.message_id
        return message.id

    assert len(set(await asyncio.gather(*(accept() for _ in range(12))))) == 1


async def test_a_message_only_moves_forward(deployment: Deployment) -> None:
    messages = Messages(deployment.database)
    message = replace(a_message(), traceparent=PARENT)
    await messages.accept(message, NOW)
    sent = advance(
        message.instance,
        message.id,
        [Step(MessageState.SENDING, "a"), Step(MessageState.SENT, "b")],
        whatsapp_id="3EB0",
    )
    await deployment.database.transact([sent])
    with pytest.raises(TransactionRefused) as refusal:
        await deployment.database.transact([sent])
    assert refusal.value.refused == (0,)
    found = await messages.get(message.instance, message.id)
    assert found is not None
    assert [step.state for step in found.timeline] == ["accepted", "sending", "sent"]
    assert await messages.by_whatsapp_id(message.instance, "3EB0") == message.id
    assert await messages.traceparent(message.instance, message.id) == PARENT
    assert await messages.traceparent(message.instance, "msg_other") is None


async def test_a_lease_is_taken_once_and_fences_its_former_owner(deployment: Deployment) -> None:
    partitions = Partitions(deployment.database, PARTITIONS)
    seen = (await partitions.leases())[0]
    assert seen == Lease(0)
    held = await partitions.take(seen, "host-a")
    with pytest.raises(LeaseLost):
        await partitions.take(seen, "host-b")
    held = await partitions.renew(held)
    await deployment.database.transact([fence_check(held), outbox_put(0, {"acme#shop-1": 4})])
    successor = await partitions.take((await partitions.leases())[0], "host-b")
    assert successor.epoch == held.epoch + 1
    with pytest.raises(TransactionRefused):
        await deployment.database.transact([fence_check(held), outbox_put(0, {})])
    with pytest.raises(LeaseLost):
        await partitions.renew(held)
    assert await partitions.outbox(0) == {"acme#shop-1": 4}
    await partitions.release(successor)
    assert (await partitions.leases())[0].owner is None


async def test_the_event_log_reads_in_order_and_takes_a_sequence_once(deployment: Deployment) -> None:
    events, key = Events(deployment.database), an_instance().key
    for sequence in (1, 2, 3):
        event = Event(new_id("evt"), EventType.INSTANCE_STATE, iso(NOW), {"n": sequence}, key.id, sequence)
        await deployment.database.write(event_put(key, event, NOW))
    assert (await events.mark(str(key))).last == 3
    bodies = await events.after(str(key), 1, 10)
    assert ['"sequence":2' in bodies[0], '"sequence":3' in bodies[1], len(bodies)] == [True, True, 2]
    with pytest.raises(TransactionRefused):
        await deployment.database.transact([event_put(key, event, NOW)])


async def test_the_last_sequence_outlives_the_log_and_is_no_event(deployment: Deployment) -> None:
    events, key = Events(deployment.database), an_instance().key
    await deployment.database.write(mark_put(key, Mark(41)))
    assert (await events.mark(str(key))).last == 41
    for after in (-1, 0):
        assert await events.after(str(key), after, 10) == []
    assert await events.get(str(key), 0) is None


async def test_the_cache_forgets_on_time_even_if_dynamodb_has_not(deployment: Deployment) -> None:
    class Later(SystemClock):
        ahead = 0.0

        def unix(self) -> float:
            return super().unix() + self.ahead

    clock = Later()
    cache = Cache(deployment.database, clock)
    await cache.put(CacheKind.QR, "acme#shop-1", {"code": "2@x"}, 30)
    assert await cache.get(CacheKind.QR, "acme#shop-1") == {"code": "2@x"}
    clock.ahead = 31
    assert await cache.get(CacheKind.QR, "acme#shop-1") is None


async def test_the_cache_is_filled_counted_and_cleared_many_at_once(deployment: Deployment, clock: SystemClock) -> None:
    one, other = (Cache(deployment.database, clock) for _ in range(2))
    values = {f"acme#{number}": ({"jid": f"{number}"}, 60.0) for number in range(120)}
    await one.put_many(CacheKind.NUMBERS, values | {"rival#1": ({"jid": None}, 60.0)})
    assert len(await other.get_many(CacheKind.NUMBERS, [*values, "acme#x"])) == 120
    await one.flush()
    await other.flush()
    assert (await one.counted())["numbers"] == {"hits": 120, "misses": 1, "expired": 0, "writes": 121}
    assert await other.clear([CacheKind.NUMBERS], "acme") == 120
    found = await Cache(deployment.database, clock).get_many(CacheKind.NUMBERS, [*values, "rival#1"])
    assert found == {"rival#1": {"jid": None}}
