from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

import pytest

from session_host.health import trouble
from session_host.host.pulse import Pulse
from session_host.host.sight import Sight
from tests.fakes.clock import FakeClock


def test_it_beats_from_the_first_look_at_the_leases_on(tmp_path: Path) -> None:
    clock, file = FakeClock(100.0), tmp_path / "alive"
    sight = Sight(clock)
    pulse = Pulse(file, sight, clock)
    pulse.beat()
    assert not file.exists()
    sight.reached()
    clock.now += 200
    pulse.beat()
    assert trouble(file.read_text(), clock.now) == "the leases could not be reached for too long"
    sight.reached()
    pulse.beat()
    assert trouble(file.read_text(), clock.now) is None
    assert list(tmp_path.iterdir()) == [file]


def test_a_disk_that_takes_nothing_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(100.0)
    sight = Sight(clock)
    sight.reached()
    with caplog.at_level(logging.WARNING):
        Pulse(tmp_path / "gone" / "alive", sight, clock).beat()
    assert "health file" in caplog.text


async def test_it_takes_its_file_along(tmp_path: Path) -> None:
    clock, file = FakeClock(100.0), tmp_path / "alive"
    sight = Sight(clock)
    sight.reached()
    running = asyncio.create_task(Pulse(file, sight, clock, every_s=0.001).run())
    async with asyncio.timeout(20):
        while not file.exists():
            await asyncio.sleep(0.001)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert not file.exists()
