"""Tables and the sessions' files on the operations dashboard."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import of_aws
from shared.metrics import Statistic
from shared.store import tables

_USED = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
_THROTTLED = ("ReadThrottleEvents", "WriteThrottleEvents")


def show_tables(board: Board) -> None:
    """What each table is used, which is what it costs, and whether any is throttled."""
    board.show(
        "Tables", [graph(name, *_of_all_tables(board.prefix, name), per_row=4) for name in (*_USED, *_THROTTLED)]
    )


def show_files(board: Board, file_system_id: str) -> None:
    """Where it gets slow: the limit of operations, and the credits of a file system that bursts."""
    files = {"FileSystemId": file_system_id}
    board.show(
        "Session files",
        [
            graph(
                "Of the limit of operations, %", of_aws("EFS", "PercentIOLimit", files, Statistic.MAXIMUM), per_row=4
            ),
            graph("Burst credits, bytes", of_aws("EFS", "BurstCreditBalance", files, "Minimum"), per_row=4),
            graph("Read and written, bytes", of_aws("EFS", "TotalIOBytes", files), per_row=4),
            graph("Mounted by", of_aws("EFS", "ClientConnections", files), per_row=4),
        ],
    )


def _of_all_tables(prefix: str, name: str) -> list[cloudwatch.Metric]:
    return [of_aws("DynamoDB", name, {"TableName": f"{prefix}-{table.name}"}, label=table.name) for table in tables.ALL]
