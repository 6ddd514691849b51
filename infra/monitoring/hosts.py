"""Session hosts on the operations dashboard."""

from __future__ import annotations

from aws_cdk import aws_ecs as ecs

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import ours
from shared.metrics import CLIENTS_OUTDATED, HOST_MEMORY, PARTITIONS_UNOWNED, SESSIONS_PER_HOST, WORKERS_RESTARTED


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
