"""The session hosts: one Fargate service, whose tasks share the partitions among themselves (session_host/leases).

* arm64, in public subnets without a way in, or in private ones (infra/network.py). How many and how large: capacity.py.
* Sessions' files are on EFS, reached over TLS, with the task's role, through the access point: as one user, in one
  folder. All else that a host writes goes to a volume that ends with the task; the root file system is read-only.
  So `ecs execute-command`, whose agent writes to the root, does not work: what a host does is in its log and metrics.
* A deployment starts new tasks before it stops old ones, which hand their partitions over and have two minutes for it
  (they need one). Tasks that do not become healthy are rolled back.
* How many tasks there are is up to the scaling alone: a number in the template would undo it at each deployment
  (`removeDefaultDesiredCount` in cdk.json). By the sessions that a host holds, and by CPU where few of
  them send much. Slowly downwards: each host that goes makes its sessions reconnect.
* No Container Insights: it would bill some $10 a month for what the service's free metrics and ours say (sessions,
  memory with its workers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.capacity import BUSY, WORKER_CEILING_MB, Hosts, hosts_of
from infra.functions import allow, allow_sending, allow_tables, deployment_environment, log_group, otlp_headers
from infra.host_rights import COMMANDS, QUERIED, SENT_TO, TABLES
from infra.monitoring.board import Board, graph
from infra.monitoring.figures import Figures, all_looked_at, ours
from infra.network import Network
from infra.queues import command_queues
from infra.rules import acknowledge
from infra.stages import Stage
from shared.alarms import catalog as alarms
from shared.metrics import (
    CLIENTS_OUTDATED,
    DIMENSION,
    HOST_MEMORY,
    NAMESPACE,
    PARTITIONS_UNOWNED,
    SESSIONS_PER_HOST,
    WORKERS_RESTARTED,
)
from shared.resolver import RESOLVER

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = "session_host/Dockerfile"
STOP_S = 120  # Fargate's most
SCALE_OUT = Duration.minutes(5)  # a new host has its share, and says so, within two
SCALE_IN = Duration.minutes(30)
FILES = 65_536  # open at once: a session has several, and so has one that ended (docs/reliability.md)

# the folders that the image declares
SESSIONS = "/sessions"
SCRATCH = "/scratch"

_PRIVATE_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<name>[a-z0-9._/-]+)[:@](?P<tag>[A-Za-z0-9._:-]+)"
)


class SessionHosts(Construct):
    """`service` runs them in `cluster`; they log to `logs`. `image`: a URI in place of the image made from here."""

    cluster: ecs.Cluster
    service: ecs.FargateService
    task: ecs.FargateTaskDefinition
    logs: logs.LogGroup
    capacity: Hosts

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        network: Network,
        tables: Mapping[str, dynamodb.Table],
        queues: Mapping[str, sqs.Queue],
        sealing_key: secretsmanager.Secret,
        image: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.capacity = hosts_of(stage)
        self.logs = log_group(self, "logs", f"/{stage.prefix}/hosts", stage)
        role = iam.Role(
            self,
            "role",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description=f"What a session host of {stage.prefix} may do",
        )
        self.task = self._task(stage, network, role)
        self._container(stage, sealing_key, _image(self, image))
        _allow_data(role, command_queues(self, stage), tables, queues)
        _allow_files(role, network)
        self.cluster = ecs.Cluster(
            self,
            "cluster",
            cluster_name=stage.prefix,
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.DISABLED,
        )
        self.service = self._service(stage, network)
        self._scale(stage)
        self._acknowledge()

    def _task(self, stage: Stage, network: Network, role: iam.Role) -> ecs.FargateTaskDefinition:
        files = ecs.EfsVolumeConfiguration(
            file_system_id=network.files.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(
                access_point_id=network.sessions.access_point_id, iam="ENABLED"
            ),
        )
        return ecs.FargateTaskDefinition(
            self,
            "task",
            family=f"{stage.prefix}-host",
            task_role=role,
            cpu=self.capacity.cpu,
            memory_limit_mib=self.capacity.memory_mb,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
            volumes=[ecs.Volume(name="sessions", efs_volume_configuration=files), ecs.Volume(name="scratch")],
        )

    def _container(self, stage: Stage, sealing_key: secretsmanager.Secret, image: ecs.ContainerImage) -> None:
        container = self.task.add_container(
            "host",
            image=image,
            memory_limit_mib=self.capacity.memory_mb,  # where the host sees its limit: the machine below is larger
            environment=_environment(self, stage),
            secrets=_secrets(self, stage, sealing_key),
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix="host",
                log_group=self.logs,
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,  # logs that do not get away must not stop sessions
                max_buffer_size=Size.mebibytes(4),
            ),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-m", "session_host.health"],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(60),
            ),
            stop_timeout=Duration.seconds(STOP_S),
            readonly_root_filesystem=True,
            linux_parameters=_linux(self),
            ulimits=[ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=FILES, hard_limit=FILES)],
        )
        container.add_mount_points(
            ecs.MountPoint(source_volume="sessions", container_path=SESSIONS, read_only=False),
            ecs.MountPoint(source_volume="scratch", container_path=SCRATCH, read_only=False),
        )

    def _service(self, stage: Stage, network: Network) -> ecs.FargateService:
        return ecs.FargateService(
            self,
            "service",
            service_name=f"{stage.prefix}-hosts",
            cluster=self.cluster,
            task_definition=self.task,
            vpc_subnets=network.host_subnets,
            security_groups=[network.hosts_security_group],
            assign_public_ip=not stage.nat,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            enable_execute_command=False,
        )

    def _scale(self, stage: Stage) -> None:
        tasks = self.service.auto_scale_task_count(min_capacity=self.capacity.least, max_capacity=self.capacity.most)
        sessions = cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=SESSIONS_PER_HOST.name,
            dimensions_map={DIMENSION: stage.prefix},
            statistic=SESSIONS_PER_HOST.statistic.value,
            period=Duration.minutes(1),
        )
        tasks.scale_to_track_custom_metric(
            "sessions",
            metric=sessions,
            target_value=self.capacity.sessions,
            scale_out_cooldown=SCALE_OUT,
            scale_in_cooldown=SCALE_IN,
        )
        tasks.scale_on_cpu_utilization(
            "cpu", target_utilization_percent=100 * BUSY, scale_out_cooldown=SCALE_OUT, scale_in_cooldown=SCALE_IN
        )

    def _acknowledge(self) -> None:
        acknowledge(self.cluster, {"AwsSolutions-ECS4": "Free metrics and our own say what Insights would bill for."})
        why = "Names and numbers that are no secrets; the one secret comes from Secrets Manager."
        acknowledge(self.task, {"AwsSolutions-ECS2": why})
        why = "ecr:GetAuthorizationToken knows no resources; what it opens is limited by the statement beside it."
        acknowledge(self.task, {"AwsSolutions-IAM5[Resource::*]": why})


def _environment(scope: Construct, stage: Stage) -> dict[str, str]:
    """See session_host/settings.py; what has to do with folders is said by the image."""
    return {
        "AWS_REGION": Stack.of(scope).region,
        **deployment_environment(stage),
        "HIVEWP_SESSION_JOURNAL": "truncate",  # write-ahead logs do not work on a network file system
        "HIVEWP_WORKER_MEMORY_MB": str(WORKER_CEILING_MB),
        **RESOLVER,  # customers' proxies have names
    }


def _secrets(scope: Construct, stage: Stage, sealing_key: secretsmanager.Secret) -> dict[str, ecs.Secret]:
    """What ECS puts into the environment when a task starts."""
    secrets = {"HIVEWP_SEALING_KEY": ecs.Secret.from_secrets_manager(sealing_key)}
    if headers := otlp_headers(scope, stage):
        secrets["OTEL_EXPORTER_OTLP_HEADERS"] = ecs.Secret.from_secrets_manager(headers)
    return secrets


def _linux(scope: Construct) -> ecs.LinuxParameters:
    parameters = ecs.LinuxParameters(scope, "linux", init_process_enabled=True)
    parameters.drop_capabilities(ecs.Capability.ALL)
    return parameters


def _image(scope: Construct, uri: str | None) -> ecs.ContainerImage:
    if uri is None:
        return ecs.ContainerImage.from_asset(str(ROOT), file=DOCKERFILE, platform=assets.Platform.LINUX_ARM64)
    private = _PRIVATE_IMAGE.fullmatch(uri)
    if private is None:
        return ecs.ContainerImage.from_registry(uri)
    arn = f"arn:{Stack.of(scope).partition}:ecr:{private['region']}:{private['account']}:repository/{private['name']}"
    repository = ecr.Repository.from_repository_attributes(
        scope, "repository", repository_arn=arn, repository_name=private["name"]
    )
    return ecs.ContainerImage.from_ecr_repository(repository, private["tag"])


def _allow_data(
    role: iam.Role, commands: Sequence[str], tables: Mapping[str, dynamodb.Table], queues: Mapping[str, sqs.Queue]
) -> None:
    allow_tables(role, tables, TABLES)
    allow(role, ["dynamodb:Query"], [f"{tables[table].table_arn}/index/{index}" for table, index in QUERIED])
    allow(role, [f"sqs:{action}" for action in COMMANDS], commands)
    allow_sending(role, [queues[name].queue_arn for name in SENT_TO])


def _allow_files(role: iam.Role, network: Network) -> None:
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            resources=[network.files.file_system_arn],
            conditions={"StringEquals": {"elasticfilesystem:AccessPointArn": network.sessions.access_point_arn}},
        )
    )


def show_hosts(board: Board, service: ecs.FargateService) -> None:
    """CPU, memory and running tasks by ECS; sessions, memory with its workers, restarts and partitions by ourselves."""
    board.facade.monitor_simple_fargate_service(fargate_service=service, human_readable_name="Session hosts")
    prefix = board.prefix
    board.show(
        "Sessions",
        [
            graph("Sessions per host", *(ours(prefix, SESSIONS_PER_HOST, statistic=s) for s in ("Average", "Maximum"))),
            graph("Memory of the fullest host, %", ours(prefix, HOST_MEMORY)),
            graph(
                "What should not be",
                *(ours(prefix, m) for m in (PARTITIONS_UNOWNED, WORKERS_RESTARTED, CLIENTS_OUTDATED)),
            ),
        ],
    )


def host_alarms(prefix: str) -> Figures:
    """What alarms on hosts look at."""
    return all_looked_at(prefix, alarms.PARTITION_UNOWNED, alarms.CLIENT_OUTDATED, alarms.HOST_MEMORY_HIGH)
