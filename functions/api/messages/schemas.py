"""What messages look like in requests and answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from functions.api.recipient import Recipient
from functions.api.schemas import Body, View, example, left_out
from shared.models.message import Message, MessageState
from shared.tracing import trace_id_of

MAX_TEXT = 65_536
TYPES = ("text",)
DAY_S = 86_400
AT = "2026-01-31T12:00:00.000Z"
ID = "msg_01k5h2w3x4y5z6a7b8c9d0e1f2"


class TextMessage(Body):
    """A message to be sent."""

    model_config = example({"to": "+351912345678", "type": "text", "text": "Your order is on its way."})

    to: Recipient
    type: Literal["text"]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    typing_ms: Annotated[int, Field(ge=0, le=30_000)] = Field(
        default=0, description="Shows the typing indicator for so long before it is sent."
    )
    on_uncertain: Literal["hold", "resend"] = Field(
        default="hold", description="What to do when a crash leaves open whether it was sent."
    )
    check_number: bool = Field(
        default=False,
        alias="validate",
        description="Refuses the message when `to` is a phone number that is not on WhatsApp (numbers/check).",
    )
    ttl_s: Annotated[int, Field(ge=1, le=7 * DAY_S)] = Field(
        default=DAY_S, description="Failed with `expired` when not sent by then."
    )

    @model_validator(mode="before")
    @classmethod
    def _type_is_supported(cls, raw: Any) -> Any:
        """Tells a type that cannot be sent apart from a wrong body, before its other fields are called unknown."""
        asked = raw.get("type") if isinstance(raw, dict) else None
        if isinstance(asked, str) and asked not in TYPES:
            context = {"types": list(TYPES), "known": ", ".join(TYPES)}
            raise PydanticCustomError("unsupported_type", "messages of this type cannot be sent; use {known}", context)
        return raw

    def content(self) -> dict[str, Any]:
        """What its type needs."""
        return {"text": self.text}


class StepView(View):
    """When the message came into a state."""

    state: MessageState
    at: str


class MessageErrorView(View):
    """Why the message failed, or why its outcome is unknown."""

    code: str = Field(
        description="`expired`, `not_paired`, `not_queued` (send it again), `instance_deleted`, `internal_error`, "
        "`queue_unavailable`, `interrupted` (uncertain), or a code of WhatsApp's."
    )
    detail: str


class MessageView(View):
    """A message and how far it has come."""

    model_config = example(
        {
            "id": ID,
            "whatsapp_id": "3EB0C767D097B7C7C0B1",
            "to": "351912345678",
            "type": "text",
            "state": "sent",
            "timeline": [{"state": "accepted", "at": AT}, {"state": "sent", "at": AT}],
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }
    )

    id: str
    whatsapp_id: str | None = Field(description="WhatsApp's own id, once it is sent.")
    to: str
    type: str
    state: MessageState
    error: MessageErrorView | None = left_out("Where the state is failed or uncertain.")
    timeline: list[StepView]
    trace_id: str | None = left_out("The trace of the call that it came by: docs/tracing.md.")


def message_view(message: Message) -> MessageView:
    """A message as its sender sees it."""
    error = message.error
    return MessageView(
        id=message.id,
        whatsapp_id=message.whatsapp_id,
        to=message.to,
        type=message.type,
        state=message.state,
        error=MessageErrorView(code=error.code, detail=error.detail) if error else None,
        timeline=[StepView(state=step.state, at=step.at) for step in message.timeline],
        trace_id=trace_id_of(message.traceparent) if message.traceparent else None,
    )
