from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import Deployment
from tests.integration.session_host.host.site import Site


@pytest.fixture
async def site(deployment: Deployment, tmp_path: Path) -> AsyncIterator[Site]:
    place = Site(deployment, tmp_path)
    yield place
    for host in place.hosts:
        if host.returncode is None:
            host.kill()
        await host.wait()
