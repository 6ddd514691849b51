"""The log of calls."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.store.database import StoreUnavailable


async def test_every_call_is_one_line_without_what_it_said(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "functions.api"):
        answer = await api.get("/v1/instances/secret-shop?limit=7")
        await api.get("/monitoring/health")
    first, second = (vars(record)["fields"] for record in caplog.records if record.message == "request")
    spent: Any = first.pop("ms")
    assert spent >= 0
    assert first == {
        "method": "GET",
        "route": "/v1/instances/{instance_id}",
        "status": 404,
        "tenant": "acme",
        "request_id": answer.headers["x-request-id"],
    }
    assert (second["route"], second["status"], second["tenant"]) == ("/monitoring/health", 200, None)
    assert "secret" not in caplog.text


async def test_what_kept_a_call_from_being_taken_is_logged_and_not_told(
    api: httpx.AsyncClient, services: Services, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreUnavailable("the table is gone")

    monkeypatch.setattr(services.instances, "get", fail)
    answer = await api.get("/v1/instances/shop-1")
    assert (answer.status_code, "table" in answer.text) == (503, False)
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.getMessage() == (
        f"call {answer.headers['x-request-id']} failed: StoreUnavailable: the table is gone"
    )
