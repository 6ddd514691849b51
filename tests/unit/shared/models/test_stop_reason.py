"""Every code says what it means and what to do, and is understood by whoever knows it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from shared.clock import iso
from shared.models.replay import Replay, ReplayState, replay_from
from shared.models.stop_reason import StopReason, stop_reason

ASKED = Replay(id="rpl_1", tenant="acme", webhook_id="wh_a", since=iso(1), until=iso(2), asked_at=iso(3))


@pytest.mark.parametrize("code", list(StopReason))
def test_every_code_explains_itself(code: StopReason) -> None:
    found = stop_reason(code)
    assert found.code == code
    assert found.detail.endswith(".")
    assert found.action.endswith(".")


def test_a_code_that_only_newer_ones_know_is_none() -> None:
    stopped = ASKED.ended(ReplayState.STOPPED, 4, StopReason.REQUESTED)
    assert replay_from(asdict(stopped)) == stopped
    read = replay_from(asdict(stopped) | {"reason": "moonlight"})
    assert (read.state, read.reason) == (ReplayState.STOPPED, None)
    assert read.told() == "rpl_1: 0 replayed, 0 expired"
