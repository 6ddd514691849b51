"""Every code says what it means and what to do."""

from __future__ import annotations

import pytest

from shared.models.dead_reason import DeadReason, dead_reason


@pytest.mark.parametrize("code", list(DeadReason))
def test_every_code_explains_itself(code: DeadReason) -> None:
    found = dead_reason(code)
    assert found.code == code
    assert found.detail.endswith(".")
    assert "/replay" in found.action
