from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.whatsapp.harness import LocalWhatsApp, RealClient

Start = Callable[[str], Awaitable[RealClient]]
"""Starts a client process for a number; its database is kept by number within a test."""

_numbers = itertools.count(15_550_001)


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWhatsApp]:
    server = LocalWhatsApp(tmp_path_factory.mktemp("whatsapp"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: LocalWhatsApp) -> LocalWhatsApp:
    """A running server. Other tests use it too, with other numbers."""
    return shared_server


@pytest.fixture
def me() -> str:
    """A number of this test's own."""
    return str(next(_numbers))


@pytest.fixture
def you() -> str:
    return str(next(_numbers))


@pytest.fixture
def other() -> str:
    return str(next(_numbers))


@pytest.fixture
def phone() -> str:
    """A number that has a phone and no companion."""
    return str(next(_numbers))


@pytest.fixture
async def start(server: LocalWhatsApp, tmp_path: Path) -> AsyncIterator[Start]:
    clients: list[RealClient] = []

    async def start(number: str) -> RealClient:
        client = RealClient(server, number, tmp_path / f"{number}.db")
        clients.append(client)
        await client.start()
        return client

    yield start
    for client in clients:
        await client.stop()
