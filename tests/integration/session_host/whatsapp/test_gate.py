"""The library kills the process when its maps are read during a write. Without the gate, at this pace after 300 starts
and stops; more of it by `python -m pytest <this file>` with HIVEWP_GATE_ROUNDS=50."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from session_host.whatsapp.pairing.desk import ProcessDesk
from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import Host, pair
from tests.integration.whatsapp.harness import LocalWhatsApp

ROUNDS = int(os.environ.get("HIVEWP_GATE_ROUNDS", "4"))
CALLERS, CYCLERS = 3, 6
CUSTOMER = "4915559001"


async def test_sessions_start_and_stop_while_others_are_called(
    server: LocalWhatsApp, desk: ProcessDesk, host: Host, tmp_path: Path
) -> None:
    numbers = [f"49155580{each:02}" for each in range(CALLERS + CYCLERS)]
    accounts = await asyncio.gather(*(pair(desk, server, tmp_path, number) for number in numbers))
    callers, cyclers = accounts[:CALLERS], accounts[CALLERS:]
    for account in callers:
        await host.connect(account)

    calling = [asyncio.create_task(call_forever(host, account)) for account in callers]
    await asyncio.gather(*(cycle(host, account) for account in cyclers))

    assert not any(task.done() for task in calling)
    for task in calling:
        task.cancel()
    wear = await host.do("wear")
    assert (wear["starts"], wear["stuck"]) == (CALLERS + CYCLERS * ROUNDS, 0)


async def cycle(host: Host, account: Account) -> None:
    for _ in range(ROUNDS):
        await host.connect(account)
        await host.do("stop", account.key)


async def call_forever(host: Host, account: Account) -> None:
    while True:
        await host.do("set_typing", account.key, CUSTOMER, True)
