"""Where keys are issued: for the stack on this machine, or for a stage that is deployed to AWS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from local.keys.errors import KeyProblem
from local.keys.issuer import Issuer
from local.settings import LOOPBACK, data_folder
from local.stack.files import StackFiles
from local.stack.lock import is_held
from local.stack.provision import KEY_ID
from shared.api_gateway import ApiGatewayKeys, configured_region
from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.store.database import Database
from shared.store.issued_keys import IssuedKeys


class NoGateway:
    """The stand-in for API Gateway on this machine reads the same rows as the API: there is nothing to tell it."""

    async def check_plan(self, plan: str) -> None:
        """Every plan of the table of limits is there."""

    async def make(self, key_id: str, value: str, plan: str, tenant: str) -> None:
        """The row is enough."""

    async def attach(self, key_id: str, plan: str) -> bool:  # noqa: ARG002 - the protocol's
        """The row names the plan."""
        return True

    async def key_ids(self) -> list[str]:
        """There are none but the rows'."""
        return []

    async def delete(self, key_id: str) -> None:
        """The row is enough."""


@asynccontextmanager
async def open_issuer(stage: str | None, env: Mapping[str, str]) -> AsyncIterator[Issuer]:
    """The issuer of a deployed stage, or of the stack in HIVEWP_DATA (None). Raises KeyProblem, NoAccess."""
    settings = local_aws(env) if stage is None else deployed_aws(stage, env)
    async with AsyncExitStack() as stack:
        by_proxy = settings.endpoint_url is None  # what has an endpoint is on this machine
        dynamodb = await stack.enter_async_context(client(settings, "dynamodb", connections=4, by_proxy=by_proxy))
        rows = IssuedKeys(Database(dynamodb, settings.prefix))
        if stage is None:
            yield Issuer(rows, NoGateway(), SystemClock(), fixed=(KEY_ID,))
        else:
            gateway = await stack.enter_async_context(client(settings, "apigateway", connections=4, by_proxy=by_proxy))
            yield Issuer(rows, ApiGatewayKeys(gateway, settings.prefix), SystemClock())


def local_aws(env: Mapping[str, str]) -> AwsSettings:
    """The AWS of the stack that runs on this machine. Raises KeyProblem when there is none."""
    files = StackFiles(data_folder(env))
    port = files.read_ports().get("HIVEWP_AWS_PORT")
    if port is None:
        raise KeyProblem(
            f"no stack has run in {files.data}: start one with `make up`, set HIVEWP_DATA, or name a deployed --stage"
        )
    if not is_held(files.lock):  # its port may be another stack's by now
        raise KeyProblem(f"the stack in {files.data} is not running: start it with `make up`")
    return AwsSettings(endpoint_url=f"http://{LOOPBACK}:{port}", access_key="local", secret_key="local")  # noqa: S106


def deployed_aws(stage: str, env: Mapping[str, str]) -> AwsSettings:
    """The AWS of a stage: the caller's credentials and region, or HIVEWP_AWS_ENDPOINT. Raises KeyProblem, NoAccess."""
    configured = configured_region()  # asked first: it knows whether there is such a profile at all
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or configured
    if not region:
        raise KeyProblem("no region: set AWS_REGION, or AWS_PROFILE to a profile that names one")
    endpoint = env.get("HIVEWP_AWS_ENDPOINT") or None
    credentials = "local" if endpoint else None  # an AWS on this machine takes any
    return AwsSettings(region, endpoint, f"hivewp-{stage}", credentials, credentials)
