"""The list. An alarm that nobody would get up for is not on it."""

from __future__ import annotations

from shared.alarms.alarm import Alarm, Dashboard, Missing, Share, Sign
from shared.metrics import (
    API_LATENCY,
    CACHE_HITS,
    CACHE_MISSES,
    CLIENTS_OUTDATED,
    HOST_MEMORY,
    INSTANCES_CONNECTED_PERCENT,
    MESSAGES_ACCEPTED,
    MESSAGES_SENT,
    PARTITIONS_UNOWNED,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
)

_DEAD_STAYS = (
    "SQS stops telling the depth of a queue that nobody has touched for six hours, whatever is in it: the alarm stays "
    "as it is until somebody has looked."
)

PARTITION_UNOWNED = Alarm(
    id="partition-unowned",
    title="A partition has no session host",
    meaning=(
        "The numbers of a partition are without service: no host holds its lease, its owner died, or no worker runs "
        "for it. Their messages wait in its queue and nothing is lost. Without any figure no host is alive at all."
    ),
    first_step=(
        "Look at the hosts' service in ECS: fewer running tasks than desired means that tasks fail to start, and the "
        "stopped ones say why. If the tasks run, search the hosts' log for `ERROR`."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="partitions",
    period_s=60,
    periods=3,
    bad=3,  # a lease of a host that died runs out after 15 s; figures come by way of the logs, which may be late
    missing=Missing.BAD,
    missing_because="Every host tells it each minute, so silence means that there is no host.",
    dashboard=Dashboard.OPERATIONS,
    of=PARTITIONS_UNOWNED,
)

INSTANCES_CONNECTED = Alarm(
    id="instances-connected",
    title="Many instances are not connected",
    meaning=(
        "Less than nine in ten of the instances that should be connected are. Those that wait for their owner's phone "
        "(created, pairing, logged out) do not count; those never paired in time do, until they are deleted."
    ),
    first_step=(
        "Look on the business dashboard in which state they are. Unattended: a host or worker is gone, see the hosts. "
        "Disconnected or failed: read an instance's journal, its code says why and what its owner should do."
    ),
    sign=Sign.BELOW,
    threshold=90,
    unit="%",
    period_s=60,
    periods=5,
    bad=5,  # a deployment of new hosts moves every session within two minutes
    missing=Missing.GOOD,
    missing_because="There is no figure while there are no instances; that no host is alive is another alarm's matter.",
    dashboard=Dashboard.BUSINESS,
    of=INSTANCES_CONNECTED_PERCENT,
)

CLIENT_OUTDATED = Alarm(
    id="client-outdated",
    title="WhatsApp no longer accepts our client",
    meaning=(
        "WhatsApp refused a connection because the client library is too old. Sessions that are up stay up, but none "
        "that ends comes back until HiveWP is upgraded."
    ),
    first_step=(
        "Deploy a release of HiveWP with a newer client library. Do not restart hosts or instances before that: what "
        "is connected now would not come back."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="connections",
    period_s=300,
    periods=1,
    bad=1,
    missing=Missing.GOOD,
    missing_because="It is counted when it happens and silent otherwise.",
    dashboard=Dashboard.OPERATIONS,
    of=CLIENTS_OUTDATED,
)

HOST_MEMORY_HIGH = Alarm(
    id="host-memory",
    title="A session host is short of memory",
    meaning=(
        "A host uses more than 90 % of its memory. At 100 % the system kills it, and all of its sessions move to other "
        "hosts at once."
    ),
    first_step=(
        "Compare sessions per host with what a host is sized for (infra/capacity.py). More: raise the number of hosts. "
        "Not more, and growing: stop that task in ECS, its sessions move on by themselves, and keep its log."
    ),
    sign=Sign.ABOVE,
    threshold=90,
    unit="%",
    period_s=60,
    periods=5,
    bad=3,
    missing=Missing.GOOD,
    missing_because="Without a figure there is no host, which is another alarm's matter.",
    dashboard=Dashboard.OPERATIONS,
    of=HOST_MEMORY,
)

API_SLOW = Alarm(
    id="api-latency",
    title="The API is slow",
    meaning=(
        "One call in twenty takes more than a second, those not counted that ask to wait. Accepting a message is "
        "two writes and some tens of milliseconds as a rule."
    ),
    first_step=(
        "Look at the tables' throttles and the API function's duration on the operations dashboard. If neither has "
        "moved, search the API's log for the calls with the highest `ms`: they share a route or a tenant."
    ),
    sign=Sign.ABOVE,
    threshold=1_000,
    unit="ms (p95)",
    period_s=300,
    periods=3,
    bad=2,
    missing=Missing.GOOD,
    missing_because="Nobody calls.",
    dashboard=Dashboard.OPERATIONS,
    of=API_LATENCY,
)

API_FAILING = Alarm(
    id="api-errors",
    title="The API fails",
    meaning="More than one call in a hundred is answered with a 5xx: customers' calls fail through no fault of theirs.",
    first_step=(
        "Search the API's log for `failed`, and look at the function's errors and throttles. After a deployment: "
        "roll it back (docs/deploy.md), then look for the cause."
    ),
    sign=Sign.ABOVE,
    threshold=1,
    unit="% of 20 calls or more",
    period_s=300,
    periods=2,
    bad=2,
    missing=Missing.GOOD,
    missing_because="Nobody calls.",
    dashboard=Dashboard.OPERATIONS,
)

MESSAGES_UNSENT = Alarm(
    id="messages-unsent",
    title="Messages are accepted, and hardly any is sent",
    meaning=(
        "WhatsApp acknowledges less than one message for a hundred that the API takes on. They wait in their queues "
        "and nothing is lost: no worker takes or can send them, or the news of it does not come through. A customer "
        "who writes by numbers that are not connected looks the same where there are few others."
    ),
    first_step=(
        "Look on the business dashboard whether instances are connected: if not, that is what messages wait for. Else "
        "look at the oldest command on the operations dashboard. Of one partition: stop the task that holds it in ECS "
        "and keep its log. Of all: search the hosts' log for `does not answer` and `ERROR`. Of none: see "
        "deliveries-late."
    ),
    sign=Sign.BELOW,
    threshold=1,  # a customer who queues a campaign and paces it by 10 s stays above
    unit="% of 100 messages or more",
    period_s=900,
    periods=2,
    bad=2,
    missing=Missing.GOOD,
    missing_because="Nobody sends messages.",
    dashboard=Dashboard.BUSINESS,
    of=Share(MESSAGES_SENT, MESSAGES_ACCEPTED, at_least=100),
)

WEBHOOKS_FAILING = Alarm(
    id="webhook-failures",
    title="Webhooks fail",
    meaning=(
        "More than one attempt in twenty got no 2xx answer. Nothing is lost: each is tried nine more times over 21 "
        "hours, and can be replayed after that."
    ),
    first_step=(
        "Search the webhook sender's log for `retrying`: if one tenant's endpoint is most of them, tell its owner; if "
        "all endpoints fail, look for a fault of ours, DNS and the function's errors first."
    ),
    sign=Sign.ABOVE,
    threshold=5,
    unit="% of 20 attempts or more",
    period_s=300,
    periods=3,
    bad=3,
    missing=Missing.GOOD,
    missing_because="Nothing happened that anybody wanted to hear.",
    dashboard=Dashboard.BUSINESS,
    of=Share(WEBHOOKS_FAILED, WEBHOOKS_DELIVERED, at_least=20),
)

CACHE_COLD = Alarm(
    id="cache-hit-rate",
    title="Most number checks go to WhatsApp",
    meaning=(
        "Less than 70 % of the checked numbers were answered from the cache. Each miss asks WhatsApp, which slows the "
        "checks down and, in great numbers, looks like scraping: numbers can be banned for it."
    ),
    first_step=(
        "Ask whether a tenant is checking a new list of numbers, which is misses by nature: the API's log tells whose "
        "calls they are. If nobody is, look for a cache that was cleared or a clock that is wrong."
    ),
    sign=Sign.BELOW,
    threshold=70,
    unit="% of 100 checks or more",
    period_s=300,
    periods=3,
    bad=3,
    missing=Missing.GOOD,
    missing_because="Nobody checks numbers.",
    dashboard=Dashboard.BUSINESS,
    of=Share(CACHE_HITS, CACHE_MISSES, at_least=100),
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
        "then look for the cause. Events that were given up meanwhile: see deliveries-dead."
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
        "source mapping is enabled and its role was changed. All 25 run: many endpoints hang, or there is more to send "
        "than 25 can: raise MAX_CONCURRENCY in infra/webhooks.py. Throttled: raise the account's quota of Lambda."
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

DELIVERIES_DEAD = Alarm(
    id="deliveries-dead",
    title="Deliveries wait for a replay",
    meaning=(
        "Events are on the dead-letter queue of the deliveries: an endpoint has refused them for 21 hours or was "
        "disabled, or a fault of ours kept the sender from them ten times in half an hour. They stay there for 14 "
        "days, and in the event log for 30."
    ),
    first_step=(
        "Look for deliveries that are `dead`: they say what the endpoint answered, and its owner must mend it. There "
        "are none: the fault is ours, search the sender's log for `must come again`. Then move all back with `aws sqs "
        "start-message-move-task`, --source-arn this queue, --destination-arn that of `deliveries`, or replay one by "
        "POST /v1/deliveries/{delivery_id}/replay. What nobody wants is removed by purging the queue."
    ),
    sign=Sign.ABOVE,
    threshold=0,
    unit="deliveries",
    period_s=60,
    periods=1,
    bad=1,
    missing=Missing.NO_CHANGE,
    missing_because=_DEAD_STAYS,
    dashboard=Dashboard.OPERATIONS,
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

ALL = (
    PARTITION_UNOWNED,
    INSTANCES_CONNECTED,
    CLIENT_OUTDATED,
    HOST_MEMORY_HIGH,
    API_SLOW,
    API_FAILING,
    MESSAGES_UNSENT,
    WEBHOOKS_FAILING,
    CACHE_COLD,
    SENDER_FAILING,
    DELIVERIES_LATE,
    DELIVERIES_DEAD,
    COMMANDS_DEAD,
    ALERTS_DEAD,
)
