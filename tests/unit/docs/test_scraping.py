"""What the docs tell a Prometheus: to ask a route that is there with a key that may look, and never to show the key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from shared.models.api_key import Scope
from shared.routes import ROUTES

DOCS = Path(__file__).resolve().parents[3] / "docs"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HERE = ("127.0.0.1:", "localhost:")


def scrapes(found: Any) -> Iterator[dict[str, Any]]:
    """The scrape configs in a file, however deep: a collector has them among its receivers."""
    if isinstance(found, dict):
        yield from found.get("scrape_configs", ())
        for inner in found.values():
            yield from scrapes(inner)


def documented() -> dict[str, dict[str, Any]]:
    """By page."""
    pages = {page.name: BLOCK.findall(page.read_text()) for page in DOCS.glob("*.md")}
    return {name: one for name, blocks in pages.items() for text in blocks for one in scrapes(yaml.safe_load(text))}


def test_both_pages_show_one() -> None:
    assert documented().keys() == {"monitoring.md", "tracing.md"}


@pytest.mark.parametrize("page", documented())
def test_the_key_is_in_a_file_and_goes_out_sealed(page: str) -> None:
    scrape = documented()[page]
    targets = [target for group in scrape["static_configs"] for target in group["targets"]]
    assert targets
    assert scrape.get("scheme") == "https" or all(target.startswith(HERE) for target in targets)
    (header,) = scrape["http_headers"].items()
    assert header[0] == "x-api-key"
    assert header[1].keys() == {"files"}


@pytest.mark.parametrize("page", documented())
def test_a_key_that_may_only_look_is_enough(page: str) -> None:
    (route,) = (one for one in ROUTES if (one.method, one.path) == ("GET", documented()[page]["metrics_path"]))
    assert route.scope is Scope.READ


def test_the_page_makes_such_a_key_and_says_which_prometheus_can_send_it() -> None:
    page = (DOCS / "monitoring.md").read_text()
    (command,) = re.findall(r"^\.venv/bin/hivewp keys create (.*) > ", page, re.MULTILINE)
    assert re.search(r"--scopes read( |$)", command)
    assert "Prometheus 2.55" in page
