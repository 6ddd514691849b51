"""The log of calls, as it is written."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.logs.lines import JsonLines
from shared.store.database import StoreUnavailable


class Written(logging.Handler):
    """The lines, read again."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def written() -> Iterator[list[dict[str, Any]]]:
    handler, logger = Written(), logging.getLogger("functions.api")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


async def test_every_call_is_one_line_without_what_it_said(
    api: httpx.AsyncClient, written: list[dict[str, Any]]
) -> None:
    answer = await api.get("/v1/instances/some-shop/journal?limit=7&cursor=secret", headers={"x-other": "secret"})
    await api.get("/monitoring/health")
    first, second = written
    assert first.pop("ms") >= 0
    assert "secret" not in json.dumps(written)
    about = {name: first.pop(name) for name in ("timestamp", "level", "logger", "message")}
    assert (about["level"], about["message"]) == ("INFO", "request")
    assert first == {
        "method": "GET",
        "route": "/v1/instances/{instance_id}/journal",
        "status": 404,
        "tenant": "acme",
        "instance": "some-shop",
        "request_id": answer.headers["x-request-id"],
        "trace_id": answer.headers["x-trace-id"],
    }
    assert (second["route"], second["status"], "tenant" in second) == ("/monitoring/health", 200, False)


async def test_what_kept_a_call_from_being_taken_is_logged_and_not_told(
    api: httpx.AsyncClient, services: Services, written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("the table is gone")

    monkeypatch.setattr(services.instances, "get", fail)
    answer = await api.get("/v1/instances/shop-1")
    assert (answer.status_code, "table" in answer.text) == (503, False)
    warning, line = written
    assert (warning["level"], warning["message"]) == ("WARNING", "the call failed: StoreUnavailable: the table is gone")
    assert warning["request_id"] == line["request_id"] == answer.headers["x-request-id"]
