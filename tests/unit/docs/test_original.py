"""docs/original.md: every command in it exists, and its figures are those of the pages that they come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.chaos.drills import BY_NAME
from shared.routes import ROUTES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "original.md").read_text()
ROWS = [
    [cell.strip() for cell in line[1:-1].split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "shown by" not in line
]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
FIGURE = re.compile(r"\b(\d[\d.]*) (ms|MB|s)\b")
PAGES = {"make bench": "performance.md", "make chaos": "reliability.md"}


def exists(command: str) -> bool:
    """Whether a command can be typed, or a route called."""
    if found := re.fullmatch(r"(GET|POST) (/\S+)", command):
        return any((route.method, route.path) == found.groups() for route in ROUTES)
    found = re.fullmatch(r"make ([a-z]+)(?: ARGS=(?:\"--only ([a-z-]+)\"|(\S+)))?", command)
    if not found or found[1] not in TARGETS:
        return False
    if found[1] == "chaos":
        return found[2] in BY_NAME
    if not found[3]:
        return True
    path = ROOT / found[3]
    return path.is_file() or any(path.glob("test_*.py"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40] or row[1][:40])
def test_a_promise_has_what_became_of_it_and_a_command_that_is_there(row: list[str]) -> None:
    _, before, now, shown = row
    assert before
    assert now
    command = re.fullmatch(r"`([^`]+)`", shown)
    assert command, shown
    assert exists(command[1])


def test_every_promise_is_there() -> None:
    assert len(ROWS) >= 20
    assert not exists("make tea")
    assert not exists("make test ARGS=tests/none.py")
    assert not exists('make chaos ARGS="--only rain"')
    assert not exists("GET /v1/none")


@pytest.mark.parametrize("command", PAGES)
def test_measured_figures_are_those_of_their_page(command: str) -> None:
    page = (ROOT / "docs" / PAGES[command]).read_text()
    measured = [figure for row in ROWS if command in row[3] for figure in FIGURE.findall(row[2])]
    assert measured
    for number, unit in measured:
        assert re.search(rf"\b{re.escape(number)}( {unit}|\b)", page), f"{number} {unit} is not in {PAGES[command]}"
