"""`hivewp keys` against API Gateway and DynamoDB: a stage as CDK leaves it, in MiniStack."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from local.cli import app
from local.keys.actions import rotate_key
from local.keys.errors import KeyProblem
from local.keys.issuer import LONGEST_RUN_S, Issuer, Made, Order
from shared.api_gateway import ApiGatewayKeys
from shared.aws import AwsSettings, client
from shared.clock import SystemClock
from shared.models.api_key import EVERYTHING
from shared.store.database import Database
from shared.store.issued_keys import IssuedKeys
from shared.store.keys import Keys
from shared.store.tables import create_tables


class LongAgo(SystemClock):
    """Where nobody can be at work any more."""

    def unix(self) -> float:
        return super().unix() - LONGEST_RUN_S


class Cut(Exception):
    """The process ended here."""


@dataclass
class DeployedStage:
    """A stage with its keys table, a usage plan for each plan, and an API that asks for a key."""

    name: str
    settings: AwsSettings
    database: Database
    gateway: Any
    url: str

    @property
    def env(self) -> dict[str, str]:
        assert self.settings.endpoint_url
        return {"HIVEWP_AWS_ENDPOINT": self.settings.endpoint_url, "AWS_REGION": self.settings.region}

    async def run(self, *arguments: str) -> Result:
        command = ["keys", *arguments, "--stage", self.name]
        return await asyncio.to_thread(CliRunner().invoke, app, command, None, self.env)

    async def made(self, *arguments: str) -> dict[str, Any]:
        result = await self.run(*arguments, "--json")
        assert result.exit_code == 0, result.exception
        said: dict[str, Any] = json.loads(result.stdout)
        return said

    async def failure(self, *arguments: str) -> str:
        error = (await self.run(*arguments)).exception
        assert isinstance(error, KeyProblem), error
        return str(error)

    async def names(self) -> list[str]:
        """What API Gateway has of this stage."""
        found = await self.gateway.get_api_keys(limit=500, nameQuery=self.settings.prefix)
        return sorted(key["name"].removeprefix(f"{self.settings.prefix}-") for key in found["items"])

    async def status(self, key: str) -> int:
        """What a call with this key is answered at the gateway."""
        async with httpx.AsyncClient(timeout=60) as http:
            return (await http.get(self.url, headers={"x-api-key": key})).status_code

    async def caller(self, key: str) -> tuple[str, str, tuple[str, ...]] | None:
        """Whom the API takes the key for."""
        found = await Keys(self.database, SystemClock()).find(key)
        return None if found is None else (found.tenant, found.plan, tuple(found.scopes))


@pytest.fixture
async def stage(aws_endpoint: str) -> AsyncIterator[DeployedStage]:
    name = f"t{uuid.uuid4().hex[:8]}"
    settings = AwsSettings("us-east-1", aws_endpoint, f"hivewp-{name}", "local", "local")
    async with AsyncExitStack() as stack:
        database = Database(await stack.enter_async_context(client(settings, "dynamodb")), settings.prefix)
        gateway = await stack.enter_async_context(client(settings, "apigateway"))
        await create_tables(database)
        api = await open_api(gateway)
        for plan in ("standard", "scale"):
            stages = [{"apiId": api, "stage": "v"}]
            await gateway.create_usage_plan(name=f"{settings.prefix}-{plan}", apiStages=stages)
        yield DeployedStage(name, settings, database, gateway, f"{aws_endpoint}/restapis/{api}/v/_user_request_/")


async def open_api(gateway: Any) -> str:
    """An API of one method that answers 200 to whoever has a key."""
    api = str((await gateway.create_rest_api(name="api"))["id"])
    root = (await gateway.get_resources(restApiId=api))["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    await gateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    await gateway.put_method_response(**method, statusCode="200")
    await gateway.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    await gateway.put_integration_response(**method, statusCode="200")
    await gateway.create_deployment(restApiId=api, stageName="v")
    return api


async def test_a_key_through_its_life(stage: DeployedStage) -> None:
    made = await stage.made("create", "--tenant", "acme", "--plan", "scale", "--scopes", "read,send", "--label", "till")
    key = made["key"]
    assert await stage.status(key) == 200
    assert await stage.caller(key) == ("acme", "scale", ("read", "send"))
    assert await stage.status("hwp_" + "x" * 40) == 403

    new = await stage.made("rotate", "--tenant", "acme", "--overlap", "1h")
    assert (new["plan"], new["scopes"], new["label"]) == ("scale", ["read", "send"], "till")
    assert [await stage.status(one) for one in (key, new["key"])] == [200, 200]
    assert await stage.caller(key) == await stage.caller(new["key"])

    listed = await stage.run("list")
    assert "till" in listed.stdout
    assert f"...{key[-4:]}" in listed.stdout
    assert key not in listed.stdout
    rows = json.loads((await stage.run("list", "--tenant", "acme", "--json")).stdout)
    assert [(row["key_id"], row["replaced_by"]) for row in rows] == [
        (made["key_id"], new["key_id"]),
        (new["key_id"], None),
    ]
    assert key not in json.dumps(rows)

    assert (await stage.run("revoke", "--tenant", "acme", made["key_id"])).exit_code == 0
    assert [await stage.status(one) for one in (key, new["key"])] == [403, 200]
    assert await stage.caller(key) is None
    assert (await stage.run("revoke", "--tenant", "acme", "--all")).exit_code == 0
    assert await stage.names() == []
    assert (await stage.run("list")).stdout == "there are no keys\n"


async def test_a_number_of_messages_of_its_own_is_what_the_api_goes_by(stage: DeployedStage) -> None:
    made = await stage.made("create", "--tenant", "acme", "--messages-per-day", "5000")
    new = await stage.made("rotate", "--tenant", "acme", "--overlap", "0")
    other = await stage.made("create", "--tenant", "other", "--plan", "scale")
    assert [one["messages_per_day"] for one in (made, new, other)] == [5000, 5000, 1_000_000]
    found = [await Keys(stage.database, SystemClock()).find(one["key"]) for one in (new, other)]
    assert [one and one.message_quota for one in found] == [5000, 1_000_000]
    assert "standard (5,000 messages a day)" in (await stage.run("list")).stdout
    assert "no number" in await stage.failure("create", "--tenant", "acme", "--messages-per-day", "0")


async def test_the_key_alone_goes_to_stdout(stage: DeployedStage) -> None:
    result = await stage.run("create", "--tenant", "acme")
    assert await stage.caller(result.stdout.rstrip("\n")) == ("acme", "standard", EVERYTHING)
    assert "never shown again" in result.stderr


@pytest.mark.parametrize("call", ["create_api_key", "create_usage_plan_key", "activate"])
async def test_a_creation_cut_off_lets_nobody_in_and_the_next_one_clears_up(
    stage: DeployedStage, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def cut(*arguments: Any, **named: Any) -> None:
        raise Cut

    class Rows(IssuedKeys):
        async def begin(self, key: Any) -> None:
            seen.append(key.digest)
            await super().begin(key)

    class Gateway(ApiGatewayKeys):
        async def make(self, key_id: str, value: str, plan: str, tenant: str) -> None:
            seen.append(value)
            await super().make(key_id, value, plan, tenant)

    async with client(stage.settings, "apigateway") as gateway:
        monkeypatch.setattr(Rows if call == "activate" else gateway, call, cut)
        issuer = Issuer(Rows(stage.database), Gateway(gateway, stage.settings.prefix), LongAgo())
        order = Order(tenant="acme", plan="standard", scopes=EVERYTHING, expires_at=None, label="")
        with pytest.raises(Cut):
            await issuer.create(order)
    _, lost = seen
    assert await stage.status(lost) == (200 if call == "activate" else 403)
    assert await stage.caller(lost) is None
    assert "making" in (await stage.run("list")).stdout

    made = await stage.made("create", "--tenant", "acme")
    assert await stage.names() == [made["key_id"]]
    assert await stage.status(lost) == 403
    assert [row.key_id for row in await IssuedKeys(stage.database).all()] == [made["key_id"]]


async def test_keys_outlive_plans_that_are_made_anew(stage: DeployedStage) -> None:
    key = (await stage.made("create", "--tenant", "acme"))["key"]
    for plan in (await stage.gateway.get_usage_plans(limit=500))["items"]:
        if plan["name"] == f"{stage.settings.prefix}-standard":
            await stage.gateway.delete_usage_plan(usagePlanId=plan["id"])
            await stage.gateway.create_usage_plan(name=plan["name"], apiStages=plan["apiStages"])
    assert await stage.status(key) == 403
    assert (await stage.run("repair")).stdout == "1 keys are on their plans\n"
    assert (await stage.run("repair")).exit_code == 0, "again is fine"
    assert await stage.status(key) == 200


async def test_of_two_rotations_at_once_one_succeeds(stage: DeployedStage) -> None:
    old = await stage.made("create", "--tenant", "acme")
    rotations = (asyncio.to_thread(rotate_key, stage.env, stage.name, "acme", old["key_id"], "1h") for _ in range(2))
    results = await asyncio.gather(*rotations, return_exceptions=True)
    (new,) = [result.key.key_id for result in results if isinstance(result, Made)]
    (refused,) = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(refused, KeyProblem)
    assert await stage.names() == sorted([old["key_id"], new])
    assert (await stage.run("revoke", "--tenant", "acme", new)).exit_code == 0
    assert (await stage.made("rotate", "--tenant", "acme"))["expires_at"] is None, "the successor is gone"


async def test_keys_that_nobody_wrote_down_are_told(stage: DeployedStage) -> None:
    await stage.gateway.create_api_key(name=f"{stage.settings.prefix}-key_left", value="hwp_" + "y" * 40)
    await stage.gateway.create_api_key(name=f"{stage.settings.prefix}x-key_other", value="hwp_" + "z" * 40)
    (told,) = (await stage.run("repair")).stderr.splitlines()
    assert told.startswith("key_left is in API Gateway alone")


async def test_what_a_person_can_mend_is_told(stage: DeployedStage) -> None:
    assert "'acme' has no keys here" in await stage.failure("revoke", "--tenant", "acme")
    assert "is no tenant's name" in await stage.failure("create", "--tenant", "a/b")
    assert "'gold' is no plan" in await stage.failure("create", "--tenant", "acme", "--plan", "gold")
    assert "say --all" in await stage.failure("revoke", "--tenant", "acme", "key_1", "--all")
    stage.name += "x"
    assert "is not deployed in this account and region" in await stage.failure("create", "--tenant", "acme")
    assert "is not deployed in this account and region" in await stage.failure("list")
