"""Checks of numbers by an instance's owner: what reaches WhatsApp, and what is remembered of its answers."""

from __future__ import annotations

import asyncio

from session_host.whatsapp.port import Disconnected, OutcomeUnknown
from shared.models.command import CommandKind
from shared.models.instance import InstanceState
from shared.store.cache import CacheKind
from tests.integration.session_host.worker.conftest import Bench

CHECK = CommandKind.CHECK_NUMBERS
OLD, NEW = "551187654321", "5511987654321"


async def test_one_query_asks_for_all_forms_and_the_answers_are_kept_for_the_tenant(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key)).unregistered |= {NEW, "4915550003"}
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        asked = [[NEW, OLD], ["4915550002"], ["4915550003"]]
        result = await bench.result(await bench.command(CHECK, instance.key, numbers=asked))
    jids = {NEW: f"{OLD}@s.whatsapp.net", "4915550002": "4915550002@s.whatsapp.net", "4915550003": None}
    assert (result["ok"], result["value"]) == (True, {"jids": jids})
    assert bench.whatsapp.of(str(instance.key)).checked == [(NEW, OLD, "4915550002", "4915550003")]
    kept = await bench.cache.get_many(CacheKind.NUMBERS, [f"acme#{number}" for number in jids])
    assert kept == {f"acme#{number}": {"jid": jid} for number, jid in jids.items()}


async def test_a_yes_is_kept_four_hours_and_a_no_two(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    bench.whatsapp.script(str(instance.key)).unregistered.add("4915550003")
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        before = bench.clock.unix()
        await bench.result(await bench.command(CHECK, instance.key, numbers=[["4915550002"], ["4915550003"]]))
        after = bench.clock.unix()
    for number, hours in (("4915550002", 4), ("4915550003", 2)):
        item = await bench.database.get("cache", {"key": f"numbers#acme#{number}"})
        assert item is not None
        assert before + hours * 3600 <= item["expires_at"] <= after + hours * 3600


async def test_calls_of_many_processes_at_once_are_one_question(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        commands = [
            await bench.command(CHECK, instance.key, numbers=[["4915550002"], [f"491555{n}"]]) for n in range(4)
        ]
        results = await asyncio.gather(*map(bench.result, commands))
    assert {result["value"]["jids"]["4915550002"] for result in results} == {"4915550002@s.whatsapp.net"}
    checked = bench.whatsapp.of(str(instance.key)).checked
    assert [numbers.count("4915550002") for numbers in checked] == [1, 0, 0, 0]


async def test_what_was_not_answered_is_not_remembered(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        bench.whatsapp.script(str(instance.key)).fail_next(OutcomeUnknown("timeout", "no answer"))
        result = await bench.result(await bench.command(CHECK, instance.key, numbers=[["4915550002"]]))
        assert (result["ok"], result["code"]) == (False, "timeout")
        bench.whatsapp.of(str(instance.key)).signal(Disconnected())
        await bench.instance_is(instance.key, InstanceState.CONNECTING)
        result = await bench.result(await bench.command(CHECK, instance.key, numbers=[["4915550002"]]))
        assert (result["ok"], result["code"]) == (False, "not_connected")
    assert await bench.cache.get(CacheKind.NUMBERS, "acme#4915550002") is None


async def test_a_check_without_an_answer_holds_up_no_other_command_and_ends_in_time(bench: Bench) -> None:
    instance = await bench.create(linked=True)
    script = bench.whatsapp.script(str(instance.key))
    async with bench.worker():
        await bench.instance_is(instance.key, InstanceState.CONNECTED)
        script.hold = asyncio.Event()
        slow = await bench.command(CHECK, instance.key, numbers=[["4915550003"]], until=bench.clock.unix() + 120)
        assert (await bench.result(await bench.command(CommandKind.PAIR, instance.key)))["ok"]
        assert await bench.cache.get(CacheKind.RESULT, slow) is None
        script.hold.set()
        assert (await bench.result(slow))["ok"]
        script.hold = asyncio.Event()
        late = await bench.command(CHECK, instance.key, numbers=[["4915550002"]], until=bench.clock.unix() + 3)
        result = await bench.result(late)
        assert (result["ok"], result["code"]) == (False, "timeout")
    assert await bench.cache.get(CacheKind.NUMBERS, "acme#4915550002") is None
