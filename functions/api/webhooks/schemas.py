"""What endpoints and deliveries look like in requests and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from functions.api.schemas import Body, Change, View, example, left_out
from shared.egress.check import MAX_HEADER_BYTES, MAX_HEADERS
from shared.models.endpoint_health import HealthState
from shared.models.event import EventType
from shared.models.patterns import ANY, matches
from shared.models.webhook import Cause, DeliveryState, Ordering
from shared.store.webhook_journal import EndpointChange

AT = "2026-01-31T12:00:00.000Z"
WEBHOOK_EXAMPLE = {
    "id": "wh_01k5h2w3x4y5z6a7b8c9d0e1f2",
    "url": "https://example.com/hook",
    "events": ["message.*"],
    "instances": ["*"],
    "headers": {"authorization": "Bearer ..."},
    "enabled": True,
    "ordering": "none",
    "health": {"state": "healthy"},
    "created_at": AT,
}
DELIVERY_EXAMPLE = {
    "id": "dlv_01k5h2w3x4y5z6a7b8c9d0e1f2_01k5h2w3x4y5z6a7b8c9d0e1f3",
    "webhook_id": "wh_01k5h2w3x4y5z6a7b8c9d0e1f3",
    "event_id": "evt_01k5h2w3x4y5z6a7b8c9d0e1f2",
    "event_type": "message.received",
    "instance": "shop-1",
    "sequence": 42,
    "state": "retrying",
    "created_at": AT,
    "attempts": [
        {"at": AT, "ms": 41, "status": 500, "response": "oops"},
        {"at": AT, "ms": 10_000, "error": "timeout: no answer within 10 s", "cause": "replay"},
    ],
    "next_attempt_at": AT,
}


MOST_WILD = 2
_NAMES = f"`{ANY}` stands for any characters, also for none, and comes {MOST_WILD} times at most in each"


def _not_too_wild(pattern: str) -> str:
    if pattern.count(ANY) > MOST_WILD:
        raise PydanticCustomError("too_wild", f"`{ANY}` comes {MOST_WILD} times at most in a pattern")
    return pattern


def _known_events(pattern: str) -> str:
    if not any(matches(pattern, kind) for kind in EventType):
        raise PydanticCustomError("no_event", "no event has a name like this")
    return pattern


EventPattern = Annotated[
    str, Field(pattern=r"^[a-z._*]{1,50}$"), AfterValidator(_not_too_wild), AfterValidator(_known_events)
]
InstancePattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9@._*-]{1,50}$"), AfterValidator(_not_too_wild)]
EventPatterns = Annotated[
    list[EventPattern],
    Field(min_length=1, max_length=50, description=f"Types of events, such as `message.*`: {_NAMES}."),
]
InstancePatterns = Annotated[
    list[InstancePattern],
    Field(min_length=1, max_length=100, description=f"Ids of instances, such as `shop-*`: {_NAMES}."),
]
Headers = Annotated[
    dict[str, str],
    Field(
        description=f"Your own, sent with every delivery: {MAX_HEADERS} at most, their names and values "
        f"{MAX_HEADER_BYTES:,} bytes together. Not `user-agent`, those that begin "
        "with `webhook-` or `content-`, nor those of the connection, such as `host`. All of them are replaced at once.",
    ),
]
Enabled = Annotated[
    bool,
    Field(
        description="false: it is not called, except by tests and replays of one delivery. true: it is in service "
        "(again), also where it was disabled for failing or is paused."
    ),
]
Order = Annotated[
    Ordering,
    Field(
        strict=False,
        description="`instance`: an instance's events come one after the other; one that fails holds the rest back.",
    ),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        description="`https`, on port 443 or 8443, never an address inside; a deployment may allow others.",
    ),
]


class NewWebhook(Body):
    """An endpoint to be made."""

    model_config = example({"url": "https://example.com/hook", "events": ["message.*"]})

    url: Url
    events: EventPatterns = Field(default=["*"])
    instances: InstancePatterns = Field(default=["*"])
    headers: Headers = Field(default={})
    enabled: Enabled = True
    ordering: Order = Ordering.NONE


class WebhookChange(Change):
    """Changes of an endpoint; what is absent stays as it is."""

    model_config = example({"enabled": False})

    url: Url = ""
    events: EventPatterns = Field(default=[])
    instances: InstancePatterns = Field(default=[])
    headers: Headers = Field(default={})
    enabled: Enabled = True
    ordering: Order = Ordering.NONE


class ReasonView(View):
    """Why it is so: a stable code, what it means, and what to do."""

    code: str
    detail: str
    action: str


class HealthView(View):
    """How an endpoint has been doing."""

    state: HealthState = Field(description="`disabled`: by us, for failing or an answer 410; not where you did it.")
    failing_since: str | None = left_out("Since when it has only failed.")
    slow_until: str | None = left_out("Until when its deliveries go their own way, since it answered slowly.")
    paused_until: str | None = left_out("Until when nothing is attempted: it asked for that with Retry-After.")
    disabled_at: str | None = left_out("When it was disabled for failing; not when you did it.")
    last_error: str | None = left_out("What was heard of it last, when this changed.")
    reason: ReasonView | None = left_out("Why it was disabled.")


class WebhookView(View):
    """An endpoint."""

    model_config = example(WEBHOOK_EXAMPLE)

    id: str
    url: str
    events: list[str]
    instances: list[str]
    headers: dict[str, str]
    enabled: bool = Field(description="Whether it is called. False too where it was disabled for failing.")
    ordering: Ordering
    health: HealthView
    created_at: str
    made_for: str | None = left_out("The instance whose `webhook_url` setting made this endpoint.")


class NewWebhookView(WebhookView):
    """An endpoint and its signing secret, which is shown this once."""

    model_config = example(WEBHOOK_EXAMPLE | {"secret": "whsec_C2FVsBQIhrscChlQ..."})

    secret: str


class WebhookPage(View):
    """A page of endpoints, by id."""

    model_config = example({"data": [WEBHOOK_EXAMPLE], "next_cursor": None})

    data: list[WebhookView]
    next_cursor: str | None


class RotatedSecret(View):
    """The new secret, shown this once. The old one signs too until then."""

    model_config = example({"id": "wh_01k5...", "secret": "whsec_C2FVsBQ...", "old_secret_until": AT})

    id: str
    secret: str
    old_secret_until: str


class EndpointEntryView(View):
    """Something that changed about an endpoint."""

    at: str
    code: EndpointChange
    detail: str | None = left_out("What the endpoint did, what was done, or which fields were changed.")


class EndpointJournalPage(View):
    """A page of an endpoint's journal, newest first."""

    model_config = example(
        {"data": [{"at": AT, "code": "disabled", "detail": "gone: status 410"}], "next_cursor": None}
    )

    data: list[EndpointEntryView]
    next_cursor: str | None


