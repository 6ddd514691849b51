"""Deploys the stacks of a synthesised stage by CloudFormation, as `cdk deploy` does."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra.deployment.adaptation import Template, adapted
from tests.infra.deployment.assets import zips
from tests.infra.deployment.aws import ACCOUNT, REGION, Aws

BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
BOOTSTRAP_PARAMETER, BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version", "30"
DEPLOYED_S = 120.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack in the account: `template` as it was synthesised, `outputs` and `physical` (resources) by logical ids."""

    template: Template
    outputs: dict[str, str]
    physical: dict[str, str]

    def of_type(self, kind: str) -> list[str]:
        """The logical ids of all resources of a type."""
        return [name for name, made in self.template["Resources"].items() if made["Type"] == kind]

    def exports(self) -> dict[str, str]:
        """What it offers to other stacks, by the names under which they import it."""
        said = self.template.get("Outputs", {})
        return {said[name]["Export"]["Name"]: value for name, value in self.outputs.items() if "Export" in said[name]}


async def bootstrap(aws: Aws) -> None:
    """What `cdk bootstrap` leaves in an account, as far as a deployment looks at it."""
    await aws.s3.create_bucket(Bucket=BUCKET)
    await aws.ssm.put_parameter(Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String")


async def deploy(aws: Aws, assembly: Path, stack: str) -> Deployed:
    """Deploys one stack and waits for it. Fails with what CloudFormation says."""
    template: Template = json.loads((assembly / f"{stack}.template.json").read_text())
    given = adapted(template)
    there = {one["Key"] for one in (await aws.s3.list_objects_v2(Bucket=BUCKET)).get("Contents", [])}
    for key, content in await asyncio.to_thread(lambda: list(zips(assembly, stack, given, there))):
        await aws.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    await aws.s3.put_object(Bucket=BUCKET, Key=f"{stack}.json", Body=json.dumps(given).encode())
    await aws.cloudformation.create_stack(
        StackName=stack, TemplateURL=f"{aws.endpoint}/{BUCKET}/{stack}.json", Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    described = await _made(aws, stack)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    return Deployed(template, outputs, await _physical(aws, stack))


async def _made(aws: Aws, stack: str) -> dict[str, Any]:
    described = await _settled(aws, stack)
    if described["StackStatus"] != "CREATE_COMPLETE":
        raise AssertionError(f"{stack}: {described['StackStatus']}: {await _failures(aws, stack)}")
    return described


async def _settled(aws: Aws, stack: str) -> dict[str, Any]:
    async with asyncio.timeout(DEPLOYED_S):
        while True:
            [described] = (await aws.cloudformation.describe_stacks(StackName=stack))["Stacks"]
            if not described["StackStatus"].endswith("IN_PROGRESS"):
                return dict(described)
            await asyncio.sleep(0.2)


async def _failures(aws: Aws, stack: str) -> list[str]:
    events = (await aws.cloudformation.describe_stack_events(StackName=stack))["StackEvents"]
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason')}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    ]


async def _physical(aws: Aws, stack: str) -> dict[str, str]:
    found = await aws.cloudformation.describe_stack_resources(StackName=stack)
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"]}


async def remove(aws: Aws, stack: str) -> None:
    """Takes one stack away, as `cdk destroy` does, and waits for it. Fails with what CloudFormation says."""
    stack_id = (await aws.cloudformation.describe_stacks(StackName=stack))["Stacks"][0]["StackId"]
    await aws.cloudformation.delete_stack(StackName=stack)
    status = await _settled(aws, stack_id)
    assert status["StackStatus"] == "DELETE_COMPLETE", await _failures(aws, stack_id)
