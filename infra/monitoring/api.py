"""The API on the operations dashboard: calls, errors, speed, what the firewall turned away."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_wafv2 as waf

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import MINUTE, of_aws, ours, share
from shared.metrics import API_LATENCY, Statistic

API_STAGE = "api"


def show_api(board: Board, api_name: str, acl: waf.CfnWebACL, region: str) -> None:
    """`api_name` is the gateway's, `region` where the firewall stands."""
    blocked = {"WebACL": str(acl.name), "Region": region, "Rule": "ALL"}
    board.show(
        "API",
        [
            graph("Calls and errors", *(_metric(api_name, name) for name in ("Count", "4XXError", "5XXError"))),
            graph("Latency without calls that wait, ms", *_percentiles(board)),
            graph(
                "Latency as API Gateway sees it, ms",
                *(_metric(api_name, "Latency", statistic) for statistic in ("p50", "p95")),
                _metric(api_name, "IntegrationLatency", "p95"),
            ),
            graph(
                "Turned away by the firewall",
                *(of_aws("WAFV2", name, blocked) for name in ("BlockedRequests", "AllowedRequests")),
            ),
        ],
    )


def failing_calls(api_name: str, period_s: int) -> cloudwatch.MathExpression:
    """Calls answered with a 5xx, in percent of all."""
    errors, count = (_metric(api_name, name, period_s=period_s) for name in ("5XXError", "Count"))
    return share(errors, {"calls": count}, at_least=20, good=0, label="5xx of all calls, %", period_s=period_s)


def _percentiles(board: Board) -> list[cloudwatch.Metric]:
    return [ours(board.prefix, API_LATENCY, statistic=statistic) for statistic in ("p50", "p95")]


def _metric(api_name: str, name: str, statistic: str = Statistic.SUM, period_s: int = MINUTE) -> cloudwatch.Metric:
    label = name if statistic == Statistic.SUM else f"{name} {statistic}"
    return of_aws("ApiGateway", name, {"ApiName": api_name, "Stage": API_STAGE}, statistic, label, period_s)
