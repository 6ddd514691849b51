"""What holds for both stacks of every stage: rules without open findings, no account, nothing that grants too much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.settings import MAX_PARTITIONS
from tests.infra.conftest import Synthesis, environment, of_type

STACKS = [f"hivewp-{stage}{part}" for stage in ("dev", "prod") for part in ("-data", "")]
DATA_SERVICES = ("dynamodb", "sqs", "s3", "secretsmanager", "elasticfilesystem", "kms")


def test_rules_have_no_findings_that_are_not_acknowledged(assembly: Path) -> None:
    report = json.loads((assembly / "validation-report.json").read_text())
    found = [
        (violation["ruleName"], place["constructPath"], violation["description"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for place in violation["violatingConstructs"]
    ]
    assert found == []


def test_synthesis_needs_neither_credentials_nor_tools_of_the_machine(assembly: Path) -> None:
    """It was made with these variables and no others."""
    assert environment(assembly).keys() == {"HOME", "PYTHONPATH", "JSII_NODE", "JSII_RUNTIME_PACKAGE_CACHE_ROOT"}
    assert not list(assembly.parent.glob(".aws"))
    assert (assembly / "hivewp-prod.template.json").exists()


def test_the_rules_would_find_something(assembly: Path) -> None:
    """What was acknowledged is known only because the rules looked."""
    manifest = (assembly / "manifest.json").read_text() + (assembly / "hivewp-dev-data.metadata.json").read_text()
    assert "AwsSolutions-SMG4" in manifest


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_bound_to_no_account_and_protected_where_it_keeps_what_counts(assembly: Path, stack: str) -> None:
    artifact = json.loads((assembly / "manifest.json").read_text())["artifacts"][stack]
    assert artifact["environment"] == "aws://unknown-account/unknown-region"
    assert artifact["properties"].get("terminationProtection", False) is stack.startswith("hivewp-prod")


def _statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What roles are allowed to do."""
    for policy in of_type(template, "AWS::IAM::Policy").values():
        yield from policy["Properties"]["PolicyDocument"]["Statement"]
    for role in of_type(template, "AWS::IAM::Role").values():
        for inline in role["Properties"].get("Policies", []):
            yield from inline["PolicyDocument"]["Statement"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_may_do_all_on_data_or_something_on_all_data(template: Synthesis, stack: str) -> None:
    for statement in _statements(template(stack)):
        actions, resources = _list(statement["Action"]), _list(statement["Resource"])
        on_data = [action for action in actions if action.partition(":")[0] in DATA_SERVICES]
        assert not [action for action in on_data if "*" in action], statement
        assert not on_data or not [resource for resource in resources if "*" in json.dumps(resource)], statement
        assert "*" not in actions


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("stack", STACKS)
def test_what_a_role_may_do_is_written_here_and_not_in_policies_of_aws(template: Synthesis, stack: str) -> None:
    roles = of_type(template(stack), "AWS::IAM::Role")
    managed = {name: json.dumps(role["Properties"].get("ManagedPolicyArns", [])) for name, role in roles.items()}
    logs_of_gateway = "AmazonAPIGatewayPushToCloudWatchLogs"  # the account's, without which there are no access logs
    assert not [name for name, policies in managed.items() if policies != "[]" and logs_of_gateway not in policies]


@pytest.mark.parametrize("stack", STACKS)
def test_logs_are_kept_for_a_time_and_no_longer(template: Synthesis, stack: str) -> None:
    groups = of_type(template(stack), "AWS::Logs::LogGroup").values()
    assert all(group["Properties"]["RetentionInDays"] <= 90 for group in groups)
    assert groups


@pytest.mark.parametrize("stack", STACKS)
def test_functions_log_where_logs_end(template: Synthesis, stack: str) -> None:
    for function in of_type(template(stack), "AWS::Lambda::Function").values():
        assert "LogGroup" in function["Properties"].get("LoggingConfig", {}), function


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_service_keeps_nothing_of_its_own(template: Synthesis, stage: str) -> None:
    """So that tearing it down and up again loses nothing."""
    service = template(f"hivewp-{stage}")
    kinds = {made["Type"] for made in service["Resources"].values()}
    assert not kinds & {"AWS::DynamoDB::Table", "AWS::EFS::FileSystem"}
    assert not of_type(service, "AWS::SecretsManager::Secret")
    queues = [queue["Properties"]["QueueName"] for queue in of_type(service, "AWS::SQS::Queue").values()]
    assert queues == [f"hivewp-{stage}-alerts-dead"]  # alarms that could not be told: the next one comes anyway


@pytest.mark.parametrize("stack", STACKS)
def test_whatever_holds_or_carries_data_is_encrypted(template: Synthesis, stack: str) -> None:
    """Tables, queues and files are looked at by tests of their own; this finds what nobody thought of."""
    signs = {
        "AWS::DynamoDB::Table": "SSESpecification",
        "AWS::EFS::FileSystem": "Encrypted",
        "AWS::S3::Bucket": "BucketEncryption",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::SQS::Queue": "SqsManagedSseEnabled",
    }
    for name, made in template(stack)["Resources"].items():
        assert made["Type"] not in signs or made["Properties"].get(signs[made["Type"]]), name


@pytest.mark.parametrize("part", ["-data", ""])
def test_as_many_partitions_as_there_can_be_fit_into_what_aws_takes(template: Synthesis, part: str) -> None:
    """The stage `nat` has MAX_PARTITIONS. CloudFormation's limits, and IAM's on all inline policies of a role."""
    widest = template(f"hivewp-nat{part}")
    queues = of_type(template("hivewp-nat-data"), "AWS::SQS::Queue").values()
    assert sum("commands-" in queue["Properties"]["QueueName"] for queue in queues) == MAX_PARTITIONS + 1
    assert len(widest["Resources"]) <= 500
    assert len(widest.get("Outputs", {})) <= 200
    assert len(json.dumps(widest)) <= 1_000_000
    for policy in of_type(widest, "AWS::IAM::Policy").values():
        assert len(json.dumps(policy["Properties"]["PolicyDocument"])) <= 6_144
