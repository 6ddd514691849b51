"""Alarms of what passes through: calls, messages, webhooks, checks of numbers."""

from __future__ import annotations

from shared.alarms.alarm import Alarm, Dashboard, Frequent, Missing, Share, Sign
from shared.metrics import (
    API_LATENCY,
    CACHE_HITS,
    CACHE_MISSES,
    MESSAGES_ACCEPTED,
    MESSAGES_SENT,
    WEBHOOKS_DELIVERED,
    WEBHOOKS_FAILED,
)

CALLS_TO_JUDGE_BY = 20
"""Calls of a period; with fewer, a single one would be an alarm."""

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
    unit=f"ms (p95) of {CALLS_TO_JUDGE_BY} calls or more",
    period_s=300,
    periods=3,
    bad=2,
    missing=Missing.GOOD,
    missing_because="Nobody calls.",
    dashboard=Dashboard.OPERATIONS,
    of=Frequent(API_LATENCY, at_least=CALLS_TO_JUDGE_BY),
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
    unit=f"% of {CALLS_TO_JUDGE_BY} calls or more",
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
