"""The page about webhooks names what there is."""

from __future__ import annotations

import pytest

from shared.models.event import EventType
from shared.models.webhook import Cause
from shared.store.webhook_journal import EndpointChange
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "webhooks.md").read_text()


@pytest.mark.parametrize("words", [EventType, EndpointChange, Cause], ids=lambda words: words.__name__)
def test_every_word_of_ours_stands_on_the_page(words: type[EventType | EndpointChange | Cause]) -> None:
    assert not [word for word in words if f"`{word}`" not in PAGE]
