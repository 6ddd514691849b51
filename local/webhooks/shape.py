"""A message in the shape in which Lambda gets it from SQS."""

from __future__ import annotations

from typing import Any

from shared.queues.queue import TRACEPARENT, Received


def record(message: Received, queue: str = "") -> dict[str, Any]:
    """One of an event's `Records`, of a queue by its whole name."""
    attributes = {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(round(message.sent_at * 1000)),
    }
    if message.group:
        attributes["MessageGroupId"] = message.group
    return {
        "messageId": message.id,
        "receiptHandle": message.handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": _attributes(message),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
    }


def _attributes(message: Received) -> dict[str, Any]:
    if message.traceparent is None:
        return {}
    value = {"stringValue": message.traceparent, "dataType": "String", "stringListValues": [], "binaryListValues": []}
    return {TRACEPARENT: value}
