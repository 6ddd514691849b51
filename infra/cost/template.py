"""What the synthesised templates of a stage say that has a price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What a stage has, whether or not anybody uses it. Memory in GB; `retention_days` of the logs.

    `api_at_once`: calls that the API's function answers at once, None where only the account bounds them."""

    api_gb: float
    api_snapshots: bool
    api_at_once: int | None
    sender_gb: float
    firewall_rules: int
    tables_recoverable: bool
    files_elastic: bool
    nat_gateways: int
    alarms: int
    dashboards: int
    secrets: int
    keys: int
    retention_days: int


def bought(stage: str, *templates: Template) -> Bought:
    """Reads the templates of a stage, named by its prefix. Raises StopIteration when a function is not in them."""
    functions = {f["FunctionName"]: f for f in _of(templates, "AWS::Lambda::Function") if "FunctionName" in f}
    api, sender = functions[f"{stage}-api"], functions[f"{stage}-webhook-sender"]
    tables = list(_of(templates, "AWS::DynamoDB::Table"))
    files = next(_of(templates, "AWS::EFS::FileSystem"))
    recovery = "PointInTimeRecoverySpecification"
    return Bought(
        api_gb=api["MemorySize"] / 1024,
        api_snapshots="SnapStart" in api,
        api_at_once=api.get("ReservedConcurrentExecutions"),
        sender_gb=sender["MemorySize"] / 1024,
        firewall_rules=sum(len(acl["Rules"]) for acl in _of(templates, "AWS::WAFv2::WebACL")),
        tables_recoverable=all(table[recovery]["PointInTimeRecoveryEnabled"] for table in tables),
        files_elastic=files.get("ThroughputMode") == "elastic",
        nat_gateways=len(list(_of(templates, "AWS::EC2::NatGateway"))),
        alarms=sum(_metrics_of(alarm) for alarm in _of(templates, "AWS::CloudWatch::Alarm")),
        dashboards=len(list(_of(templates, "AWS::CloudWatch::Dashboard"))),
        secrets=len(list(_of(templates, "AWS::SecretsManager::Secret"))),
        keys=len(list(_of(templates, "AWS::KMS::Key"))),
        retention_days=max(group["RetentionInDays"] for group in _of(templates, "AWS::Logs::LogGroup")),
    )


def _of(templates: tuple[Template, ...], kind: str) -> Iterator[Mapping[str, Any]]:
    for template in templates:
        for resource in template["Resources"].values():
            if resource["Type"] == kind:
                yield resource["Properties"]


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    """An alarm is billed for each metric that it looks at."""
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1
