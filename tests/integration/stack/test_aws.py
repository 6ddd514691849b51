"""The local AWS as the stack runs it: set up, saved while it runs, back after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from local.settings import StackSettings
from local.stack.files import StackFiles
from local.stack.parts import Plan, all_parts
from local.stack.ports import choose_ports
from local.stack.provision import KEY_ID, TENANT, provision
from local.stack.supervisor import Supervisor
from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.models.api_key import ApiKey
from shared.queues.names import commands_name, open_queue
from shared.queues.queue import Outgoing
from shared.store.database import Database
from shared.store.keys import Keys


@dataclass
class LocalAws:
    """A running local AWS and what a test asks of it."""

    plan: Plan
    said: asyncio.Queue[str]

    @asynccontextmanager
    async def keys(self) -> AsyncIterator[Keys]:
        async with client(self.settings, "dynamodb") as dynamodb:
            yield Keys(Database(dynamodb, self.settings.prefix), SystemClock())

    @property
    def settings(self) -> AwsSettings:
        return AwsSettings(endpoint_url=self.plan.aws_endpoint, access_key="local", secret_key="local")

    async def send(self, body: str) -> None:
        async with client(self.settings, "sqs") as sqs:
            queue = await open_queue(sqs, self.settings.prefix, commands_name(0))
            await queue.send(Outgoing(body, group="shop-1", dedup=body))

    async def waiting(self) -> int:
        async with client(self.settings, "sqs") as sqs:
            queue = await open_queue(sqs, self.settings.prefix, commands_name(0))
            return (await queue.depth()).waiting

    async def saved(self, text: str) -> None:
        state = self.plan.files.data / "aws" / "state" / "sqs.json"
        while not (state.exists() and text in state.read_text()):
            await asyncio.sleep(0.05)

    async def heard(self, words: str) -> None:
        while words not in await self.said.get():
            pass


@asynccontextmanager
async def local_aws(folder: Path, key: str = "first", save_s: str = "600") -> AsyncIterator[LocalAws]:
    settings = StackSettings.parse({"HIVEWP_DATA": str(folder), "HIVEWP_WHATSAPP": "live"})
    files = StackFiles(folder)
    files.make()
    ports = choose_ports({"HIVEWP_AWS_PORT": None}, {}) | {"HIVEWP_PORT": 1}
    plan = Plan(settings, files, ports, "c2VhbA==", os.environ)

    async def then() -> None:
        await provision(plan.aws_endpoint, 2, key, "standard")

    aws = next(part for part in all_parts(plan, then) if part.name == "aws")
    said: asyncio.Queue[str] = asyncio.Queue()
    supervisor = Supervisor([replace(aws, env={**aws.env, "HIVEWP_AWS_SAVE_S": save_s})], files, said.put_nowait)
    try:
        await supervisor.start()
        yield LocalAws(plan, said)
    finally:
        await supervisor.stop()


async def test_the_key_in_use_is_the_local_tenants_only_one(tmp_path: Path) -> None:
    async with local_aws(tmp_path, "first") as aws, aws.keys() as keys:
        assert await keys.find("first") == ApiKey(KEY_ID, TENANT, "standard")
    async with local_aws(tmp_path, "second") as aws, aws.keys() as keys:
        assert await keys.find("second") == ApiKey(KEY_ID, TENANT, "standard")
        assert await keys.find("first") is None


async def test_a_graceful_stop_loses_nothing(tmp_path: Path) -> None:
    async with local_aws(tmp_path) as aws:
        await aws.send("command 1")
    async with local_aws(tmp_path) as aws:
        assert await aws.waiting() == 1


async def test_killed_it_comes_back_with_what_was_saved(tmp_path: Path) -> None:
    async with local_aws(tmp_path, save_s="0.2") as aws:
        await aws.send("command 1")
        await aws.saved("command 1")
        os.kill(int(aws.plan.files.pid("aws").read_text()), signal.SIGKILL)
        await aws.heard("aws is back")
        assert await aws.waiting() == 1


async def test_killed_before_it_ever_saved_it_is_set_up_anew(tmp_path: Path) -> None:
    async with local_aws(tmp_path) as aws:
        os.kill(int(aws.plan.files.pid("aws").read_text()), signal.SIGKILL)
        await aws.heard("aws is back")
        async with aws.keys() as keys:
            assert await keys.find("first") is not None
