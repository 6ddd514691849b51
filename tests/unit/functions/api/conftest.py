"""An API that has nothing to answer with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import httpx
import pytest

from functions.api.app import create_app
from functions.api.services import Services
from shared.clock import SystemClock
from shared.figures import Tally
from shared.metrics import Meter
from shared.models.api_key import ApiKey, Scope
from shared.store.cache import Cache
from shared.store.database import Database
from shared.tracing import PASS_ON


class FakeKeys:
    """A key is named by its scopes."""

    async def find(self, key: str) -> ApiKey | None:
        return ApiKey("key_1", "acme", scopes=cast(tuple[Scope, ...], tuple(key.split(","))))


@pytest.fixture(scope="session")
def app() -> httpx.ASGITransport:
    """What passes the checks of a call fails after them, with an AttributeError or a TypeError."""
    clock, cache = SystemClock(), Cache(cast(Database, None), SystemClock())
    counting = {"tally": Tally.off(), "meter": Meter.off(), "tracer": PASS_ON}
    services = SimpleNamespace(clock=clock, keys=FakeKeys(), cache=cache, depths=SimpleNamespace(look=None), **counting)
    return httpx.ASGITransport(create_app(cast(Services, services)), raise_app_exceptions=False)
