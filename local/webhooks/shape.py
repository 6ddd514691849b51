"""A message in the shape in which Lambda gets it from SQS."""

from __future__ import annotations

from typing import Any

from shared.queues.queue import Received


def record(message: Received) -> dict[str, Any]:
    """One of an event's `Records`."""
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
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
