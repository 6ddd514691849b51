"""What replays of a time range look like in requests and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.api.schemas import Body, View, example, left_out
from functions.api.webhooks.schemas import ReasonView
from shared.models.replay import ReplayState
from shared.models.webhook import DeliveryState

AT = "2026-01-31T12:00:00.000Z"
UNTIL = "2026-01-31T18:00:00.000Z"
_EXAMPLE = {
    "id": "rpl_01k5h2w3x4y5z6a7b8c9d0e1f2",
    "webhook_id": "wh_01k5h2w3x4y5z6a7b8c9d0e1f3",
    "since": AT,
    "until": UNTIL,
    "states": ["dead"],
    "state": "running",
    "asked_at": UNTIL,
    "replayed": 300,
    "expired": 0,
    "through": "2026-01-31T12:40:00.000Z",
}


class ReplayRequest(Body):
    """Which deliveries to make once more, by the times at which their events were noted in the log."""

    model_config = example({"since": AT, "until": UNTIL, "states": ["dead"]})

    since: str = Field(max_length=40, description="From this time on, ISO 8601.")
    until: str = Field(max_length=40, description="Up to and with this time; a time to come is taken for now.")
    states: list[Annotated[DeliveryState, Field(strict=False)]] = Field(
        default=[], max_length=len(DeliveryState), description="Only those in one of these states."
    )


class ReplayView(View):
    """A replay and how far it has come."""

    model_config = example(_EXAMPLE)

    id: str
    webhook_id: str
    since: str
    until: str
    states: list[DeliveryState]
    state: ReplayState = Field(description="`stopped`: it has ended before its time, for a `reason`.")
    asked_at: str
    replayed: int = Field(description="How many were put on their way so far.")
    expired: int = Field(description="How many could not be: their events are no longer in the log.")
    through: str | None = left_out(
        "When the event was noted, in the log, that it has come to: from there on another one would go on."
    )
    finished_at: str | None = left_out("When it came to its end.")
    reason: ReasonView | None = left_out("Why it was stopped.")


class ReplayPage(View):
    """A page of replays, newest first."""

    model_config = example({"data": [_EXAMPLE], "next_cursor": None})

    data: list[ReplayView]
    next_cursor: str | None
