"""Nobody can call a host; its files are encrypted, kept, and reached by hosts alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.network import SESSION_UID, ZONES
from infra.stages import DEV, PROD
from tests.infra.conftest import Synthesis, Template, of_type

STAGES = ["dev", "prod", "nat"]


def _rules(template: Template, direction: str) -> list[dict[str, Any]]:
    """Every rule of every security group, wherever it is written."""
    apart = of_type(template, f"AWS::EC2::SecurityGroup{direction}").values()
    within = of_type(template, "AWS::EC2::SecurityGroup").values()
    return [
        *(rule["Properties"] for rule in apart),
        *(rule for group in within for rule in group["Properties"].get(f"SecurityGroup{direction}", [])),
    ]


@pytest.mark.parametrize("stage", STAGES)
def test_the_one_way_in_is_from_hosts_to_their_files(template: Synthesis, stage: str) -> None:
    rules = [rule for part in ("-data", "") for rule in _rules(template(f"hivewp-{stage}{part}"), "Ingress")]
    [rule] = rules
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 2049, 2049)
    assert not {"CidrIp", "CidrIpv6", "SourcePrefixListId"} & rule.keys()
    assert "networkhosts" in rule["SourceSecurityGroupId"]["Fn::GetAtt"][0]
    assert "networkfilesaccess" in rule["GroupId"]["Fn::GetAtt"][0]


@pytest.mark.parametrize("stage", STAGES)
def test_hosts_are_behind_a_nat_gateway_only_where_that_is_asked_for(template: Synthesis, stage: str) -> None:
    data, nat = template(f"hivewp-{stage}-data"), stage == "nat"
    assert len(of_type(data, "AWS::EC2::NatGateway")) == (DEV.nat_gateways if nat else 0)
    assert len(of_type(data, "AWS::EC2::Subnet")) == (4 if nat else 2)
    [service] = of_type(template(f"hivewp-{stage}"), "AWS::ECS::Service").values()
    network = service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == ("DISABLED" if nat else "ENABLED")
    assert all(("private" in str(subnet)) is nat for subnet in network["Subnets"])


def test_production_behind_nat_outlives_a_zone() -> None:
    assert (DEV.nat_gateways, PROD.nat_gateways) == (1, ZONES)


def test_nat_can_be_switched_later(template: Synthesis) -> None:
    """What the service takes of the network is there before and after; nothing that files hang on is replaced."""
    without, behind = template("hivewp-dev-data"), template("hivewp-nat-data")
    assert _subnets_told(without) < _subnets_told(behind)
    for kind in ("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EFS::MountTarget", "AWS::EFS::FileSystem"):
        for name, made in of_type(without, kind).items():
            assert _said(behind["Resources"][name]).replace("nat", "dev") == _said(made)
    assert len(of_type(behind, "AWS::EFS::MountTarget")) == ZONES


def _said(made: dict[str, Any]) -> str:
    return json.dumps(made["Properties"], sort_keys=True)


def _subnets_told(template: Template) -> set[str]:
    return {name for name in template["Outputs"] if "Subnet" in name}


@pytest.mark.parametrize("stage", STAGES)
def test_tables_and_image_layers_are_reached_without_the_internet(template: Synthesis, stage: str) -> None:
    endpoints = of_type(template(f"hivewp-{stage}-data"), "AWS::EC2::VPCEndpoint").values()
    assert {endpoint["Properties"]["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}
    named = [str(endpoint["Properties"]["ServiceName"]) for endpoint in endpoints]
    assert [any(service in name for name in named) for service in ("dynamodb", "s3")] == [True, True]


@pytest.mark.parametrize(("stage", "throughput", "backup"), [("dev", "bursting", False), ("prod", "elastic", True)])
def test_session_files_are_encrypted_and_outlive_their_stack(
    template: Synthesis, stage: str, throughput: str, backup: bool
) -> None:
    [files] = of_type(template(f"hivewp-{stage}-data"), "AWS::EFS::FileSystem").values()
    properties = files["Properties"]
    assert properties["Encrypted"] is True
    assert "AvailabilityZoneName" not in properties  # regional
    assert properties["ThroughputMode"] == throughput
    assert (properties.get("BackupPolicy") == {"Status": "ENABLED"}) is backup
    assert (files["DeletionPolicy"], files["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_session_files_are_reached_over_tls_as_one_user_in_one_folder(template: Synthesis) -> None:
    data = template("hivewp-prod-data")
    [access] = of_type(data, "AWS::EFS::AccessPoint").values()
    assert access["Properties"]["PosixUser"] == {"Uid": SESSION_UID, "Gid": SESSION_UID}
    assert access["Properties"]["RootDirectory"]["Path"] == "/sessions"
    assert access["Properties"]["RootDirectory"]["CreationInfo"]["Permissions"] == "700"
    [files] = of_type(data, "AWS::EFS::FileSystem").values()
    statements = files["Properties"]["FileSystemPolicy"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Deny"}
    plain, root = statements
    assert (plain["Action"], plain["Condition"]) == ("elasticfilesystem:*", {"Bool": {"aws:SecureTransport": "false"}})
    assert (root["Action"], "Condition" in root) == ("elasticfilesystem:ClientRootAccess", False)
