"""The deployed queues are those that run on one machine, encrypted, and closed to calls without TLS."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from aws_cdk import App, Stack

from infra.queues import command_queues
from infra.stages import PROD, STAGES, Stage
from shared.queues.names import all_queues, commands_name, create_queues
from shared.settings import MAX_PARTITIONS
from tests.conftest import Deployment
from tests.infra.conftest import Synthesis, Template, of_type


@pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.name)
async def test_queues_are_those_that_are_made_on_one_machine(
    template: Synthesis, deployment: Deployment, stage: Stage
) -> None:
    await create_queues(deployment.sqs, deployment.settings.prefix, stage.partitions)
    data = template(f"{stage.prefix}-data")
    deployed = {made["QueueName"]: made for made in _properties(data).values()}
    assert deployed.keys() == {f"{stage.prefix}-{spec.name}" for spec in all_queues(stage.partitions)}
    names = {logical: made["QueueName"].removeprefix(f"{stage.prefix}-") for logical, made in _properties(data).items()}
    for spec in all_queues(stage.partitions):
        local = await _attributes(deployment, spec.name)
        assert _shape(deployed[f"{stage.prefix}-{spec.name}"], names) == local


def _properties(template: Template) -> dict[str, dict[str, Any]]:
    return {name: queue["Properties"] for name, queue in of_type(template, "AWS::SQS::Queue").items()}


def _shape(made: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    redrive = made.get("RedrivePolicy")
    return {
        "fifo": made.get("FifoQueue", False),
        "deduplicates by content": made.get("ContentBasedDeduplication", False),
        "visibility": made["VisibilityTimeout"],
        "retention": made["MessageRetentionPeriod"],
        "delay": made.get("DelaySeconds", 0),
        "redrive": redrive and (names[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]], redrive["maxReceiveCount"]),
    }


async def _attributes(deployment: Deployment, name: str) -> dict[str, Any]:
    prefix = deployment.settings.prefix
    url = (await deployment.sqs.get_queue_url(QueueName=f"{prefix}-{name}"))["QueueUrl"]
    got = (await deployment.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    redrive = json.loads(got.get("RedrivePolicy", "null"))
    dead = redrive and redrive["deadLetterTargetArn"].rpartition(":")[2].removeprefix(f"{prefix}-")
    return {
        "fifo": got.get("FifoQueue") == "true",
        "deduplicates by content": got.get("ContentBasedDeduplication") == "true",
        "visibility": int(got["VisibilityTimeout"]),
        "retention": int(got["MessageRetentionPeriod"]),
        "delay": int(got["DelaySeconds"]),
        "redrive": redrive and (dead, int(redrive["maxReceiveCount"])),
    }


@pytest.mark.parametrize("stage", STAGES)
def test_a_queue_is_encrypted_takes_only_tls_and_outlives_its_stack(template: Synthesis, stage: str) -> None:
    data = template(f"hivewp-{stage}-data")
    closed = {
        reference["Ref"]
        for policy in of_type(data, "AWS::SQS::QueuePolicy").values()
        for reference in policy["Properties"]["Queues"]
        if _denies_plain_calls(policy["Properties"]["PolicyDocument"]["Statement"])
    }
    queues = of_type(data, "AWS::SQS::Queue")
    assert closed == queues.keys()
    for queue in queues.values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
        assert (queue["DeletionPolicy"], queue["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_grants_on_command_queues_fit_all_of_them_and_nothing_else() -> None:
    stack = Stack(App(), "stack")
    patterns = [arn.rpartition(":")[2] for arn in command_queues(stack, PROD)]
    granted = [
        spec.name
        for spec in all_queues(MAX_PARTITIONS)
        if any(fnmatchcase(f"{PROD.prefix}-{spec.name}", one) for one in patterns)
    ]
    assert granted == [commands_name(number) for number in range(MAX_PARTITIONS)]


def _denies_plain_calls(statements: list[dict[str, Any]]) -> bool:
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return any(
        (statement["Effect"], statement["Action"], statement.get("Condition")) == ("Deny", "sqs:*", plain)
        for statement in statements
    )
