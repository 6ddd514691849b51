"""A whole stage at work on this machine: its two stacks in MiniStack, a session host, and the local WhatsApp."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDictProxy

from tests.conftest import ministack
from tests.infra.deployment.adaptation import expiring_tables
from tests.infra.deployment.aws import ENFORCING, Aws, opened
from tests.infra.deployment.hivewp import keys
from tests.infra.deployment.host import Task
from tests.infra.deployment.stacks import Deployed, bootstrap, deploy
from tests.integration.whatsapp.harness import LocalWhatsApp

PREFIX = "hivewp-dev"
HOST_STOP_S = 60.0
REFUSALS = ("AccessDenied", "not authorized")


@dataclass(frozen=True, slots=True)
class Host:
    """The running session host: its task, and its environment."""

    process: asyncio.subprocess.Process
    task: Task
    env: Mapping[str, str]
    log: Path

    async def leave(self) -> int:
        """Ends it as ECS does; its exit code. Killed when it takes too long."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), HOST_STOP_S)
            except TimeoutError:
                self.process.kill()
        return await self.process.wait()


@dataclass(frozen=True, slots=True)
class RunningStage:
    """The deployed stage. `http` calls its API by paths below `api`."""

    aws: Aws
    data: Deployed
    service: Deployed
    whatsapp: LocalWhatsApp
    host: Host
    http: aiohttp.ClientSession
    api: str

    async def call(self, method: str, path: str, key: str | None, body: Any = None, **headers: str) -> Answer:
        """One call through API Gateway."""
        said = headers | ({"x-api-key": key} if key else {})
        async with self.http.request(method, self.api + path, json=body, headers=said) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def new_key(self, tenant: str, *arguments: str) -> str:
        """A key that `hivewp keys create` makes."""
        return str((await keys(self.aws, "create", "--tenant", tenant, *arguments))["key"])

    async def refused(self) -> list[str]:
        """What the host and the functions have logged about rights that they lack."""
        return [line for line in (await self._logged()).splitlines() if any(word in line for word in REFUSALS)]

    async def _logged(self) -> str:
        groups = (await self.aws.logs.describe_log_groups(logGroupNamePrefix=f"/{PREFIX}/"))["logGroups"]
        texts = [self.host.log.read_text()]
        for name in (group["logGroupName"] for group in groups):
            events = (await self.aws.logs.filter_log_events(logGroupName=name))["events"]
            texts += [event["message"] for event in events]
        return "\n".join(texts)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body) if self.body else None


def api_of(aws: Aws, service: Deployed) -> str:
    """Where MiniStack serves what AWS would serve at the URL of the stack's API."""
    url = urlsplit(service.outputs["ApiUrl"])
    api = str(url.hostname).split(".")[0]
    return f"{aws.endpoint}/_aws/execute-api/{api}/{url.path.strip('/')}"


@asynccontextmanager
async def running(assembly: Path, folder: Path) -> AsyncIterator[RunningStage]:
    """Deploys stage dev from a synthesised app and starts what belongs beside it; all of it ends on leaving."""
    whatsapp = LocalWhatsApp(folder / "whatsapp")
    whatsapp.start()
    try:
        (folder / "aws").mkdir()
        with ministack(folder / "aws", **ENFORCING) as endpoint:
            async with opened(endpoint) as aws, aiohttp.ClientSession() as http:
                data, service = await _deploy(aws, assembly)
                task = Task.of(service, data.exports())
                async with _host(aws, task, whatsapp, folder) as host:
                    yield RunningStage(aws, data, service, whatsapp, host, http, api_of(aws, service))
    finally:
        whatsapp.stop()


async def _deploy(aws: Aws, assembly: Path) -> tuple[Deployed, Deployed]:
    await bootstrap(aws)
    data = await deploy(aws, assembly, f"{PREFIX}-data")
    for table, attribute in expiring_tables(data.template).items():
        said = {"Enabled": True, "AttributeName": attribute}
        await aws.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=said)
    return data, await deploy(aws, assembly, PREFIX)


@asynccontextmanager
async def _host(aws: Aws, task: Task, whatsapp: LocalWhatsApp, folder: Path) -> AsyncIterator[Host]:
    root = folder / "host"
    for path in task.folders():
        (root / path.lstrip("/")).mkdir(parents=True)
    env = await task.environment(aws, root)
    env |= {  # in place of WhatsApp itself
        "HIVEWP_WHATSAPP_PROXY": f"http://127.0.0.1:{whatsapp.proxy}",
        "HIVEWP_WHATSAPP_TRUST": str(whatsapp.data / "trust"),
    }
    with (folder / "host.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "session_host"), env=env, cwd=root, stdout=log, stderr=log
        )
    started = Host(process, task, env, folder / "host.log")
    try:
        yield started
    finally:
        await started.leave()
