"""Why a replay was stopped: every code with what it means and what its owner should do."""

from __future__ import annotations

from enum import StrEnum

from shared.models.instance import Reason


class StopReason(StrEnum):
    """Why a replay ended before its time."""

    REQUESTED = "requested"
    DISABLED = "disabled"
    DELETED = "deleted"
    NO_ATTEMPT = "no_attempt"
    NOT_BEGUN = "not_begun"
    ABANDONED = "abandoned"


_REST = "ask for another replay of what is left."
_REASONS = {
    StopReason.REQUESTED: ("You stopped it.", f"Nothing to do; or {_REST}"),
    StopReason.DISABLED: ("The endpoint is disabled; its journal says why.", f"Enable the endpoint, then {_REST}"),
    StopReason.DELETED: ("The endpoint was deleted.", "Nothing to do: read in the event log what it missed."),
    StopReason.NO_ATTEMPT: (
        "It did not get on for a day, so slowly does the endpoint answer.",
        f"Have the endpoint answer sooner, then {_REST}",
    ),
    StopReason.NOT_BEGUN: ("It could not be put on its way.", "Ask for it once more."),
    StopReason.ABANDONED: ("Nobody has worked on it for an hour: a fault of ours.", f"Now {_REST}"),
}


def stop_reason(code: StopReason) -> Reason:
    """The reason of a code."""
    return Reason(code, *_REASONS[code])
