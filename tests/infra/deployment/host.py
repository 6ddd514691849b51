"""A session host as ECS would start it: told what the synthesised task definition and the image say, with the task's
role.

In place of ECS: containers' folders are folders of this machine, secrets are read as the execution role may, and the
role's credentials come from STS. The task definition is the template's own: MiniStack's loses half of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import dockerfile
from tests.conftest import ROOT
from tests.infra.deployment.aws import ACCOUNT, REGION, Aws
from tests.infra.deployment.roles import assume
from tests.infra.deployment.stacks import Deployed

TASK = "AWS::ECS::TaskDefinition"
IMAGE_OWN = ("PATH",)  # of the image's file system alone


@dataclass(frozen=True, slots=True)
class Task:
    """The one container of the task, as the template has it, with references resolved; and the names of its roles."""

    container: Mapping[str, Any]
    role: str
    execution_role: str

    @classmethod
    def of(cls, stack: Deployed, exports: Mapping[str, str]) -> Task:
        """The task of a deployed stack. `exports`: what other stacks have to offer."""
        [task] = stack.of_type(TASK)
        said = _resolved(stack.template["Resources"][task]["Properties"], stack, exports)
        [container] = said["ContainerDefinitions"]
        return cls(container, said["TaskRoleArn"], said["ExecutionRoleArn"])

    def folders(self) -> list[str]:
        """Where the container can write."""
        return [mount["ContainerPath"] for mount in self.container["MountPoints"] if not mount["ReadOnly"]]

    def health_command(self) -> list[str]:
        """The container's health check, with this machine's Python."""
        kind, program, *arguments = self.container["HealthCheck"]["Command"]
        assert (kind, program) == ("CMD", "python")
        return [sys.executable, *arguments]

    async def environment(self, aws: Aws, root: Path) -> dict[str, str]:
        """The process's environment; the container's folders are below `root`."""
        image = dockerfile.environment(dockerfile.stages()[-1])
        said = {name: value for name, value in image.items() if name not in IMAGE_OWN}
        said |= {one["Name"]: one["Value"] for one in self.container["Environment"]}
        return {
            **{name: self._moved(value, root) for name, value in said.items()},
            **await self._secrets(aws),
            **(await assume(aws, self.role)).variables(),
            "AWS_ENDPOINT_URL": aws.endpoint,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }

    def _moved(self, value: str, root: Path) -> str:
        """A path in one of the container's volumes, on this machine. All else in the container can only be read."""
        if not value.startswith("/"):
            return value
        assert any(Path(value).is_relative_to(path) for path in self.folders()), f"{value} cannot be written"
        return f"{root}{value}"

    async def _secrets(self, aws: Aws) -> dict[str, str]:
        """What ECS reads for the container, in the name of the execution role."""
        role = await assume(aws, self.execution_role)
        async with role.client(aws, "secretsmanager") as manager:
            return {
                secret["Name"]: (await manager.get_secret_value(SecretId=secret["ValueFrom"]))["SecretString"]
                for secret in self.container["Secrets"]
            }


def _resolved(value: Any, stack: Deployed, exports: Mapping[str, str]) -> Any:
    """With what references stand for. Fails for one that a task definition has not had so far."""
    match value:
        case {"Ref": "AWS::Region"}:
            return REGION
        case {"Ref": name}:
            return stack.physical[name]
        case {"Fn::ImportValue": name}:
            return exports[name]
        case {"Fn::GetAtt": [name, "Arn"]} if stack.template["Resources"][name]["Type"] == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{stack.physical[name]}"
        case dict():
            assert not any(name.startswith("Fn::") for name in value), value
            return {name: _resolved(one, stack, exports) for name, one in value.items()}
        case list():
            return [_resolved(one, stack, exports) for one in value]
    return value
