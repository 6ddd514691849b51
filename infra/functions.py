"""What our functions have in common: runtime, logs, a role of their own, and the settings of the deployment.

* python3.13 on arm64: a fifth cheaper a second than x86, and as fast for us.
* JSON logs: what is logged with fields can be searched by them. Lambda's own lines about each call are left out: they
  would be most of the volume, and say what its metrics say.
* No X-Ray, whose SDK ends in 2027: spans go to any collector by OTLP where the context names one (docs/tracing.md).
* A role holds what is granted to it and the writing of its own log, instead of the managed policy for all logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import CodeSource
from infra.rules import acknowledge
from infra.stages import Stage
from shared.secrets import OTLP_HEADERS_SECRET, SEALING_KEY_SECRET

RUNTIME = lambda_.Runtime.PYTHON_3_13


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionProps:
    """A function of the folder functions/<folder>, whose handler is functions.<folder>.handler.handler."""

    folder: str
    description: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str]
    snap_start: bool = False
    reserved: int | None = None  # environments: it gets so many, and no more
    dead_letters: sqs.IQueue | None = None  # of calls that nobody waits for


@dataclass(frozen=True, slots=True)
class MadeFunction:
    """A function, its role and where it logs."""

    function: lambda_.Function
    role: iam.Role
    logs: logs.LogGroup


def make_function(
    scope: Construct, construct_id: str, *, stage: Stage, code: CodeSource, props: FunctionProps
) -> MadeFunction:
    """Makes a function with a role and a log group of its own."""
    name = f"{stage.prefix}-{props.folder.replace('_', '-')}"
    group = log_group(scope, f"{construct_id}-logs", f"/{stage.prefix}/{props.folder.replace('_', '-')}", stage)
    principal = iam.ServicePrincipal("lambda.amazonaws.com")
    role = iam.Role(scope, f"{construct_id}-role", assumed_by=principal, description=f"What {name} may do")
    group.grant_write(role)
    function = lambda_.Function(
        scope,
        construct_id,
        function_name=name,
        description=props.description,
        runtime=RUNTIME,
        architecture=lambda_.Architecture.ARM_64,
        code=code(props.folder),
        handler=f"functions.{props.folder}.handler.handler",
        memory_size=props.memory_mb,
        timeout=Duration.seconds(props.timeout_s),
        reserved_concurrent_executions=props.reserved,
        environment=dict(props.environment),
        role=role,
        dead_letter_queue=props.dead_letters,
        log_group=group,
        logging_format=lambda_.LoggingFormat.JSON,
        application_log_level_v2=_level(stage.log_level),
        system_log_level_v2=lambda_.SystemLogLevel.WARN,
        snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if props.snap_start else None,
        # a version that nothing points to any more would cost its snapshot's storage for ever
        current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.DESTROY),
    )
    acknowledge(function, {"AwsSolutions-L1": "The version that the bundles' libraries are locked and tested for"})
    return MadeFunction(function, role, group)


def log_group(scope: Construct, construct_id: str, name: str, stage: Stage) -> logs.LogGroup:
    """A log group that is kept for as long as the stage says, and goes with its stack."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=_RETENTION[stage.log_retention_days],
        removal_policy=RemovalPolicy.DESTROY,
    )


def deployment_environment(stage: Stage) -> dict[str, str]:
    """What every process that opens the store is told (shared/settings.py), but for the sealing key."""
    return {
        "HIVEWP_PREFIX": stage.prefix,
        "HIVEWP_PARTITIONS": str(stage.partitions),
        "HIVEWP_SESSIONS_PER_WORKER": str(stage.sessions_per_worker),
        "HIVEWP_LOG_LEVEL": stage.log_level,
        "HIVEWP_METRICS": "emf",
        **_span_environment(stage),
    }


def _span_environment(stage: Stage) -> dict[str, str]:
    """See shared/tracing/otlp.py. The collector's key is not among them."""
    if stage.spans is None:
        return {}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": stage.spans.endpoint,
        "OTEL_TRACES_SAMPLER": "traceidratio",  # by the trace's id alone: a caller's flag shall not cost its operator
        "OTEL_TRACES_SAMPLER_ARG": stage.spans.ratio,
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={stage.name}",
    }


def otlp_headers(scope: Construct, stage: Stage) -> secretsmanager.ISecret | None:
    """The secret that the operator keeps the collector's headers in, if there is one."""
    if stage.spans is None or stage.spans.headers_secret is None:
        return None
    return secretsmanager.Secret.from_secret_name_v2(scope, "otlp-headers", stage.spans.headers_secret)


def allow_spans(scope: Construct, made: MadeFunction, stage: Stage) -> None:
    """Lets a function find the collector's headers."""
    secret = otlp_headers(scope, stage)
    if secret is not None:
        made.function.add_environment(OTLP_HEADERS_SECRET, secret.secret_name)
        secret.grant_read(made.role)


def function_environment(stage: Stage, sealing_key: secretsmanager.ISecret) -> dict[str, str]:
    """The same for a function, which is told where the key is; the key itself is not in it."""
    return {**deployment_environment(stage), SEALING_KEY_SECRET: sealing_key.secret_arn}


def allow_tables(role: iam.Role, tables: Mapping[str, dynamodb.ITable], needs: Mapping[str, Sequence[str]]) -> None:
    """Lets a role do so much on each table, and nothing on its indexes."""
    for name, actions in needs.items():
        allow(role, [f"dynamodb:{action}" for action in actions], [tables[name].table_arn])


def allow_sending(role: iam.Role, queues: Sequence[str]) -> None:
    """Lets a role find these queues, by their ARNs, and put messages on them."""
    allow(role, ["sqs:GetQueueUrl", "sqs:SendMessage"], queues)


def allow_secret(role: iam.Role, secret: secretsmanager.ISecret) -> None:
    """Lets a role read one secret."""
    allow(role, ["secretsmanager:GetSecretValue"], [secret.secret_arn])


def allow(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Adds a statement to a role's own policy."""
    role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))


def _level(name: str) -> lambda_.ApplicationLogLevel:
    """INFO at most: figures are lines without a level, which Lambda takes for INFO. Ours is set by the function."""
    return lambda_.ApplicationLogLevel.DEBUG if name == "DEBUG" else lambda_.ApplicationLogLevel.INFO


_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
}
