"""A customer's HTTP client: a call that is not answered is an outcome, not an error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from local.bench.target import Target

ANSWER_S = 30.0  # API Gateway gives up then too


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON that came with it, None where there was none."""

    status: int
    body: Any


class Client:
    """Calls the API with the tenant's key, as many at once as are wanted."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer | None:
        """The answer; None when there was none within ANSWER_S, or not a whole one."""
        try:
            async with self._http.request(method, path, json=body, headers=headers) as answer:
                text = await answer.text()
                return Answer(answer.status, json.loads(text) if text else None)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
            return None

    async def get(self, path: str) -> Any:
        """What a GET gives; None unless it was answered with 200."""
        answer = await self.call("GET", path)
        return answer.body if answer is not None and answer.status == 200 else None


@asynccontextmanager
async def client_of(target: Target) -> AsyncIterator[Client]:
    """A client of a stack's API."""
    key = Path(target.env["HIVEWP_DATA"], "api-key").read_text().strip()  # noqa: ASYNC240 - a small local file
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{target.env['HIVEWP_PORT']}",
        headers={"x-api-key": key},
        timeout=aiohttp.ClientTimeout(total=ANSWER_S),
        connector=aiohttp.TCPConnector(limit=0),
    ) as http:
        yield Client(http)