class SentTest(View):
    """The test event that was put on its way, and the delivery to look for."""

    model_config = example({"event_id": "evt_01k5...", "delivery_id": "dlv_01k5..._01k5..."})

    event_id: str
    delivery_id: str


class AttemptView(View):
    """One POST to the endpoint."""

    at: str
    ms: int
    status: int | None = left_out("The answer's status.")
    error: str | None = left_out("What came instead of an answer.")
    response: str | None = left_out("The first bytes of the answer.")
    cause: Cause | None = left_out(
        "`replay`: you asked for it; `recovery`: brought forward, since the endpoint was well again. Absent for the "
        "first attempt, and those of the schedule."
    )


class DeliveryView(View):
    """One event on its way to one endpoint."""

    model_config = example(DELIVERY_EXAMPLE)

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    instance: str | None
    sequence: int | None
    state: DeliveryState
    created_at: str
    attempts: list[AttemptView]
    next_attempt_at: str | None = left_out(
        "While it waits to be attempted: its schedule does not come before then, a recovery or a replay may. At an "
        "endpoint that is `slow` it waits for its turn from then on, so the time may be past."
    )
    delivered_at: str | None = left_out(
        "The attempt that was answered with 2xx first. It stays where a replay fails, which takes the state "
        "`delivered` away."
    )
    reason: ReasonView | None = left_out("Why it is dead.")
    trace_id: str | None = left_out("The trace that its event came of: docs/tracing.md.")


class DeliveryPage(View):
    """A page of deliveries, newest first."""

    model_config = example({"data": [DELIVERY_EXAMPLE], "next_cursor": None})

    data: list[DeliveryView]
    next_cursor: str | None
