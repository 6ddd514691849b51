"""Proxies' names are looked up by the system, which may be given answers late or never."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from session_host.worker import proxies
from session_host.worker.proxies import open_proxies
from shared.egress import EgressRefused


async def test_names_that_nobody_answers_for_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a tenant has sessions on a worker: their checks are over in time, their lookups go on."""
    given_up = threading.Event()

    def asked(host: str, port: int, **options: Any) -> list[Any]:
        if host.startswith("slow"):
            given_up.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    judged = open_proxies(allow_local=True)
    try:
        monkeypatch.setattr(proxies, "LOOKUP_S", 0.2)
        slow = [judged.check(f"http://slow-{n}.example:3128") for n in range(100)]
        refused = await asyncio.gather(*slow, return_exceptions=True)
        assert {type(one) for one in refused} == {EgressRefused}
        monkeypatch.setattr(proxies, "LOOKUP_S", 8.0)  # plenty, however busy the machine is
        await judged.check("http://good.example:3128")
    finally:
        given_up.set()
        await judged.lookup.close()
