"""One SQS queue: send, receive, settle. Only this package touches the SQS client.

QueueError          a call to the queue that did not succeed; whether a message was sent is unknown
`-- MessageTooLarge the message is over the queue's limit and was not sent
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import LONG_POLL_S
from shared.tracing import checked

MAX_BATCH = 10
MAX_BATCH_BYTES = 1_000_000  # SQS counts a whole batch against its limit of 1 MiB
MAX_DELAY_S = 900
TRACEPARENT = "traceparent"  # an attribute beside the body: who does not know it reads the body as ever
_ATTRIBUTES = ["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId", "MessageDeduplicationId"]

# SQS refuses these two, which a text may hold. Bodies are JSON, where they stand in strings only and can be escaped.
_ESCAPED = (("\ufffe", "\\ufffe"), ("\uffff", "\\uffff"))


class QueueError(Exception):
    """A call to a queue that did not succeed."""


class MessageTooLarge(QueueError):
    """The body is over the limit."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. `group`: kept in order (FIFO) or treated fairly; `dedup` (FIFO): taken once in 5 minutes.

    `traceparent`: the trace that it goes on with.
    """

    body: str
    group: str | None = None
    dedup: str | None = None
    delay_s: int = 0
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message to be settled by its handle. `sent_at` in unix seconds, `receives` counts this one.

    `id` stays the same however often it is received, the handle does not; `group` and `dedup` are the sender's (FIFO).
    """

    body: str
    handle: str
    receives: int
    sent_at: float
    group: str | None
    id: str = ""
    dedup: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait, are being worked on, and wait for their delay."""

    waiting: int
    in_flight: int
    delayed: int


class Queue:
    """One queue of a deployment."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self.url = url

    @classmethod
    async def open(cls, client: Any, name: str) -> Queue:
        """An existing queue by its full name. Raises QueueError."""
        async with _errors():
            found = await client.get_queue_url(QueueName=name)
        return cls(client, found["QueueUrl"])

    async def send(self, message: Outgoing) -> None:
        """Sends one message. Raises QueueError."""
        async with _errors():
            await self._client.send_message(QueueUrl=self.url, **_entry(message))

    async def send_many(self, messages: Sequence[Outgoing]) -> list[Outgoing]:
        """Sends any number in as few calls as can be; gives back those that were not taken. Raises QueueError."""
        failed: list[Outgoing] = []
        for batch in _batches(messages):
            entries = [_entry(message) | {"Id": str(at)} for at, message in enumerate(batch)]
            async with _errors():
                answer = await self._client.send_message_batch(QueueUrl=self.url, Entries=entries)
            failed += [batch[int(failure["Id"])] for failure in answer.get("Failed", [])]
        return failed

    async def receive(
        self, most: int = MAX_BATCH, wait_s: int = LONG_POLL_S, visibility_s: int | None = None
    ) -> list[Received]:
        """Up to 10 messages, as soon as there are any within `wait_s`, hidden for `visibility_s` (None: as the queue
        is set). Raises QueueError."""
        hidden = {} if visibility_s is None else {"VisibilityTimeout": visibility_s}
        async with _errors():
            answer = await self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=wait_s,
                MessageSystemAttributeNames=_ATTRIBUTES,
                MessageAttributeNames=[TRACEPARENT],
                **hidden,
            )
        return [_received(raw) for raw in answer.get("Messages", [])]

    async def delete(self, handles: Sequence[str]) -> None:
        """Settles messages for good. Raises QueueError."""
        for batch in _handle_batches(handles):
            async with _errors():
                await self._client.delete_message_batch(QueueUrl=self.url, Entries=batch)

    async def keep(self, handles: Sequence[str], seconds: int) -> None:
        """Hides messages that are being worked on for `seconds` from now; 0 gives them back. Raises QueueError."""
        for batch in _handle_batches(handles, VisibilityTimeout=seconds):
            async with _errors():
                await self._client.change_message_visibility_batch(QueueUrl=self.url, Entries=batch)

    async def depth(self) -> Depth:
        """How full the queue is, approximately. Raises QueueError."""
        names = ("", "NotVisible", "Delayed")
        wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
        async with _errors():
            answer = await self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=wanted)
        return Depth(*(int(answer["Attributes"].get(name, 0)) for name in wanted))


def _sendable(body: str) -> str:
    for character, escaped in _ESCAPED:
        body = body.replace(character, escaped)
    return body


def _entry(message: Outgoing) -> dict[str, Any]:
    entry: dict[str, Any] = {"MessageBody": _sendable(message.body)}
    if message.group:
        entry["MessageGroupId"] = message.group
    if message.dedup:
        entry["MessageDeduplicationId"] = message.dedup
    if message.delay_s:
        entry["DelaySeconds"] = min(message.delay_s, MAX_DELAY_S)
    if message.traceparent:
        entry["MessageAttributes"] = {TRACEPARENT: {"DataType": "String", "StringValue": message.traceparent}}
    return entry


def _batches(messages: Sequence[Outgoing]) -> list[list[Outgoing]]:
    batches: list[list[Outgoing]] = []
    size = 0
    for message in messages:
        length = len(message.body.encode())
        if not batches or len(batches[-1]) == MAX_BATCH or size + length > MAX_BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += length
    return batches


def _handle_batches(handles: Sequence[str], **more: Any) -> list[list[dict[str, Any]]]:
    entries = [{"Id": str(at % MAX_BATCH), "ReceiptHandle": handle, **more} for at, handle in enumerate(handles)]
    return [entries[start : start + MAX_BATCH] for start in range(0, len(entries), MAX_BATCH)]


def _received(raw: dict[str, Any]) -> Received:
    attributes = raw.get("Attributes", {})
    return Received(
        body=raw["Body"],
        handle=raw["ReceiptHandle"],
        receives=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_at=int(attributes.get("SentTimestamp", 0)) / 1000,
        group=attributes.get("MessageGroupId"),
        id=raw["MessageId"],
        dedup=attributes.get("MessageDeduplicationId"),
        traceparent=checked(raw.get("MessageAttributes", {}).get(TRACEPARENT, {}).get("StringValue")),
    )


@asynccontextmanager
async def _errors() -> AsyncIterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        too_large = "TooLong" in code or "must be shorter than" in str(error)
        raise (MessageTooLarge if too_large else QueueError)(str(error)) from error
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise QueueError(str(error)) from error
