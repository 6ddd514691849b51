from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from session_host.whatsapp.pairing.desk import ProcessDesk
from session_host.whatsapp.port import Account
from tests.integration.session_host.whatsapp.hosts import Host, host_for, pair, settings_for
from tests.integration.whatsapp.harness import LocalWhatsApp

NUMBERS = (str(number) for number in count(4915550001))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWhatsApp]:
    """A local WhatsApp for all tests of a module; each takes numbers of its own."""
    server = LocalWhatsApp(tmp_path_factory.mktemp("whatsapp"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def desk(server: LocalWhatsApp) -> AsyncIterator[ProcessDesk]:
    desk = ProcessDesk(settings_for(server))
    yield desk
    await desk.close()


@pytest.fixture
async def host(server: LocalWhatsApp, tmp_path: Path) -> AsyncIterator[Host]:
    """A process with sessions, none of them open yet."""
    async with host_for(server, tmp_path) as host:
        yield host


@pytest.fixture
def number() -> str:
    """A phone number that no other test uses."""
    return next(NUMBERS)


@pytest.fixture
async def shop(desk: ProcessDesk, server: LocalWhatsApp, tmp_path: Path, number: str) -> Account:
    """Paired, not connected. Its key is its phone number."""
    return await pair(desk, server, tmp_path, number)
