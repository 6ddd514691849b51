"""The whole server in this process: how it starts, refuses to start, and stops."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import aiohttp
import psutil
import pytest

from local.whatsapp.server import Ports, Server, StartError

FREE = Ports(0, 0)


async def test_it_starts_on_free_ports_writes_them_down_and_stops(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", FREE)
    ports = await server.start()
    listed = json.loads((tmp_path / "data/ports.json").read_text())
    assert listed == {"control": ports.control, "proxy": ports.proxy}
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{ports.control}/stats") as answer:
        assert (await answer.json())["unanswered"] == 0
    addresses = {
        each.laddr.ip for each in psutil.Process().net_connections("inet") if each.laddr.port in listed.values()
    }
    assert addresses == {"127.0.0.1"}
    await server.stop()
    again = Server(tmp_path / "data", ports)
    assert await again.start() == ports
    await again.stop()


async def test_a_port_that_is_taken_is_a_clear_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Server(tmp_path, Ports(taken.getsockname()[1], 0))
        with pytest.raises(StartError, match="in use"):
            await server.start()
    assert not (tmp_path / "ports.json").exists()
    server = Server(tmp_path, FREE)
    await server.start()
    await server.stop()


async def test_a_folder_that_is_in_use_is_a_clear_error(tmp_path: Path) -> None:
    first = Server(tmp_path, FREE)
    await first.start()
    with pytest.raises(StartError, match="another"):
        await Server(tmp_path, FREE).start()
    await first.stop()


async def test_a_broken_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(StartError, match="not usable"):
        await Server(tmp_path, FREE).start()
