"""The sender of webhooks: a function fed by the two delivery queues.

* `webhook_concurrency` of the stage bounds how many of it run at once for the fast lane, and two fifths as many for the
  slow one, each with up to 10 deliveries in hand: the account's other functions keep their concurrency. Processes know
  of a slow endpoint by its row, a second after its first attempt: until then each event of it that comes alone may take
  an invocation for as long as an attempt lasts. So it is well above what one endpoint gets in a second; what does not
  run costs nothing.
* An invocation makes as many attempts at once as the number says, 25 at most. `auto`: as many as there are instances by
  four, 3 to 25 (auto_concurrency.py of the sender), and 25 invocations: how many instances there will be is not known
  where the event source gets its maximum.
* A batch waits for nobody (window 0): a lone event goes out at once, and under load batches fill by themselves.
* Only the records that failed by our own fault come again (partial batch responses); an endpoint's failure is
  recorded and scheduled anew by the function.
* 30 s are enough for one attempt of 10 s that begins 15 s after the start, and a sixth of the queue's visibility, so
  a record that is being worked on is not handed to another.
* 512 MB: TLS to many endpoints needs some of a core, which Lambda deals out by memory; nobody waits for its start.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundling import CodeSource
from infra.functions import (
    FunctionProps,
    allow_secret,
    allow_sending,
    allow_spans,
    allow_tables,
    function_environment,
    make_function,
)
from infra.monitoring.board import Board, graph
from infra.monitoring.figures import Figures, all_looked_at, of_aws, ours
from infra.queues import age
from infra.stages import Stage
from shared.alarms import catalog as alarms
from shared.metrics import DELIVERIES_DEAD as METRIC_DEAD
from shared.metrics import (
    DELIVERIES_SLOWED,
    ENDPOINTS_DISABLED,
    WEBHOOK_LATENCY,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
)
from shared.queues.names import DELIVERIES, DELIVERIES_DEAD, DELIVERIES_SLOW, QueueSpec
from shared.resolver import RESOLVER

MEMORY_MB = 512
TIMEOUT_S = 30
MOST_OF_AUTO = 25
BATCH_SIZE = 10

TABLES = {
    "webhooks": ("GetItem", "BatchGetItem", "Query", "UpdateItem"),  # endpoints, and their health
    "hosts": ("Scan",),  # where the number of instances decides how many attempts are made at once
    "deliveries": ("GetItem", "Query", "PutItem", "BatchWriteItem", "UpdateItem"),  # the last: order, catch-ups
    "events": ("BatchGetItem", "Query"),  # for replays of a range, and for events in order
    "journal": ("PutItem",),  # of endpoints
    "cache": ("BatchGetItem", "PutItem", "UpdateItem"),  # the figures of /monitoring
}


class Webhooks(Construct):
    """`function` sends; what it could not get rid of after all attempts is on the dead-letter queue."""

    function: lambda_.Function
    logs: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        code: CodeSource,
        tables: Mapping[str, dynamodb.Table],
        queues: Mapping[str, sqs.Queue],
        sealing_key: secretsmanager.Secret,
    ) -> None:
        super().__init__(scope, construct_id)
        props = FunctionProps(
            folder="webhook_sender",
            description="Delivers events to the endpoints of customers, signed",
            memory_mb=MEMORY_MB,
            timeout_s=TIMEOUT_S,
            environment={**function_environment(stage, sealing_key), **_environment(stage)},
        )
        made = make_function(self, "function", stage=stage, code=code, props=props)
        allow_tables(made.role, tables, TABLES)
        allow_sending(
            made.role, [queues[queue.name].queue_arn for queue in (DELIVERIES, DELIVERIES_SLOW, DELIVERIES_DEAD)]
        )
        allow_secret(made.role, sealing_key)
        allow_spans(self, made, stage)
        for lane, most in most_at_once(stage).items():
            source = event_sources.SqsEventSource(
                queues[lane.name], batch_size=BATCH_SIZE, max_concurrency=most, report_batch_item_failures=True
            )
            made.function.add_event_source(source)
        self.function = made.function
        self.logs = made.logs


def most_at_once(stage: Stage) -> Mapping[QueueSpec, int]:
    """How many invocations there may be at once for each lane; an event source takes 2 at least."""
    fast = stage.webhook_concurrency or MOST_OF_AUTO
    return {DELIVERIES: fast, DELIVERIES_SLOW: max(2, fast * 2 // 5)}


def _environment(stage: Stage) -> dict[str, str]:
    most = stage.webhook_concurrency
    return {"HIVEWP_WEBHOOK_CONCURRENCY": "auto" if most is None else str(min(most, MOST_OF_AUTO)), **RESOLVER}


def show_deliveries(board: Board) -> None:
    """Whether customers hear of what happens, and how soon."""
    prefix = board.prefix
    attempts = (WEBHOOKS_DELIVERED, WEBHOOKS_FAILED, METRIC_DEAD)
    troubled = (DELIVERIES_SLOWED, ENDPOINTS_DISABLED)
    speeds = [ours(prefix, WEBHOOK_LATENCY, statistic=statistic) for statistic in ("p50", "p95", "p99")]
    board.show(
        "Webhooks",
        [
            graph("Webhook attempts", *(ours(prefix, metric) for metric in attempts), per_row=2),
            graph("Webhook latency", *speeds, per_row=2),
            graph("Endpoints in trouble", *(ours(prefix, metric) for metric in troubled), per_row=2),
        ],
    )


def sender_alarms(prefix: str) -> Figures:
    """What alarms on webhooks look at."""
    failing = alarms.SENDER_FAILING
    errors = of_aws("Lambda", "Errors", {"FunctionName": f"{prefix}-webhook-sender"}, period_s=failing.period_s)
    return {
        **all_looked_at(prefix, alarms.WEBHOOKS_FAILING, alarms.DELIVERIES_DEAD),
        failing: errors,
        alarms.DELIVERIES_LATE: age(prefix, DELIVERIES.name, alarms.DELIVERIES_LATE.period_s),
        alarms.DELIVERIES_SLOW_LATE: age(prefix, DELIVERIES_SLOW.name, alarms.DELIVERIES_SLOW_LATE.period_s),
    }
