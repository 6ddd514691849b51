"""The service of session hosts in the templates, and that it fits the image and the process it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.capacity import HOSTS, WORKER_CEILING_MB, WORKER_MB, hosts_of, needed_mb
from infra.stages import DEV, PROD, Stage
from session_host.settings import HostSettings
from shared.metrics import DIMENSION, NAMESPACE, SESSIONS_PER_HOST
from tests.infra.conftest import ROOT, Synthesis, Template, of_type

DOCKERFILE = (ROOT / "session_host" / "Dockerfile").read_text()


def properties(template: Template, kind: str) -> list[dict[str, Any]]:
    """Of all resources of a type."""
    return [made["Properties"] for made in of_type(template, kind).values()]


@pytest.fixture(params=["hivewp-dev", "hivewp-prod"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def task(template: Synthesis, name: str) -> dict[str, Any]:
    (task,) = properties(template(name), "AWS::ECS::TaskDefinition")
    return task


@pytest.fixture
def container(task: dict[str, Any]) -> dict[str, Any]:
    (container,) = task["ContainerDefinitions"]
    assert isinstance(container, dict)
    return container


@pytest.fixture
def service(template: Synthesis, name: str) -> dict[str, Any]:
    (service,) = properties(template(name), "AWS::ECS::Service")
    return service


def test_tasks_are_arm64_and_of_a_size_that_fargate_has(task: dict[str, Any]) -> None:
    assert task["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}
    assert task["RequiresCompatibilities"] == ["FARGATE"]
    cpu, memory = int(task["Cpu"]), int(task["Memory"])
    assert cpu in {512, 1024, 2048, 4096}
    assert memory % 1024 == 0
    assert 2 * cpu <= memory <= 8 * cpu


def test_a_host_writes_where_it_may_and_nowhere_else(task: dict[str, Any], container: dict[str, Any]) -> None:
    assert container["ReadonlyRootFilesystem"] is True
    mounted = {point["SourceVolume"]: point["ContainerPath"] for point in container["MountPoints"]}
    env = dict(re.findall(r"(\w+)=(/\S+)", DOCKERFILE))
    assert env["HIVEWP_SESSION_DIR"] == mounted["sessions"]
    for variable in ("TMPDIR", "HIVEWP_RUN_DIR", "HIVEWP_HEALTH_FILE"):
        assert f"{env[variable]}/".startswith(f"{mounted['scratch']}/")
    volumes = {volume["Name"]: volume.get("EFSVolumeConfiguration") for volume in task["Volumes"]}
    assert volumes.keys() == mounted.keys()
    assert volumes["scratch"] is None
    assert volumes["sessions"]["TransitEncryption"] == "ENABLED"
    assert volumes["sessions"]["AuthorizationConfig"]["IAM"] == "ENABLED"
    assert "AccessPointId" in volumes["sessions"]["AuthorizationConfig"]


def test_the_images_user_is_the_one_to_whom_the_files_belong(template: Synthesis) -> None:
    (point,) = properties(template("hivewp-dev-data"), "AWS::EFS::AccessPoint")
    user = point["PosixUser"]
    assert f"USER {user['Uid']}:{user['Gid']}\n" in DOCKERFILE
    assert point["RootDirectory"]["CreationInfo"]["OwnerUid"] == user["Uid"]


def test_the_process_can_use_what_it_is_told(container: dict[str, Any], name: str) -> None:
    said = {one["Name"]: one["Value"] if isinstance(one["Value"], str) else "" for one in container["Environment"]}
    settings = HostSettings.parse(said | {"HIVEWP_SESSION_DIR": "/sessions", "HIVEWP_SEALING_KEY": "A" * 43})
    stage = {"hivewp-dev": DEV, "hivewp-prod": PROD}[name]
    assert settings.deployment.aws.prefix == name
    assert settings.deployment.partitions == stage.partitions
    assert settings.deployment.sessions_per_worker == stage.sessions_per_worker
    assert settings.deployment.metrics == "emf"
    assert said["RES_OPTIONS"] == "timeout:2 attempts:2"  # of the system's resolver, for the names of proxies
    assert settings.whatsapp.journal == "truncate"
    assert "AWS_REGION" in said


def test_the_sealing_key_is_injected_and_not_in_the_template(container: dict[str, Any]) -> None:
    assert [secret["Name"] for secret in container["Secrets"]] == ["HIVEWP_SEALING_KEY"]
    assert not {one["Name"] for one in container["Environment"]} & {"HIVEWP_SEALING_KEY", "HIVEWP_SEALING_KEY_SECRET"}


def test_it_starts_stops_and_is_judged_as_the_process_expects(container: dict[str, Any]) -> None:
    assert container["StopTimeout"] == 120
    assert container["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True}
    health = container["HealthCheck"]
    assert health["Command"][0] == "CMD"
    command = ", ".join(f'"{word}"' for word in health["Command"][1:])
    assert f"CMD [{command}]\n" in DOCKERFILE
    assert health["Interval"] * health["Retries"] <= 60
    options = container["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"


def test_a_deployment_starts_new_tasks_first_and_takes_bad_ones_back(service: dict[str, Any]) -> None:
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["EnableExecuteCommand"] is False
    assert "DesiredCount" not in service  # it would undo the scaling


@pytest.mark.parametrize(("stack", "public"), [("hivewp-dev", "ENABLED"), ("hivewp-nat", "DISABLED")])
def test_hosts_have_a_public_address_only_without_nat(template: Synthesis, stack: str, public: str) -> None:
    (service,) = properties(template(stack), "AWS::ECS::Service")
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == public


def test_nobody_may_call_a_host(template: Synthesis) -> None:
    groups = properties(template("hivewp-prod-data"), "AWS::EC2::SecurityGroup")
    (hosts,) = [group for group in groups if group["GroupDescription"].startswith("Session hosts")]
    assert "SecurityGroupIngress" not in hosts


@pytest.mark.parametrize("stage", [DEV, PROD], ids=lambda stage: stage.name)
def test_hosts_scale_by_their_sessions(template: Synthesis, stage: Stage) -> None:
    hosts, service = hosts_of(stage), template(stage.prefix)
    (target,) = properties(service, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (hosts.least, hosts.most)
    policies = properties(service, "AWS::ApplicationAutoScaling::ScalingPolicy")
    tracked = [policy["TargetTrackingScalingPolicyConfiguration"] for policy in policies]
    (sessions,) = [one for one in tracked if "CustomizedMetricSpecification" in one]
    metric = sessions["CustomizedMetricSpecification"]
    assert (metric["Namespace"], metric["MetricName"]) == (NAMESPACE, SESSIONS_PER_HOST.name)
    assert metric["Dimensions"] == [{"Name": DIMENSION, "Value": stage.prefix}]
    assert metric["Statistic"] == "Average"
    assert sessions["TargetValue"] == hosts.sessions


def statements(template: Template) -> Iterator[tuple[set[str], dict[str, Any]]]:
    """The statements of the role that hosts have, each with its actions."""
    (task,) = properties(template, "AWS::ECS::TaskDefinition")
    role = {"Ref": task["TaskRoleArn"]["Fn::GetAtt"][0]}
    for policy in properties(template, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"] if role in policy["Roles"] else ():
            actions = statement["Action"]
            yield {actions} if isinstance(actions, str) else set(actions), statement


def test_a_host_may_do_what_it_does_and_no_more(template: Synthesis) -> None:
    said = list(statements(template("hivewp-prod")))
    actions = set[str]().union(*(of_one for of_one, _ in said))
    assert {action.split(":")[0] for action in actions} == {"dynamodb", "sqs", "elasticfilesystem"}
    assert not [action for action in actions if "*" in action]
    assert not actions & {"dynamodb:DeleteTable", "sqs:PurgeQueue", "elasticfilesystem:ClientRootAccess"}
    for _, statement in said:
        assert statement["Effect"] == "Allow"
        assert "*" not in str(statement["Resource"])
    (files,) = [one for of_one, one in said if "elasticfilesystem:ClientMount" in of_one]
    assert "elasticfilesystem:AccessPointArn" in files["Condition"]["StringEquals"]
    for table in ("keys", "webhooks", "deliveries"):  # not a host's business
        assert f"GetAttdata{table}" not in str(said)


@pytest.mark.parametrize("stage", [DEV, PROD], ids=lambda stage: stage.name)
def test_a_host_has_room_for_what_the_others_leave_behind(stage: Stage) -> None:
    hosts = hosts_of(stage)
    assert needed_mb(stage, hosts) <= hosts.memory_mb
    assert hosts.least <= hosts.most <= stage.partitions  # one without a partition would hold nothing
    assert hosts.most * hosts.sessions >= stage.partitions * stage.sessions_per_worker
    assert hosts.messages_per_second() > 1
    assert WORKER_MB < WORKER_CEILING_MB


def test_hosts_that_are_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match="64 partitions need hosts of"):
        hosts_of(replace(DEV, partitions=64))
    assert set(HOSTS) == {"dev", "prod"}


def test_the_image_may_be_any_that_there_is(template: Synthesis) -> None:
    (task,) = properties(template("hivewp-dev"), "AWS::ECS::TaskDefinition")
    assert task["ContainerDefinitions"][0]["Image"] == "registry.example/hivewp-host:1"


def test_an_image_of_ecr_may_be_pulled_and_no_other(template: Synthesis) -> None:
    (task,) = properties(template("hivewp-prod"), "AWS::ECS::TaskDefinition")
    assert "/team/hivewp-host:1" in str(task["ContainerDefinitions"][0]["Image"])
    role = {"Ref": task["ExecutionRoleArn"]["Fn::GetAtt"][0]}
    policies = [one for one in properties(template("hivewp-prod"), "AWS::IAM::Policy") if role in one["Roles"]]
    said = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    (pull,) = [statement for statement in said if "ecr:BatchGetImage" in statement["Action"]]
    assert str(pull["Resource"]).endswith(":ecr:eu-west-1:123456789012:repository/team/hivewp-host']]}")


def test_without_one_it_is_made_of_what_the_dockerfile_takes(assembly: Path) -> None:
    (image,) = json.loads((assembly / "hivewp-nat.assets.json").read_text())["dockerImages"].values()
    source = image["source"]
    assert (source["dockerFile"], source["platform"]) == ("session_host/Dockerfile", "linux/arm64")
    context = assembly / source["directory"]
    assert {path.name for path in context.iterdir()} == {
        ".dockerignore", "pyproject.toml", "uv.lock", "shared", "session_host"
    }  # fmt: skip
    assert not list(context.rglob("__pycache__"))
