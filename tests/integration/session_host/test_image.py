"""What the host's image holds, run without a container engine: the same command installs the same libraries, and the
host runs with them alone, in a tree of which only its two folders can be written."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from local.install import install_uv
from shared.clock import SystemClock, iso
from shared.ids import new_id
from shared.models.command import Command, CommandKind
from shared.models.instance import Instance, InstanceState
from shared.queues.commands import CommandQueues
from shared.queues.names import commands_name, open_queue
from shared.store.cache import Cache, CacheKind
from shared.store.instances import Instances
from tests import dockerfile
from tests.conftest import PARTITIONS, ROOT, Deployment
from tests.integration.session_host.read_only import NOT_SUPPORTED
from tests.integration.session_host.whatsapp.hosts import scan, settings_for
from tests.integration.whatsapp.harness import LocalWhatsApp

PATIENCE_S = 60
READ_ONLY = Path(__file__).with_name("read_only.py")
NUMBER = "4915550001"
T = TypeVar("T")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is /app in the image."""
    app = tmp_path_factory.mktemp("image") / "app"
    for package in ("shared", "session_host"):
        shutil.copytree(ROOT / package, app / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (app / left_out for left_out in dockerfile.left_out()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for file in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / file, app)
    said = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))}
    here = {"UV_PROJECT_ENVIRONMENT": str(app / ".venv"), "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    command = [str(install_uv()), *dockerfile.install()[1:]]
    done = subprocess.run(command, cwd=app, env=said | here, capture_output=True, check=False)
    if done.returncode:  # as in local/install.py: behind a proxy with a certificate of its own
        done = subprocess.run([*command, "--system-certs"], cwd=app, env=said | here, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return app


@pytest.fixture
def whatsapp(tmp_path: Path) -> Iterator[LocalWhatsApp]:
    server = LocalWhatsApp(tmp_path / "whatsapp")
    server.start()
    yield server
    server.stop()


def of_the_image(folder: Path) -> dict[str, str]:
    """What the final stage says to the process, with /sessions and /scratch in `folder`."""
    said = dockerfile.environment(dockerfile.stages()[-1])
    del said["PATH"]
    return {name: f"{folder}{value}" if value.startswith("/") else value for name, value in said.items()}


def environment(deployment: Deployment, whatsapp: LocalWhatsApp, folder: Path) -> dict[str, str]:
    trusting = settings_for(whatsapp)
    return {
        **of_the_image(folder),
        "HIVEWP_AWS_ENDPOINT": deployment.settings.endpoint_url or "",
        "HIVEWP_PREFIX": deployment.settings.prefix,
        "HIVEWP_PARTITIONS": str(PARTITIONS),
        "HIVEWP_SEALING_KEY": base64.b64encode(bytes(32)).decode().rstrip("="),
        "HIVEWP_SESSION_JOURNAL": "truncate",
        "HIVEWP_LEASE_S": "4",
        "HIVEWP_WHATSAPP_PROXY": trusting.proxy_url or "",
        "HIVEWP_WHATSAPP_TRUST": str(trusting.trust),
    }


def files_in(folder: Path) -> set[str]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """What `look` finds, once it does."""
    async with asyncio.timeout(PATIENCE_S):
        while (found := await look()) is None:
            await asyncio.sleep(0.1)
    return found


async def test_a_host_pairs_and_leaves_with_nothing_but_the_image_and_two_folders(
    image: Path, deployment: Deployment, whatsapp: LocalWhatsApp, tmp_path: Path
) -> None:
    folders = [tmp_path / "sessions", tmp_path / "scratch"]
    for folder in folders:
        folder.mkdir(mode=0o700)
    python, env = str(image / ".venv" / "bin" / "python"), environment(deployment, whatsapp, tmp_path)
    before = files_in(image)
    with (tmp_path / "log").open("wb") as log:
        host = await asyncio.create_subprocess_exec(
            *(sys.executable, str(READ_ONLY), *map(str, folders), "--", python, "-m", "session_host"),
            env=env, cwd=image, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        await pairs(deployment, whatsapp, host)
        health = [python, "-m", "session_host.health"]
        done = await asyncio.to_thread(subprocess.run, health, cwd=image, env=env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "acme/shop.db" in files_in(tmp_path / "sessions")
        host.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(host.wait(), PATIENCE_S) == 0
    except TimeoutError:
        raise AssertionError((tmp_path / "log").read_text()) from None
    finally:
        if host.returncode is None:
            host.kill()
            await host.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert files_in(image) == before
    assert files_in(tmp_path / "scratch") == {"run"}


async def pairs(deployment: Deployment, whatsapp: LocalWhatsApp, host: asyncio.subprocess.Process) -> None:
    """An instance is created, scanned and connected."""
    clock = SystemClock()
    instances, cache = Instances(deployment.database), Cache(deployment.database, clock)
    made = Instance(tenant="acme", id="shop", partition=0, created_at=iso(clock.unix()), state=InstanceState.CREATED)
    instance = await instances.create(made, 1)
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, commands_name(0))
    await CommandQueues(lambda _: queue).send(0, Command(new_id("cmd"), CommandKind.PAIR, instance.key, {}))

    async def shown() -> str | None:
        if host.returncode == NOT_SUPPORTED:
            pytest.skip("this kernel has no Landlock: the host cannot be kept from writing elsewhere")
        assert host.returncode is None
        found = await cache.get(CacheKind.QR, str(instance.key))
        return None if found is None else str(found["code"])

    async def connected() -> Instance | None:
        now = await instances.get(instance.key)
        return now if now and now.state is InstanceState.CONNECTED else None

    await scan(whatsapp, NUMBER, await eventually(shown))
    assert (await eventually(connected)).phone == NUMBER
