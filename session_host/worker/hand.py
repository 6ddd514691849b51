"""The commands in hand: until when each is hidden in the queue, and how far each instance's commands were received."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.queues.names import COMMAND_VISIBILITY_S
from shared.queues.queue import Received

PATIENT_AFTER_S = 30.0  # what is in hand for longer waits for its instance, mostly
PATIENT_VISIBILITY_S = 30
DUE_BELOW = 2 / 3  # of its time is left


@dataclass(slots=True)
class _Hidden:
    received: Received
    since: float
    until: float


class Hand:
    """What was received and is not settled. `clock` is monotonic; groups are those of the queue."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hidden: dict[str, _Hidden] = {}
        self._groups: dict[str, dict[str, str | None]] = {}
        self._newest: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._hidden)

    def oldest(self) -> float:
        """When the oldest command in hand was queued, unix seconds; 0 without any."""
        return min((hidden.received.sent_at for hidden in self._hidden.values()), default=0.0)

    def take(self, received: Received) -> bool:
        """Adds a command; False when it was in hand already and came again, under a new handle."""
        now, group = self._clock(), received.group or ""
        again = self._hidden.get(received.id)
        self._hidden[received.id] = _Hidden(received, again.since if again else now, now + COMMAND_VISIBILITY_S)
        self._groups.setdefault(group, {})[received.id] = received.dedup
        self._newest[group] = max(received.sent_at, self._newest.get(group, 0.0))
        return again is None

    def drop(self, message_id: str) -> str | None:
        """Takes a command out; its latest handle, None when it was not in hand."""
        hidden = self._hidden.pop(message_id, None)
        if hidden is None:
            return None
        group = hidden.received.group or ""
        mine = self._groups[group]
        del mine[message_id]
        if not mine:
            del self._groups[group]
        return hidden.received.handle

    def drop_all(self) -> list[str]:
        """Takes everything out; the handles."""
        return [handle for message_id in list(self._hidden) if (handle := self.drop(message_id))]

    def due(self) -> Mapping[int, list[str]]:
        """What has to be hidden for longer: for how many seconds -> which."""
        now, found = self._clock(), dict[int, list[str]]()
        for message_id, hidden in self._hidden.items():
            span = COMMAND_VISIBILITY_S if now - hidden.since < PATIENT_AFTER_S else PATIENT_VISIBILITY_S
            if hidden.until - now < span * DUE_BELOW:
                found.setdefault(span, []).append(message_id)
        return found

    def handles(self, message_ids: list[str]) -> list[str]:
        """The latest handles of those that are still in hand."""
        return [self._hidden[one].received.handle for one in message_ids if one in self._hidden]

    def kept(self, message_ids: list[str], until: float) -> None:
        """They are hidden until then."""
        for message_id in message_ids:
            if message_id in self._hidden:
                self._hidden[message_id].until = until

    def has(self, group: str, dedup: str) -> bool:
        """Whether a command that was queued under `dedup` is in hand."""
        return dedup in self._groups.get(group, {}).values()

    def holds_back(self, group: str) -> bool:
        """Whether any command of the group is in hand: then the queue gives out no later one."""
        return group in self._groups

    def received_until(self, group: str) -> float | None:
        """When the newest of the group's commands that ever were in hand was queued, unix seconds.

        The queue keeps a group's order, so whatever of it was queued earlier is in hand or settled.
        """
        return self._newest.get(group)
