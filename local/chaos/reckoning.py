"""What the facts of a drill amount to.

Of what customers asked to send:
    accepted     answered with a message's id
    arrived      of those, in a phone's inbox at least once
    duplicated   in a phone's inbox more than once
    uncertain, failed   of the accepted, by the message's own state
    lost         accepted, not arrived, and the message says neither `uncertain` nor `failed`
    unsettled    its state was still on its way when the time to settle was over
    untrue       said `failed`, and arrived

Of what phones wrote: written, and of those in the event log (logged), never (lost), more than once (duplicated).
Of the events in the log: those that no webhook brought (missing), sequences that nobody has (gaps) and that two have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.chaos.facts import GONE_OUT, SETTLED, Facts
from local.chaos.outbound import Ask
from local.chaos.service import Absence, absence

FEW = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """See the module for the terms. `uncertain_most`: of any one instance."""

    accepted: int
    refused: int
    unanswered: int
    arrived: int
    duplicated: int
    uncertain: int
    uncertain_most: int
    failed: int
    lost: int
    unsettled: int
    untrue: int
    written: int
    in_logged: int
    in_lost: int
    in_duplicated: int
    events: int
    webhooks_missing: int
    badly_signed: int
    gaps: int
    repeats: int
    second_logins: int
    away: Absence


def reckon(facts: Facts) -> Tally:
    """The figures of a drill."""
    accepted, received = facts.accepted, facts.received()
    uncertain = Counter(ask.shop for ask in accepted if ask.state == "uncertain")
    gaps, repeats = sequence_faults(facts)
    events = [event["id"] for log in facts.log.values() for event in log]
    return Tally(
        accepted=len(accepted),
        refused=sum(ask.refused is not None for ask in facts.asks),
        unanswered=sum(ask.refused is None and ask.message_id is None for ask in facts.asks),
        arrived=sum(facts.arrived[ask.text] > 0 for ask in accepted),
        duplicated=sum(facts.arrived[ask.text] > 1 for ask in facts.asks),
        uncertain=uncertain.total(),
        uncertain_most=max(uncertain.values(), default=0),
        failed=sum(ask.state == "failed" for ask in accepted),
        lost=len(lost(facts)),
        unsettled=sum(ask.state not in SETTLED for ask in accepted),
        untrue=sum(ask.state == "failed" and facts.arrived[ask.text] > 0 for ask in accepted),
        written=len(facts.written),
        in_logged=sum(received[one.text] > 0 for one in facts.written),
        in_lost=sum(received[one.text] == 0 for one in facts.written),
        in_duplicated=sum(received[one.text] > 1 for one in facts.written),
        events=len(events),
        webhooks_missing=sum(event not in facts.heard for event in events),
        badly_signed=facts.badly_signed,
        gaps=gaps,
        repeats=repeats,
        second_logins=facts.second_logins,
        away=absence(facts.outages.values()),
    )


def lost(facts: Facts) -> list[Ask]:
    """The accepted messages that nobody got and that do not say so."""
    return [ask for ask in facts.accepted if not facts.arrived[ask.text] and ask.state not in {"uncertain", "failed"}]


def sequence_faults(facts: Facts) -> tuple[int, int]:
    """Missing sequences, and events too many for one sequence; webhooks count like the log."""
    gaps = repeats = 0
    heard: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in facts.heard.values():
        heard[one.instance].append((one.sequence, one.id))
    for shop, log in facts.log.items():
        first, ids = facts.logged.get(shop, 0) + 1, defaultdict(set)
        for sequence, event_id in [*((event["sequence"], event["id"]) for event in log), *heard[shop.id]]:
            if sequence >= first:
                ids[sequence].add(event_id)
        gaps += max(ids, default=first - 1) - first + 1 - len(ids)
        repeats += sum(len(one) - 1 for one in ids.values())
    return gaps, repeats


def evidence(facts: Facts) -> dict[str, list[dict[str, Any]]]:
    """The messages behind the figures that should be 0, a few of each."""
    accepted, received = facts.accepted, facts.received()
    kinds: dict[str, Iterable[Ask]] = {
        "lost": lost(facts),
        "duplicated": (ask for ask in facts.asks if facts.arrived[ask.text] > 1),
        "unsettled": (ask for ask in accepted if ask.state not in SETTLED),
        "uncertain": (ask for ask in accepted if ask.state == "uncertain"),
        "failed": (ask for ask in accepted if ask.state == "failed"),
        "sent_not_arrived": (ask for ask in accepted if ask.state in GONE_OUT and not facts.arrived[ask.text]),
    }
    found: dict[str, list[dict[str, Any]]] = {
        kind: [_told(facts, ask) for ask in list(asks)[:FEW]] for kind, asks in kinds.items()
    }
    gone = [one for one in facts.written if received[one.text] != 1]
    found["inbound"] = [
        {"text": one.text, "whatsapp_id": one.id, "instance": one.shop.id, "in_log": received[one.text]}
        for one in gone[:FEW]
    ]
    missing = [event for log in facts.log.values() for event in log if event["id"] not in facts.heard]
    found["webhooks_missing"] = [{name: event[name] for name in ("id", "type", "instance")} for event in missing[:FEW]]
    return {kind: items for kind, items in found.items() if items}


def _told(facts: Facts, ask: Ask) -> dict[str, Any]:
    return {
        "text": ask.text,
        "message_id": ask.message_id,
        "instance": ask.shop.id,
        "state": ask.state,
        "error": ask.error,
        "arrived": facts.arrived[ask.text],
        "asked_at": round(ask.asked_at, 3),
        "calls": ask.calls,
    }
