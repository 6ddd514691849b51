"""What a worker tells operators: counts of its instances, its oldest command, and memory that it gave back."""

from __future__ import annotations

import time

from session_host.whatsapp.port import Rejected
from shared.models.command import NOBODY, CommandKind
from shared.models.instance import InstanceState
from shared.models.mark import Mark
from shared.models.message import MessageState
from shared.store.cache import CacheKind
from tests.integration.session_host.worker.conftest import Bench, eventually
from tests.integration.session_host.worker.test_worker import received


async def test_counts_of_an_instance_go_on_under_its_next_owner(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    key = instance.key

    async def mark() -> Mark:
        return await bench.events.mark(str(key))

    async def connected(times: int) -> bool:
        return (await mark()).connections == times

    bench.whatsapp.script(str(key)).fail_next(Rejected("463", "too many new chats"))
    async with bench.worker():
        refused, sent = [await bench.send(key, text) for text in ("first", "second")]
        await bench.message_is(key, refused, MessageState.FAILED)
        await bench.message_is(key, sent, MessageState.SENT)
        for wa_id, from_me in (("3EB01", False), ("3EB01", False), ("3EB02", True)):
            bench.whatsapp.of(str(key)).signal(received(wa_id, from_me=from_me))
    async with bench.worker():
        await eventually(lambda: connected(2))
        await bench.message_is(key, await bench.send(key), MessageState.SENT)
    found = await mark()
    assert (found.sent, found.failed, found.received, found.uncertain, found.reconnects) == (2, 1, 1, 0, 1)
    events = await bench.logged(key)
    assert found.last == len(events)
    assert found.active_at == [event["timestamp"] for event in events if event["type"].startswith("message.")][-1]


async def test_garbage_is_collected_for_whoever_waits(bench: Bench) -> None:
    async with bench.worker():
        late = await bench.command(CommandKind.COLLECT_GARBAGE, NOBODY, until=time.time() - 1)
        broken = await bench.command(CommandKind.COLLECT_GARBAGE, NOBODY)
        asked = await bench.command(CommandKind.COLLECT_GARBAGE, NOBODY, until=time.time() + 60)
        found = await bench.result(asked)
        assert found["ok"]
        assert all(found["value"][name] > 1 << 20 for name in ("before", "after"))
        for nobody_waits in (late, broken):
            assert await bench.cache.get(CacheKind.RESULT, nobody_waits) is None
    assert (await bench.commands.depth()).waiting == 0
    assert not bench.crashes


async def test_the_oldest_command_in_hand_is_known(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key), connects=False)
    before = int(time.time())
    async with bench.worker() as worker:
        assert worker.oldest() == 0
        await bench.send(instance.key)
        assert await eventually(worker.oldest) >= before
        await bench.instance_is(instance.key, InstanceState.CONNECTING)
