"""The function that answers calls.

* SnapStart: importing the app takes most of a second of a whole core, and a caller would wait for it at every new
  environment. A snapshot of the started process comes back in a fraction of that. It is taken of a published version,
  so calls go to an alias. Its price is the snapshot's storage, some $4 a month at this memory, against provisioned
  concurrency, which costs more for a single environment. Lambda drops the snapshot of a version that nobody called for
  14 days; the next calls fail for the minute in which it takes another.
* 1,024 MB: Lambda deals out CPU by memory. A call takes some milliseconds of it, and drawing a QR code 15: at 1,024 MB
  (0.6 of a core) that is not noticed, at 512 it doubles, and beyond that only the waiting for DynamoDB is paid for.
* 29 s, as long as API Gateway waits.
* A bound on concurrency (stages.py): throttles count calls, not how long they take, and the calls of a tenant that wait
  (20 s) hold 150 environments (shared/limits.py). Without it a few such tenants take all that the account has, and
  neither the sender of webhooks nor the alerts run.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import CodeSource
from infra.functions import (
    FunctionProps,
    MadeFunction,
    allow,
    allow_secret,
    allow_sending,
    allow_spans,
    allow_tables,
    function_environment,
    make_function,
)
from infra.queues import command_queues
from infra.stages import Stage
from shared.queues.names import DELIVERIES, LOOKED_AT

MEMORY_MB = 1024
TIMEOUT_S = 29

TABLES = {
    "keys": ("GetItem",),
    "instances": ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    "messages": ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    "events": ("GetItem", "BatchGetItem", "Query"),
    "journal": ("Query", "PutItem"),
    "webhooks": ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
    "deliveries": ("GetItem", "Query", "PutItem"),
    "cache": ("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Scan", "BatchWriteItem"),
    "partitions": ("BatchGetItem", "UpdateItem"),
    "hosts": ("Scan",),  # as many items as there are hosts
}


def api_function(
    scope: Construct,
    *,
    stage: Stage,
    code: CodeSource,
    tables: Mapping[str, dynamodb.Table],
    queues: Mapping[str, sqs.Queue],
    sealing_key: secretsmanager.Secret,
) -> MadeFunction:
    """Makes it, with what it may do."""
    props = FunctionProps(
        folder="api",
        description="Answers the calls of the API",
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        environment=function_environment(stage, sealing_key),
        snap_start=True,
        reserved=stage.api_concurrency,
    )
    made = make_function(scope, "function", stage=stage, code=code, props=props)
    allow_tables(made.role, tables, TABLES)
    allow_sending(made.role, [queues[DELIVERIES.name].queue_arn, *command_queues(scope, stage)])
    looked_at = [*(queues[name].queue_arn for name in LOOKED_AT), *command_queues(scope, stage)]
    allow(made.role, ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"], looked_at)
    allow_secret(made.role, sealing_key)
    allow_spans(scope, made, stage)
    return made
