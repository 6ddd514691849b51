"""Credentials of a deployed role, with which MiniStack allows what the role's policies allow."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from aiobotocore.session import get_session

from tests.infra.deployment.aws import ACCOUNT, REGION, Aws

# MiniStack's ECS starts no tasks, so nobody else would hand the credentials out.
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    ],
}


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody who has assumed a role."""

    access_key: str
    secret_key: str
    token: str

    def variables(self) -> dict[str, str]:
        """For the environment of a process."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }

    def client(self, aws: Aws, service: str) -> AbstractAsyncContextManager[Any]:
        """A client that does what the role may."""
        opened: AbstractAsyncContextManager[Any] = get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=aws.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
        )
        return opened


async def assume(aws: Aws, role: str) -> Role:
    """Assumes a role by its ARN, whom it trusts otherwise."""
    await aws.iam.update_assume_role_policy(RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps(_TRUST))
    got = (await aws.sts.assume_role(RoleArn=role, RoleSessionName="rehearsal"))["Credentials"]
    return Role(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
