"""What can be torn down and made again without losing anything: API, sender of webhooks, hosts, alerts, monitoring."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from infra.bundling import CodeSource
from infra.stacks.data import DataStack
from infra.stages import Stage


class ServiceStack(Stack):
    """The stateless half of a stage."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, data: DataStack, code: CodeSource) -> None:
        super().__init__(scope, construct_id, description=f"HiveWP {stage.name}: API, webhooks, hosts, monitoring")
