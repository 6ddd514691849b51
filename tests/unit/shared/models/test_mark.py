"""What the mark of an event log adds up."""

from __future__ import annotations

from typing import Any

from shared.models.event import Event, EventType
from shared.models.mark import Mark


def after(*told: tuple[EventType, dict[str, Any]]) -> Mark:
    """The mark behind these events, a second apart."""
    mark = Mark()
    for number, (kind, data) in enumerate(told, 1):
        mark = mark.after(Event(f"evt_{number}", kind, f"2026-01-01T00:00:0{number}.000Z", data, "shop-1", number))
    return mark


def test_messages_are_counted_by_what_became_of_them() -> None:
    mark = after(
        (EventType.MESSAGE_SENT, {}),
        (EventType.MESSAGE_SENT, {}),
        (EventType.MESSAGE_DELIVERED, {}),
        (EventType.MESSAGE_FAILED, {}),
        (EventType.MESSAGE_UNCERTAIN, {}),
        (EventType.MESSAGE_RECEIVED, {"from_me": False}),
        (EventType.MESSAGE_RECEIVED, {"from_me": True}),
    )
    assert mark == Mark(7, sent=2, received=1, failed=1, uncertain=1, active_at="2026-01-01T00:00:07.000Z")


def test_coming_back_is_a_reconnect_and_no_activity() -> None:
    connecting, connected = ((EventType.INSTANCE_STATE, {"state": state}) for state in ("connecting", "connected"))
    assert after(connecting, connected) == Mark(2, connections=1)
    assert after(connecting, connected).reconnects == after().reconnects == 0
    assert after(connecting, connected, connecting, connected, connecting, connected).reconnects == 2
