"""The account that is deployed into: a MiniStack that enforces the policies of roles, and its clients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from shared.aws import AwsSettings, client

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT_KEY = "local"  # what `hivewp` shows to an AWS on this machine
ENFORCING = {"AUTH": "true", "AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_KEY}
SERVICES = (
    "apigateway",
    "cloudformation",
    "cloudwatch",
    "dynamodb",
    "ecs",
    "iam",
    "logs",
    "s3",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
)


@dataclass(frozen=True, slots=True)
class Aws:
    """Its URL, and a client with all rights for each of SERVICES."""

    endpoint: str
    clients: dict[str, Any]

    def __getattr__(self, service: str) -> Any:
        return self.clients[service]


@asynccontextmanager
async def opened(endpoint: str) -> AsyncIterator[Aws]:
    """The clients, until the end."""
    settings = AwsSettings(REGION, endpoint, access_key=ROOT_KEY, secret_key=ROOT_KEY)
    async with AsyncExitStack() as stack:
        yield Aws(
            endpoint,
            {name: await stack.enter_async_context(client(settings, name, connections=4)) for name in SERVICES},
        )
