"""Proxies' names are looked up by the system, which may be given answers late or never."""

from __future__ import annotations

import asyncio

import pytest

from session_host.worker import proxies
from session_host.worker.proxies import open_proxies
from shared.egress import EgressRefused
from tests.fakes.slow_names import slow_names


async def test_names_that_nobody_answers_for_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a tenant has sessions on a worker: their checks are over in time, their lookups go on."""
    judged = open_proxies(allow_local=True)
    try:
        with slow_names(monkeypatch):
            monkeypatch.setattr(proxies, "LOOKUP_S", 0.2)
            slow = [judged.check(f"http://slow-{n}.example:3128") for n in range(100)]
            refused = await asyncio.gather(*slow, return_exceptions=True)
            assert {type(one) for one in refused} == {EgressRefused}
            monkeypatch.setattr(proxies, "LOOKUP_S", 8.0)  # plenty, however busy the machine is
            await judged.check("http://good.example:3128")
    finally:
        await judged.lookup.close()
