"""Alarms of what waits, and of what was given up."""

from __future__ import annotations

from shared.alarms.alarm import Alarm, Dashboard, Missing, Sign
from shared.metrics import DELIVERIES_DEAD as GIVEN_UP

_DEAD_STAYS = (
    "SQS stops telling the depth of a queue that nobody has touched for six hours, whatever is in it: the alarm stays "
    "as it is until somebody has looked."
)

SENDER_FAILING = Alarm(
    id="webhook-sender",
    title="The sender of webhooks breaks off",
    meaning=(
        "Calls of the sender of webhooks end in an error or run out of time. Their events come again up to ten times, "
        "three minutes apart, and go to the dead-letter queue after that."
    ),
    first_step=(
        "Search the sender's log for `ERROR` and `Task timed out`. After a deployment: roll it back (docs/deploy.md), "
        "then look for the cause. Events that were given up meanwhile are on the queue `deliveries-dead`: see the "
        "alarm of that name."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="calls",
    period_s=60,
    periods=5,
    bad=3,
    missing=Missing.GOOD,
    missing_because="Nothing happened that anybody wanted to hear.",
    dashboard=Dashboard.OPERATIONS,
)

DELIVERIES_LATE = Alarm(
    id="deliveries-late",
    title="Webhooks are late",
    meaning=(
        "The oldest event on the delivery queue has been there for over 20 minutes, longer than the quarter of an hour "
        "for which a later attempt may lie there: the sender does not run, or cannot keep up. Nothing is lost for 14 "
        "days."
    ),
    first_step=(
        "Look at the sender's concurrency and throttles on the operations dashboard. None runs: see whether its event "
        "source mapping is enabled and its role was changed. As many run as may: there is more to send than they can, "
        "since what hangs has a lane of its own: deploy with a higher `webhook-concurrency`. Throttled: raise the "
        "account's quota of Lambda. Then look whether `deliveries-dead` has what was given up meanwhile: see the alarm "
        "of that name."
    ),
    sign=Sign.ABOVE,
    threshold=1_200,  # SQS does not say whether a message's delay is part of its age
    unit="s",
    period_s=60,
    periods=5,
    bad=5,
    missing=Missing.GOOD,
    missing_because="SQS tells no age while there is nothing on the queue.",
    dashboard=Dashboard.OPERATIONS,
)

DELIVERIES_SLOW_LATE = Alarm(
    id="deliveries-slow-late",
    title="Webhooks of slow endpoints are late",
    meaning=(
        "The oldest event on the queue for slow endpoints has been there for over 20 minutes, longer than the quarter "
        "of an hour for which one may wait for its turn there: nobody takes it from the queue. Endpoints that answer "
        "in time are not concerned. Nothing is lost for 14 days."
    ),
    first_step=(
        "Look at the sender's concurrency and throttles on the operations dashboard. Its other event source mapping "
        "takes `deliveries-slow`: see whether it is enabled. As many run as may, two fifths of "
        "`webhook-concurrency`: more endpoints hang than they can wait for, the journals of endpoints that are `slow` "
        "say whose: disable one that never answers, or deploy with a higher number. Throttled: raise the account's "
        "quota of Lambda."
    ),
    sign=Sign.ABOVE,
    threshold=1_200,
    unit="s",
    period_s=60,
    periods=5,
    bad=5,
    missing=Missing.GOOD,
    missing_because="SQS tells no age while there is nothing on the queue.",
    dashboard=Dashboard.OPERATIONS,
)

DELIVERIES_DEAD = Alarm(
    id="deliveries-dead",
    title="Deliveries were given up",
    meaning=(
        "Deliveries have died: an endpoint has refused them for 21 hours, or answered so slowly for a day that there "
        "was no turn for them (`no_turn`), or a fault of ours that the sender could tell of kept it from them ten "
        "times in half an hour. They are on the queue `deliveries-dead` for 14 days, and in the event log for 30. "
        "Endpoints that answered 410 or were disabled do not count here."
    ),
    first_step=(
        "Look for deliveries that are `dead`: they say why and what the endpoint answered, and its owner must mend it "
        "and have them replayed (POST /v1/deliveries/{delivery_id}/replay). There are none: the fault is ours, search "
        "the sender's log for `must come again` and `Task timed out`, then move all back with `aws sqs "
        "start-message-move-task`, --source-arn `deliveries-dead`, --destination-arn `deliveries`. Only that empties "
        "the queue before its time: what was replayed stays on it, and is dropped when it is moved. Do not purge it: "
        "all tenants' events are on it."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="deliveries",
    period_s=300,
    periods=1,
    bad=1,
    missing=Missing.GOOD,
    missing_because=(
        "The sender counts them as they die, where it lives to tell. Those that SQS gives up since every call for them "
        "ran out of time or memory, or none could begin, are counted by nobody: `webhook-sender` or `deliveries-late` "
        "tells of that."
    ),
    dashboard=Dashboard.OPERATIONS,
    of=GIVEN_UP,
)

COMMANDS_DEAD = Alarm(
    id="commands-dead",
    title="Commands were given up",
    meaning=(
        "Commands are on the dead-letter queue: no worker could carry them out, each is kept with its error. Messages "
        "among them were reported to their tenants as failed or uncertain."
    ),
    first_step=(
        "Read a message of the queue without deleting it: `error` says what happened. It is a fault of ours as a rule: "
        "report it with that text, then remove the message."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="commands",
    period_s=60,
    periods=1,
    bad=1,
    missing=Missing.NO_CHANGE,
    missing_because=_DEAD_STAYS,
    dashboard=Dashboard.OPERATIONS,
)

ALERTS_DEAD = Alarm(
    id="alerts-dead",  # errors of the function need no alarm beside it: telling of one would fail in turn, and so on
    title="Alerts could not be sent",
    meaning=(
        "The alerts function could not reach a target in three tries, so this very message may reach you by e-mail "
        "alone. The alerts that were not sent are on its dead-letter queue."
    ),
    first_step=(
        "Search the alerts function's log for `target`: it says which one failed and how. Correct its URL in the "
        "secret of the targets, then purge the queue."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="alerts",
    period_s=60,
    periods=1,
    bad=1,
    missing=Missing.NO_CHANGE,
    missing_because=_DEAD_STAYS,
    dashboard=Dashboard.OPERATIONS,
)
