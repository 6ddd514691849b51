from __future__ import annotations

import os
from pathlib import Path

import pytest

from session_host.host import cpu


class Machine:
    """Seconds of CPU by process, and a clock."""

    def __init__(self) -> None:
        self.now, self.seconds = 0.0, {1: 10.0, 2: 5.0}

    def spent(self) -> dict[int, float]:
        return dict(self.seconds)


def test_use_is_what_was_spent_since_the_last_look() -> None:
    machine = Machine()
    use = cpu.CpuUse(lambda: machine.now, machine.spent)
    assert use.look() == 0.0, "no time has passed"
    machine.now, machine.seconds = 10.0, {1: 12.0, 2: 8.0}
    assert use.look() == 0.5
    machine.now, machine.seconds = 20.0, {1: 12.0, 3: 1.0}
    assert use.look() == 0.1, "a process that ended takes nothing away, a new one counts from its start"


def test_children_are_part_of_it() -> None:
    assert cpu.spent()[os.getpid()] > 0


@pytest.mark.parametrize(("text", "cores"), [("50000 100000\n", 0.5), ("max 100000\n", None), ("nonsense", None)])
def test_a_quota_is_the_limit(tmp_path: Path, text: str, cores: float | None) -> None:
    (tmp_path / "cpu.max").write_text(text)
    whole = float(len(os.sched_getaffinity(0)))
    assert cpu.limit(tmp_path / "cpu.max") == (whole if cores is None else cores)
    assert cpu.limit(tmp_path / "none") == whole
