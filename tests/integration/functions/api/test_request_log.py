"""The log of calls."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest


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
