"""What happened to an instance, in the words of the event log: one function per kind of news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from session_host.whatsapp.port import MessageReceived, Person, ReceiptKind, ReceiptReceived
from session_host.worker.entry import Entry, EventDraft
from session_host.worker.lifecycle import Change
from shared.clock import iso
from shared.models.event import EventType
from shared.models.instance import InstanceKey, JournalEntry
from shared.models.message import MessageError, MessageState, Step
from shared.store.database import Put, absent
from shared.store.instances import state_update
from shared.store.messages import TABLE as MESSAGES
from shared.store.messages import advance

WHOLE_SECONDS_S = 2.0  # WhatsApp's times have no fractions: ours is better for what comes at once
SEEN_S = 7 * 86_400  # how long a message from WhatsApp is recognised when it comes again

_EVENT_OF = {
    MessageState.SENT: EventType.MESSAGE_SENT,
    MessageState.DELIVERED: EventType.MESSAGE_DELIVERED,
    MessageState.READ: EventType.MESSAGE_READ,
    MessageState.FAILED: EventType.MESSAGE_FAILED,
    MessageState.UNCERTAIN: EventType.MESSAGE_UNCERTAIN,
}
RECEIPT_STATE = {ReceiptKind.DELIVERED: MessageState.DELIVERED, ReceiptKind.READ: MessageState.READ}


def person_data(person: Person) -> dict[str, Any]:
    """A person as every event names one."""
    return {name: value for name, value in asdict(person).items() if value is not None}


def state_entry(key: InstanceKey, change: Change, now: float, host: str) -> Entry:
    """An instance went into a state."""
    at = iso(now)
    identity = {"host": host, **change.identity}
    data: dict[str, Any] = {"state": change.state, "since": at}
    if change.reason:
        data["reason"] = asdict(change.reason)
    if change.identity.get("phone"):
        data["phone"] = change.identity["phone"]
    why = change.reason
    journal = JournalEntry(at, change.state, why.code if why else None, why.detail if why else None)
    update = state_update(key, change.state, at, change.reason, **identity)
    return Entry(key, (update,), EventDraft(EventType.INSTANCE_STATE, data, at), journal)


def qr_entry(key: InstanceKey, code: str, expires_at: float, now: float) -> Entry:
    """A code to scan was shown."""
    data = {"code": code, "expires_at": iso(expires_at)}
    return Entry(key, (), EventDraft(EventType.INSTANCE_QR, data, iso(now)))


def received_entry(key: InstanceKey, message: MessageReceived, now: float) -> Entry:
    """Somebody wrote. Refused when the same message was recorded before."""
    data: dict[str, Any] = {
        "id": message.id,
        "chat": message.chat,
        "from": person_data(message.sender),
        "from_me": message.from_me,
        "group": message.is_group,
        "type": message.kind,
        "timestamp": iso(message.timestamp),
    }
    if message.text is not None:
        data["text"] = message.text
    if message.reply_to:
        data["reply_to"] = message.reply_to
    seen = {"instance": str(key), "id": f"in#{message.chat}#{message.id}", "expires_at": int(now + SEEN_S)}
    return Entry(key, (Put(MESSAGES, seen, absent("id")),), EventDraft(EventType.MESSAGE_RECEIVED, data, iso(now)))


def message_entry(
    key: InstanceKey,
    message_id: str,
    steps: list[Step],
    *,
    to: str | None = None,
    whatsapp_id: str | None = None,
    error: MessageError | None = None,
    about: dict[str, Any] | None = None,
    only_from: Sequence[MessageState] | None = None,
    attempt: str | None = None,
) -> Entry:
    """A message went on to the state of the last of `steps`; with an event where the state has one."""
    last = steps[-1]
    update = advance(
        str(key), message_id, steps, whatsapp_id=whatsapp_id, error=error, only_from=only_from, attempt=attempt
    )
    event_type = _EVENT_OF.get(last.state)
    if event_type is None:
        return Entry(key, (update,))
    data: dict[str, Any] = {"message_id": message_id, "whatsapp_id": whatsapp_id, "to": to, **(about or {})}
    if error:
        data["error"] = asdict(error)
    data = {name: value for name, value in data.items() if value is not None}
    return Entry(key, (update,), EventDraft(event_type, data, last.at))


def receipt_entry(key: InstanceKey, message_id: str, whatsapp_id: str, receipt: ReceiptReceived, now: float) -> Entry:
    """A message of ours was delivered or read."""
    late = now - receipt.timestamp > WHOLE_SECONDS_S
    step = Step(RECEIPT_STATE[receipt.kind], iso(receipt.timestamp if late else now))
    about = {"by": person_data(receipt.sender), "chat": receipt.chat}
    return message_entry(key, message_id, [step], whatsapp_id=whatsapp_id, about=about)
