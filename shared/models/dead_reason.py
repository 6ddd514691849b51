"""Why a delivery is dead: every code with what it means and what its owner should do."""

from __future__ import annotations

from enum import StrEnum

from shared.models.instance import Reason


class DeadReason(StrEnum):
    """Why no attempt is left."""

    SCHEDULE = "schedule"
    GONE = "gone"
    DISABLED = "disabled"
    NO_TURN = "no_turn"


_REPLAY = "replay it by POST /v1/deliveries/{id}/replay."
_REASONS = {
    DeadReason.SCHEDULE: ("The last attempt of the schedule failed too.", f"See what it was answered, then {_REPLAY}"),
    DeadReason.GONE: ("The endpoint answered 410 Gone.", f"Give the endpoint a URL that takes events, then {_REPLAY}"),
    DeadReason.DISABLED: (
        "The endpoint was disabled when its next attempt was due; its journal says why.",
        f"Enable the endpoint, then {_REPLAY}",
    ),
    DeadReason.NO_TURN: (
        "It waited for a day: the endpoint answers so slowly that there was no turn for it.",
        f"Have the endpoint answer sooner, then {_REPLAY}",
    ),
}


def dead_reason(code: DeadReason) -> Reason:
    """The reason of a code."""
    return Reason(code, *_REASONS[code])
