"""The keys that API Gateway knows: made with our value, put on a plan, deleted. Used by `hivewp keys` alone.

ApiGatewayError     API Gateway could not be reached, or does not take what was asked
|-- NoAccess        no credentials, or they may not do this
`-- PlanMissing     there is no usage plan of that name: the stage is not deployed in this account and region

A key is found by its name, `<prefix>-<key_id>`, so nothing has to be stored to find it after a crash.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

PAGE = 500
ID_PREFIX = "key_"  # no stage's name has an underscore: what begins so is ours

_NO_ACCESS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnauthorizedException",
    "UnrecognizedClientException",
}


class ApiGatewayError(Exception):
    """A call to API Gateway that did not succeed."""


class NoAccess(ApiGatewayError):
    """The caller may not do this."""


class PlanMissing(ApiGatewayError):
    """No usage plan of that name."""


class ApiGatewayKeys:
    """The API keys of one deployment; `client` is of the service `apigateway`, `prefix` the deployment's."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    async def check_plan(self, plan: str) -> None:
        """Makes sure that the plan is there. Raises PlanMissing, NoAccess, ApiGatewayError."""
        await self._plan_id(plan)

    async def make(self, key_id: str, value: str, plan: str, tenant: str) -> None:
        """Makes a key that is in force at once. A crash in between leaves one without a plan, which opens nothing.

        Raises PlanMissing before anything is made."""
        plan_id = await self._plan_id(plan)
        async with _errors():
            made = await self._client.create_api_key(
                name=self._name(key_id),
                description=f"HiveWP key of tenant {tenant}",
                enabled=True,
                value=value,
            )
            await self._client.create_usage_plan_key(usagePlanId=plan_id, keyId=made["id"], keyType="API_KEY")

    async def attach(self, key_id: str, plan: str) -> bool:
        """Puts a key on its plan, where it may be already. False: API Gateway has no such key."""
        plan_id, found = await self._plan_id(plan), await self._ids(key_id)
        for gateway_id in found:
            async with _errors():
                try:
                    await self._client.create_usage_plan_key(usagePlanId=plan_id, keyId=gateway_id, keyType="API_KEY")
                except self._client.exceptions.ConflictException:  # it is on the plan
                    continue
        return bool(found)

    async def key_ids(self) -> list[str]:
        """The ids of all keys of the deployment."""
        start = self._name(ID_PREFIX)
        keys = self._pages("get_api_keys", nameQuery=start)
        return [key["name"].removeprefix(f"{self._prefix}-") async for key in keys if key["name"].startswith(start)]

    async def delete(self, key_id: str) -> None:
        """Forgets a key, which is refused from then on; one that is not there is fine."""
        for gateway_id in await self._ids(key_id):
            await self._delete(gateway_id)

    async def _ids(self, key_id: str) -> list[str]:
        """What API Gateway calls the key: one name, unless an interrupted call was repeated."""
        name = self._name(key_id)
        keys = self._pages("get_api_keys", nameQuery=name)  # finds what begins with it
        return [key["id"] async for key in keys if key["name"] == name]

    def _name(self, key_id: str) -> str:
        return f"{self._prefix}-{key_id}"

    async def _delete(self, gateway_id: str) -> None:
        async with _errors():
            try:
                await self._client.delete_api_key(apiKey=gateway_id)
            except self._client.exceptions.NotFoundException:
                return

    async def _plan_id(self, plan: str) -> str:
        name = f"{self._prefix}-{plan}"
        async for one in self._pages("get_usage_plans"):
            if one.get("name") == name:
                return str(one["id"])
        raise PlanMissing(f"there is no usage plan {name}")

    async def _pages(self, call: str, **arguments: Any) -> AsyncIterator[dict[str, Any]]:
        position: str | None = None
        while True:
            extra = {"position": position} if position else {}
            async with _errors():
                page = await getattr(self._client, call)(limit=PAGE, **arguments, **extra)
            for item in page.get("items", []):
                yield item
            position = page.get("position")
            if not position:
                return


def configured_region() -> str | None:
    """The region of the AWS profile in use, None when it names none. Raises NoAccess when there is no such profile."""
    from aiobotocore.session import get_session  # here: most of a second of imports

    try:
        found = get_session().get_config_variable("region")
    except BotoCoreError as error:
        raise NoAccess(str(error)) from error
    return str(found) if found else None


@asynccontextmanager
async def _errors() -> AsyncIterator[None]:
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise NoAccess(str(error)) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise (NoAccess if code in _NO_ACCESS else ApiGatewayError)(str(error)) from error
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise ApiGatewayError(str(error)) from error
