"""The deployed tables are those that run on one machine, and they are kept safe; so is the key that seals secrets."""

from __future__ import annotations

from typing import Any

import pytest

from shared.aws import client
from shared.store.tables import ALL, TTL_ATTRIBUTE, Table
from tests.conftest import Deployment
from tests.infra.conftest import Synthesis, of_type

STAGES = ["dev", "prod"]


def _tables(template: Synthesis, stage: str) -> dict[str, dict[str, Any]]:
    """The resources of the tables by their names without the prefix."""
    found = of_type(template(f"hivewp-{stage}-data"), "AWS::DynamoDB::Table")
    return {table["Properties"]["TableName"].removeprefix(f"hivewp-{stage}-"): table for table in found.values()}


@pytest.mark.parametrize("stage", STAGES)
async def test_tables_are_those_that_are_made_on_one_machine(
    template: Synthesis, deployment: Deployment, stage: str
) -> None:
    deployed = _tables(template, stage)
    assert deployed.keys() == {table.name for table in ALL}
    async with client(deployment.settings, "dynamodb") as dynamodb:
        for name, table in deployed.items():
            local = await dynamodb.describe_table(TableName=deployment.database.name(name))
            assert _shape(table["Properties"]) == _shape(local["Table"])


def _shape(table: dict[str, Any]) -> dict[str, Any]:
    """Keys, their types and the indexes, in one order."""
    indexes = {
        index["IndexName"]: (index["KeySchema"], index["Projection"]["ProjectionType"])
        for index in table.get("GlobalSecondaryIndexes") or []
    }
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table["AttributeDefinitions"]}
    return {"keys": table["KeySchema"], "types": types, "indexes": indexes}


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
@pytest.mark.parametrize("stage", STAGES)
def test_a_table_can_be_recovered_is_encrypted_and_outlives_its_stack(
    template: Synthesis, stage: str, table: Table
) -> None:
    made = _tables(template, stage)[table.name]
    properties = made["Properties"]
    ttl = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True} if table.expires else None
    assert properties.get("TimeToLiveSpecification") == ttl
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties["DeletionProtectionEnabled"] is (stage == "prod")


@pytest.mark.parametrize("stage", STAGES)
def test_the_sealing_key_is_made_by_secrets_manager_and_never_thrown_away(template: Synthesis, stage: str) -> None:
    secrets = of_type(template(f"hivewp-{stage}-data"), "AWS::SecretsManager::Secret").values()
    [secret] = [one for one in secrets if one["Properties"]["Name"] == f"hivewp-{stage}-sealing-key"]
    made = secret["Properties"]["GenerateSecretString"]
    assert made == {"ExcludePunctuation": True, "IncludeSpace": False, "PasswordLength": 43}
    assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert "SecretString" not in secret["Properties"]


def test_tables_that_refuse_to_be_deleted_are_made_when_the_network_is_there(template: Synthesis) -> None:
    """A first deployment meets an account's limits at the network, and is taken back while it still can be."""
    data = template("hivewp-prod-data")
    failing = {
        *of_type(data, "AWS::EC2::VPC"),
        *of_type(data, "AWS::EFS::FileSystem"),
        *of_type(data, "AWS::EFS::MountTarget"),
    }
    for table in of_type(data, "AWS::DynamoDB::Table").values():
        assert failing <= set(table["DependsOn"])
