"""The arithmetic of the bill, on numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.cost import prices
from infra.cost.bill import bill, month_of
from infra.cost.report import BEGIN, END, placed, report
from infra.cost.template import Bought, bought
from infra.stages import PROD

HAS = Bought(
    api_gb=1.0,
    api_snapshots=True,
    api_at_once=None,
    sender_gb=0.5,
    firewall_rules=5,
    tables_recoverable=True,
    files_elastic=True,
    nat_gateways=0,
    alarms=20,
    dashboards=2,
    secrets=1,
    keys=1,
    retention_days=30,
)


def dollars(instances: int, has: Bought = HAS) -> dict[str, float]:
    """The lines by service and what."""
    return {f"{line.service}: {line.what}": line.dollars for line in bill(month_of(instances, PROD), has, PROD)}


def test_without_instances_what_runs_all_the_time_is_paid() -> None:
    lines = dollars(0)
    assert lines["API Gateway: calls"] == 0
    assert lines["WAF: web ACL with 5 rules, calls"] == 10
    assert lines["Public IPv4: an address for each host"] == pytest.approx(7.30)
    assert lines["CloudWatch: alarms on 20 metrics, 2 dashboards"] == pytest.approx(8)
    # 16 leases renewed each 5 s, two heartbeats each 10 s
    assert lines["DynamoDB: writes"] == pytest.approx((16 / 5 + 2 / 10) * prices.SECONDS * prices.WRITE_UNIT)


def test_traffic_is_paid_by_its_amount() -> None:
    few, many = dollars(100), dollars(1_000)
    for line in ("API Gateway: calls", "Lambda: webhook sender, 0.5 GB", "EFS: throughput"):
        assert many[line] == pytest.approx(10 * few[line])
    sent = 1_000 * 50 * prices.DAYS
    assert many["API Gateway: calls"] == pytest.approx((sent + 1_000 * 20 * prices.DAYS) * 3.5 / 1e6)


def test_more_instances_get_more_hosts_and_partitions() -> None:
    small, large = month_of(1_000, PROD), month_of(10_000, PROD)
    assert (small.hosts, small.partitions) == (2, 16)
    assert (large.hosts, large.partitions) == (20, 128)


def test_logs_are_far_from_the_largest_line() -> None:
    for instances in (100, 1_000, 10_000):
        lines = dollars(instances)
        assert lines["CloudWatch Logs: written, kept 30 days"] < max(lines.values()) / 10


def test_a_nat_gateway_takes_the_place_of_addresses() -> None:
    lines = dollars(100, replace(HAS, nat_gateways=1))
    assert lines["NAT gateway: hours"] == pytest.approx(32.85)
    assert not [line for line in lines if "IPv4" in line]


def test_the_tables_go_into_their_place() -> None:
    tables = report(HAS, PROD)
    assert "10,000 instances" in tables
    document = placed(f"# Cost\n\n{BEGIN}old{END}\nmore\n", tables)
    assert document == f"# Cost\n\n{BEGIN}\n\n{tables}\n\n{END}\nmore\n"
    assert placed(document, tables) == document
    with pytest.raises(ValueError, match="there is no"):
        placed("# Cost", tables)


def test_a_template_is_read() -> None:
    alarm = {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "m1/m2"}]}
    resources = [
        ("AWS::Lambda::Function", {"FunctionName": "x-api", "MemorySize": 1024, "SnapStart": {}}),
        ("AWS::Lambda::Function", {"FunctionName": "x-webhook-sender", "MemorySize": 512}),
        ("AWS::Lambda::Function", {"MemorySize": 128}),
        ("AWS::WAFv2::WebACL", {"Rules": [{}] * 5}),
        ("AWS::DynamoDB::Table", {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}),
        ("AWS::EFS::FileSystem", {"ThroughputMode": "elastic"}),
        ("AWS::CloudWatch::Alarm", alarm),
        *[("AWS::CloudWatch::Alarm", {"MetricName": "m"})] * 18,
        *[("AWS::CloudWatch::Dashboard", {})] * 2,
        ("AWS::SecretsManager::Secret", {}),
        ("AWS::KMS::Key", {}),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 30}),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 7}),
    ]
    named = {str(at): {"Type": kind, "Properties": properties} for at, (kind, properties) in enumerate(resources)}
    halves = [{"Resources": dict(list(named.items())[:6])}, {"Resources": dict(list(named.items())[6:])}]
    assert bought("x", *halves) == HAS
