"""The table in docs/architecture.md leads to every file of the deployment and to every alarm."""

from __future__ import annotations

import re
from pathlib import Path

from shared.alarms import ALL

ROOT = Path(__file__).resolve().parent.parent.parent
INFRA = ROOT / "infra"
MAP = (ROOT / "docs" / "architecture.md").read_text().partition("## The deployment\n")[2]
ROWS = [[cell.strip() for cell in line[1:-1].split("|")] for line in MAP.splitlines() if line.startswith("| ")][1:]
DASHBOARD, ALARMS = 3, 4


def test_it_names_every_file_and_none_that_is_not_there() -> None:
    named = set(re.findall(r"[a-z_/]+\.py", MAP))
    assert not [name for name in named if not (INFRA / name).exists() and not (ROOT / name).exists()]
    files = {path.relative_to(INFRA).as_posix() for path in INFRA.rglob("*.py") if not path.name.startswith("__")}
    assert {name for name in files if not name.startswith("cost/")} <= named, "a file that nobody is led to"


def test_every_alarm_belongs_to_one_capability() -> None:
    said = [name for row in ROWS for name in row[ALARMS].split(", ") if name]
    assert sorted(said) == sorted(alarm.id for alarm in ALL)


def test_what_a_capability_shows_and_watches_is_in_its_own_file() -> None:
    for row in ROWS:
        for name in re.findall(r"[a-z_/]+\.py", row[DASHBOARD]):
            assert "def show_" in (INFRA / name).read_text(), name
