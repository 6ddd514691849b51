"""The tables, from the same definitions that make them on one machine (shared/store/tables.py), and the sealing key.

* On demand: traffic follows the customers' campaigns, and an idle deployment costs nothing.
* Encrypted with the AWS-managed key: its use shows up in CloudTrail, it costs cents, and no grant on a key is needed.
* Point-in-time recovery: 35 days back, to the second. Tables are retained when the stack goes, but not when its first
  deployment fails, or the next one would find the names taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import of_aws
from infra.rules import acknowledge
from infra.stages import Stage
from shared.store.tables import ALL, TTL_ATTRIBUTE, Index, Key, Table

SEALING_KEY_LETTERS = 43  # letters and digits are base64: 32 bytes without the padding


class Data(Construct):
    """`tables` by their names in shared/store/tables.py, and the secret that seals what customers entrust to us."""

    tables: Mapping[str, dynamodb.Table]
    sealing_key: secretsmanager.Secret

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.tables = {table.name: self._table(table, stage) for table in ALL}
        self.sealing_key = self._sealing_key(stage)

    def _table(self, table: Table, stage: Stage) -> dynamodb.Table:
        made = dynamodb.Table(
            self,
            table.name,
            table_name=f"{stage.prefix}-{table.name}",
            partition_key=_attribute(table.partition),
            sort_key=_attribute(table.sort) if table.sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=TTL_ATTRIBUTE if table.expires else None,
            deletion_protection=stage.termination_protection,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        if table.index:
            _add_index(made, table.index)
        return made

    def _sealing_key(self, stage: Stage) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "sealing-key",
            secret_name=f"{stage.prefix}-sealing-key",
            description="Seals the signing secrets and proxies' passwords that HiveWP stores. Never replace it.",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=SEALING_KEY_LETTERS, exclude_punctuation=True, include_space=False
            ),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        acknowledge(secret, {"AwsSolutions-SMG4": "A new key would not open what the old one has sealed"})
        return secret


def _add_index(table: dynamodb.Table, index: Index) -> None:
    table.add_global_secondary_index(
        index_name=index.name,
        partition_key=_attribute(index.partition),
        sort_key=_attribute(index.sort) if index.sort else None,
        projection_type=dynamodb.ProjectionType.KEYS_ONLY if index.keys_only else dynamodb.ProjectionType.ALL,
    )


def _attribute(key: Key) -> dynamodb.Attribute:
    kind = dynamodb.AttributeType.NUMBER if key.kind == "N" else dynamodb.AttributeType.STRING
    return dynamodb.Attribute(name=key.name, type=kind)


_USED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
_THROTTLED = ("ReadThrottleEvents", "WriteThrottleEvents")


def show_tables(board: Board) -> None:
    """What each table is used, which is what it costs, and whether any is throttled."""
    board.show(
        "Tables", [graph(name, *_of_all_tables(board.prefix, name), per_row=4) for name in (*_USED, *_THROTTLED)]
    )


def _of_all_tables(prefix: str, name: str) -> list[cloudwatch.Metric]:
    return [of_aws("DynamoDB", name, {"TableName": f"{prefix}-{table.name}"}, label=table.name) for table in ALL]
