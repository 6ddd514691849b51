"""The synthesised stage dev, deployed by CloudFormation and put to work: API Gateway, functions, queues, event source
mapping, alarms and topic in MiniStack, which holds every call to the policies of its caller's role; beside it a session
host that is told what the task definition says, and the local WhatsApp.

What MiniStack is not given, or otherwise than AWS, is listed in deployment/adaptation.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from botocore.exceptions import ClientError
from standardwebhooks import Webhook

from local.cli.receiver import served
from shared.alarms import alarm_name
from shared.alarms.catalog import PARTITION_UNOWNED
from shared.limits import SCALE
from tests.infra.deployment.hivewp import keys, keys_in_words
from tests.infra.deployment.roles import assume
from tests.infra.deployment.shop import Shop, paired
from tests.infra.deployment.stacks import deploy, remove
from tests.infra.deployment.stage import PREFIX, Answer, RunningStage, api_of, running
from tests.infra.deployment.tour import walk

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

PATIENCE_S = 60.0
CUSTOMER = "491700000002"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStage]:
    """One deployment for all tests of this file."""
    async with running(assembly, tmp_path_factory.mktemp("stage")) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(stage: RunningStage) -> Shop:
    """An instance whose owner has scanned its code, and a key that may do everything with it."""
    key = await stage.new_key("acme")
    return await paired(stage, key, "shop", "491500000001")


class Receiver:
    """What was posted to an endpoint, signed or refused."""

    def __init__(self) -> None:
        self.secret: str | None = None
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.secret:
            Webhook(self.secret).verify(body, dict(request.headers))
        self.heard.put_nowait(json.loads(body))
        return web.Response()

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.heard.get(), PATIENCE_S)


async def test_a_message_goes_out_and_its_event_comes_back_signed(stage: RunningStage, shop: Shop) -> None:
    receiver = Receiver()
    async with served(receiver.hear) as url:
        made = await stage.call("POST", "/v1/webhooks", shop.key, {"url": url, "events": ["message.sent"]})
        assert made.status == 201, made
        receiver.secret = made.json["secret"]
        body = {"to": CUSTOMER, "type": "text", "text": "Hello from CloudFormation"}
        sent = await stage.call("POST", f"{shop.path}/messages", shop.key, body, Prefer="wait=15")
        assert sent.status == 202, sent
        await stage.whatsapp.inbox(CUSTOMER, "Hello from CloudFormation")
        event = await receiver.next()
    assert (event["type"], event["instance"], event["data"]["message_id"]) == ("message.sent", shop.id, sent.json["id"])
    found = await stage.call("GET", f"{shop.path}/messages/{sent.json['id']}", shop.key)
    assert [step["state"] for step in found.json["timeline"]][:4] == ["accepted", "queued", "sending", "sent"]
    await stage.call("DELETE", f"/v1/webhooks/{made.json['id']}", shop.key)


async def test_every_route_may_do_what_it_does(stage: RunningStage, shop: Shop) -> None:
    await walk(stage, shop)


@pytest.mark.parametrize("shown", [None, "hwp_not_a_key"])
async def test_without_a_key_nobody_comes_in(stage: RunningStage, shown: str | None) -> None:
    assert_problem(await stage.call("GET", "/v1/instances", shown), 403, "forbidden")


async def test_a_revoked_key_opens_nothing(stage: RunningStage) -> None:
    made = await keys(stage.aws, "create", "--tenant", "leaving")
    assert (await stage.call("GET", "/v1/instances", made["key"])).status == 200
    await keys(stage.aws, "revoke", "--tenant", "leaving", made["key_id"])
    assert_problem(await stage.call("GET", "/v1/instances", made["key"]), 403, "forbidden")


async def test_over_the_limit_a_call_is_told_when_to_come_again(stage: RunningStage) -> None:
    """The plan `scale` with a limit of two calls, which nobody else here is on."""
    plans = (await stage.aws.apigateway.get_usage_plans())["items"]
    [plan] = [one for one in plans if one["name"] == f"{PREFIX}-{SCALE.name}"]
    few = [("burstLimit", "2"), ("rateLimit", "0.001")]
    changes = [{"op": "replace", "path": f"/throttle/{name}", "value": value} for name, value in few]
    await stage.aws.apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=changes)
    key = await stage.new_key("eager", "--plan", SCALE.name)
    answers = [await stage.call("GET", "/v1/instances", key) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert_problem(answers[-1], 429, "rate-limited")
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_an_alarm_is_told_to_people(stage: RunningStage) -> None:
    receiver = Receiver()
    async with served(receiver.hear) as url:
        targets = json.dumps({"targets": [{"kind": "json", "url": url}]})
        await stage.aws.secretsmanager.put_secret_value(SecretId=f"{PREFIX}-alert-targets", SecretString=targets)
        name = alarm_name(PREFIX, PARTITION_UNOWNED)
        await stage.aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a rehearsal")
        told = await receiver.next()
    assert (told["alarm"], told["state"]) == (PARTITION_UNOWNED.id, "ALARM")
    assert PARTITION_UNOWNED.first_step in told["text"]


async def test_the_host_is_healthy_as_its_container_is_judged(stage: RunningStage) -> None:
    process = await asyncio.create_subprocess_exec(*stage.host.task.health_command(), env=stage.host.env)
    assert await process.wait() == 0


async def test_a_role_may_do_no_more_than_its_policies_say(stage: RunningStage) -> None:
    """Without this, everything above would prove nothing about rights."""
    role = await assume(stage.aws, stage.host.task.role)
    async with role.client(stage.aws, "dynamodb") as dynamodb:
        await dynamodb.scan(TableName=f"{PREFIX}-hosts")
        with pytest.raises(ClientError, match="AccessDenied"):
            await dynamodb.scan(TableName=f"{PREFIX}-keys")


async def test_nobody_was_refused_a_right_and_the_host_leaves_in_order(stage: RunningStage) -> None:
    """Comes after the others: it ends the host, and looks at what all processes have logged while they ran."""
    assert await stage.host.leave() == 0
    assert not await stage.refused()


async def test_the_service_can_be_torn_down_and_made_again(stage: RunningStage, shop: Shop, assembly: Path) -> None:
    """Comes last: keys and instances are kept, once `hivewp keys repair` has put the keys onto the new plans."""
    await remove(stage.aws, PREFIX)
    again = replace(stage, api=api_of(stage.aws, await deploy(stage.aws, assembly, PREFIX)))
    assert_problem(await again.call("GET", shop.path, shop.key), 403, "forbidden")
    assert await keys_in_words(stage.aws, "repair")
    found = await again.call("GET", shop.path, shop.key)
    assert (found.status, found.json["name"]) == (200, "Corner shop"), found


def assert_problem(answer: Answer, status: int, kind: str) -> None:
    """API Gateway's own answer in our form. MiniStack keeps a content type of its own beside the one that we set."""
    assert (answer.status, answer.json["status"], answer.json["type"]) == (status, status, kind), answer
    assert "application/problem+json" in answer.headers.getall("content-type")
