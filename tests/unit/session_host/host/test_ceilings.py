from __future__ import annotations

from dataclasses import replace

import pytest

from session_host.host.ceilings import Ceilings
from shared.models.host import WorkerReport

CEILINGS = Ceilings(memory=1000, descriptors=100, threads=50, ended=500, stuck=20)
FULL = WorkerReport(0, 1, {}, memory=1000, descriptors=100, threads=50, ended=500, stuck=20)


def test_what_is_used_to_the_brim_is_not_too_much() -> None:
    assert CEILINGS.passed(FULL, 1e6) is None


@pytest.mark.parametrize("name", ["memory", "descriptors", "threads", "ended", "stuck"])
def test_each_has_its_ceiling(name: str) -> None:
    used = replace(FULL, **{name: getattr(FULL, name) + 1})
    assert (CEILINGS.passed(used, 600.0) or "").startswith(f"{name} {getattr(used, name)} of")


def test_a_fresh_worker_is_left_alone_unless_it_is_far_beyond() -> None:
    assert CEILINGS.passed(replace(FULL, memory=1200), 599.0) is None
    assert CEILINGS.passed(replace(FULL, memory=1600), 59.0) is None
    assert CEILINGS.passed(replace(FULL, memory=1600), 60.0) == "memory 1600 of 1000"


def test_sessions_that_ended_are_never_urgent() -> None:
    assert CEILINGS.passed(replace(FULL, ended=5000), 599.0) is None
    assert CEILINGS.passed(replace(FULL, ended=5000), 600.0) == "ended 5000 of 500"


@pytest.mark.parametrize("state", ["connecting", "disconnected"])
def test_sessions_that_ended_count_for_nothing_while_most_are_cut_off(state: str) -> None:
    ended = replace(FULL, ended=5000)
    assert CEILINGS.passed(replace(ended, states={"connected": 4, state: 5, "failed": 9}), 1e6) is None
    assert CEILINGS.passed(replace(ended, states={"connected": 5, state: 5, "failed": 9}), 1e6)
    assert CEILINGS.passed(replace(ended, states={state: 5}, memory=2000), 1e6) == "memory 2000 of 1000"
