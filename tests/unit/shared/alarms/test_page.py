"""docs/alarms.md says what the list says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.alarms import ALL, Alarm, Missing

PAGE = Path(__file__).resolve().parents[4] / "docs" / "alarms.md"
COUNTS_AS = {Missing.GOOD: "all is well", Missing.BAD: "bad", Missing.NO_CHANGE: "no change"}


def sections() -> dict[str, str]:
    """The page's sections by their heading, on one line each."""
    parts = re.split(r"^### (.+)$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def test_the_page_has_every_alarm_in_the_lists_order_and_no_other() -> None:
    assert list(sections()) == [alarm.id for alarm in ALL]


@pytest.mark.parametrize("alarm", ALL, ids=lambda alarm: alarm.id)
def test_an_alarm_is_explained_in_the_lists_words(alarm: Alarm) -> None:
    assert sections()[alarm.id] == (
        f"**{alarm.title}**: {alarm.condition()} {alarm.meaning} First thing to do: {alarm.first_step} "
        f"A period without a figure counts as {COUNTS_AS[alarm.missing]}. {alarm.missing_because}"
    )
    assert f"| [{alarm.id}](#{alarm.id}) | {alarm.title}: {alarm.condition()} | {alarm.dashboard} |" in PAGE.read_text()
