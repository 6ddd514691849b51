"""What the owner of a disabled endpoint is told to do."""

from __future__ import annotations

import pytest

from shared.models.endpoint_health import DisabledReason, disabled_reason


@pytest.mark.parametrize("code", DisabledReason)
def test_only_what_waited_for_it_is_said_to_be_replayable(code: DisabledReason) -> None:
    action = disabled_reason(code).action
    assert "What waited for it can be replayed; what came meanwhile is in the event log." in action
