"""The API over a deployment of the test's own, a session host that answers it, and two tenants that call it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx
import pytest

from functions.api.app import create_app
from functions.api.services import Services, open_services
from shared.models.api_key import ApiKey
from shared.settings import Settings
from shared.vault import new_key
from tests.conftest import Deployment
from tests.integration.functions.api.fake_worker import FakeWorker
from tests.integration.functions.granted import Watch, at_work, grants_in

KEYS = {"acme": "hwp_acme", "rival": "hwp_rival"}


def settings_of(deployment: Deployment, *, local_webhooks: bool = True) -> Settings:
    """The settings that the API's process would be started with."""
    return Settings(
        aws=deployment.settings,
        partitions=deployment.partitions,
        sealing_key=new_key(),
        allow_local_webhooks=local_webhooks,
        log_level="INFO",
    )


@pytest.fixture
async def services(deployment: Deployment) -> AsyncIterator[Services]:
    """The services of the test's deployment, with a key for each of two tenants.

    What answering calls asks of the store must be granted to the deployed function."""
    async with open_services(settings_of(deployment)) as opened:
        for tenant, key in KEYS.items():
            await opened.keys.save(key, ApiKey(f"key_{tenant}", tenant))
        watch = Watch(opened.keys._db._client, deployment.settings.prefix, grants_in("infra/api/function.py"))
        yield opened
        assert watch.missing == set()


def client_of(services: Services, key: str | None = KEYS["acme"]) -> httpx.AsyncClient:
    """A client of an API over these services."""
    headers = {"x-api-key": key} if key else {}
    app = create_app(services)

    async def working(scope: Any, receive: Any, send: Any) -> None:
        with at_work():
            await app(scope, receive, send)

    transport = httpx.ASGITransport(working)
    return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The tenant acme, calling the API."""
    async with client_of(services) as client:
        yield client


@pytest.fixture
async def rival(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Another tenant, calling the API."""
    async with client_of(services, KEYS["rival"]) as client:
        yield client


@pytest.fixture
async def worker(deployment: Deployment) -> AsyncIterator[FakeWorker]:
    """A session host that owns all partitions."""
    fake = FakeWorker(deployment)
    async with AsyncExitStack() as stack:
        task = asyncio.create_task(fake.run())
        stack.callback(task.cancel)
        yield fake
    with suppress(asyncio.CancelledError):
        await task
