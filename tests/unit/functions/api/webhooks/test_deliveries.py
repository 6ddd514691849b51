"""The longest list of deliveries, as it leaves Lambda."""

from __future__ import annotations

import json
from dataclasses import replace

from functions.api.paging import MOST
from functions.api.webhooks.schemas import DeliveryPage
from functions.api.webhooks.views import delivery_view
from functions.webhook_sender.attempt import kept_text
from functions.webhook_sender.decide import SCHEDULE_S
from shared.egress.client import MAX_BODY_START
from shared.limits import MAX_EVENT_BYTES
from shared.models.webhook import Attempt, Cause, Delivery, DeliveryState

AT = "2026-01-31T12:00:00.000Z"


def answered(body: str) -> bytes:
    """What Lambda is given for a call's answer: the body is a string in it, and since Python 3.12 it stays UTF-8."""
    return json.dumps({"statusCode": 200, "body": body}, ensure_ascii=False).encode()


def test_a_page_of_the_worst_answers_fits_into_one_of_lambda() -> None:
    responses = [kept_text(bytes([byte]) * MAX_BODY_START) for byte in range(256)]
    worst = max(responses, key=lambda text: len(answered(json.dumps(text, ensure_ascii=False))))
    attempt = Attempt(AT, 10_000, 500, response=worst, cause=Cause.RECOVERY)
    delivery = Delivery(
        id="dlv_" + "x" * 57,
        tenant="acme",
        webhook_id="wh_" + "x" * 26,
        event_id="evt_" + "x" * 26,
        event_type="message.received",
        state=DeliveryState.RETRYING,
        created_at=AT,
        attempts=(attempt,) * (1 + len(SCHEDULE_S)),
        next_attempt_at=AT,
        instance="x" * 50,
        sequence=10**9,
    )

    def size(one: Delivery) -> int:
        return len(answered(DeliveryPage(data=[delivery_view(one)] * MOST, next_cursor="x" * 200).model_dump_json()))

    assert MOST * len(delivery.attempts) * MAX_BODY_START < size(delivery) < MAX_EVENT_BYTES
    raw = replace(attempt, response="\0" * MAX_BODY_START)
    assert size(replace(delivery, attempts=(raw,) * len(delivery.attempts))) > MAX_EVENT_BYTES, "control characters"
