"""What the tests of the worker share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gained by gathering writes for the fakes."""
    monkeypatch.setattr("session_host.worker.ledger.PACE_S", 0.0)
