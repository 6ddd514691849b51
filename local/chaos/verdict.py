"""Whether a drill kept its bounds."""

from __future__ import annotations

from collections.abc import Sequence

from local.chaos.drill import Bounds
from local.chaos.reckoning import Tally
from local.chaos.scene import Check

NEVER = {
    "lost": "accepted messages lost",
    "duplicated": "messages duplicated",
    "unsettled": "messages never settled",
    "untrue": "messages arrived that say failed",
    "unanswered": "calls that were never answered",
    "in_duplicated": "inbound messages duplicated",
    "webhooks_missing": "events that no webhook brought",
    "badly_signed": "deliveries with a bad signature",
    "gaps": "gaps in the sequence",
    "repeats": "sequences used twice",
}


def broken(tally: Tally, bounds: Bounds, hit: int, checks: Sequence[Check], *, timed: bool = True) -> list[str]:
    """What is not as it must be, in words; `hit` is how many instances the blow meant. `timed`: times count too."""
    found = [f"{what}: {count}" for name, what in NEVER.items() if (count := getattr(tally, name))]
    if tally.uncertain_most > bounds.uncertain or tally.uncertain > bounds.uncertain * hit:
        found.append(f"uncertain: {tally.uncertain}, up to {tally.uncertain_most} of one instance")
    if tally.failed and not bounds.failed:
        found.append(f"failed: {tally.failed}")
    if tally.second_logins > bounds.second_logins * hit:
        found.append(f"logins beside an open connection: {tally.second_logins}")
    if tally.in_lost > bounds.in_lost * hit:
        found.append(f"inbound messages lost: {tally.in_lost}")
    if timed and tally.away.longest > bounds.away_s:
        found.append(f"{tally.away.longest:g} s without service, more than {bounds.away_s:g} s")
    if bounds.hits and not tally.away.instances:
        found.append("the blow interrupted nobody")
    return found + [f"not so: {check.claim} ({check.seen})" for check in checks if not check.holds]
