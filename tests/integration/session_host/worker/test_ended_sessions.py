"""Sessions that are ended on purpose while messages go out: each message still comes to a known end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.models.command import CommandKind
from shared.models.instance import InstanceKey, InstanceState
from shared.models.message import MessageState
from tests.integration.session_host.worker.conftest import Bench, eventually

RESTARTS = 100
PATIENCE_S = 300.0
LOOK_EVERY_S = 0.05
ANSWER_S = 0.05
AHEAD = 3  # messages that wait: so one is nearly always under way
SETTLED = {MessageState.SENT, MessageState.FAILED, MessageState.UNCERTAIN}


async def states(bench: Bench, key: InstanceKey, ids: list[str]) -> set[MessageState]:
    """The states of the messages once all are settled."""
    found: set[MessageState] = set()
    for one in ids:
        while (message := await bench.messages.get(str(key), one)) is None or message.state not in SETTLED:
            await asyncio.sleep(LOOK_EVERY_S)
        found.add(message.state)
    return found


@pytest.mark.timeout(400)
async def test_restarts_under_traffic_leave_no_message_uncertain(bench: Bench) -> None:
    key = (await bench.create(linked=True)).key
    bench.whatsapp.script(str(key)).answer_s = ANSWER_S
    ids: list[str] = []

    async def write() -> None:
        while True:
            arrived = sum(len(session.sent) for session in bench.whatsapp.sessions)
            if len(ids) - arrived < AHEAD:
                ids.append(await bench.send(key, f"n{len(ids)}"))
            await asyncio.sleep(ANSWER_S / 4)

    async with bench.worker(), asyncio.timeout(PATIENCE_S):
        writing = asyncio.create_task(write())
        for _ in range(RESTARTS):
            session = bench.whatsapp.sessions[-1]
            while not session.sent:
                await asyncio.sleep(ANSWER_S / 4)
            assert (await bench.result(await bench.command(CommandKind.RESTART, key)))["ok"]
        writing.cancel()
        assert await states(bench, key, ids) == {MessageState.SENT}
    assert len(bench.whatsapp.sessions) == RESTARTS + 1
    assert all(session.sent for session in bench.whatsapp.sessions[:-1])


@pytest.mark.parametrize("how", ["restart", "proxy", "logout", "drain"])
async def test_a_send_under_way_ends_before_its_session_does(bench: Bench, how: str) -> None:
    instance = await bench.create(linked=True)
    key = instance.key
    script = bench.whatsapp.script(str(key))
    script.answer_s = 1.0
    async with bench.worker():
        first = await bench.send(key, "under way")
        session = await eventually(lambda: next((one for one in bench.whatsapp.sessions if one.sent), None))
        if how == "restart":
            await bench.command(CommandKind.RESTART, key)
        elif how == "logout":
            await bench.command(CommandKind.LOGOUT, key)
        elif how == "proxy":
            sealed = bench.vault.seal("http://127.0.0.1:9", f"proxy:{key}")
            await bench.instances.change(
                key, lambda one: replace(one, settings=replace(one.settings, proxy_url=sealed))
            )
            await bench.command(CommandKind.SETTINGS, key)
        if how != "drain":
            await eventually(lambda: session.stopped)
    assert session.stopped
    assert await states(bench, key, [first]) == {MessageState.SENT}
    if how == "logout":
        await bench.instance_is(key, InstanceState.PAIRING)
