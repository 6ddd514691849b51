"""Every fault that the suite is there to find must show in its figures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from local.chaos.drill import Bounds
from local.chaos.endpoint import Heard
from local.chaos.facts import Facts
from local.chaos.inbound import Written
from local.chaos.outbound import Ask
from local.chaos.reckoning import evidence, reckon
from local.chaos.scene import Check
from local.chaos.shop import Shop
from local.chaos.verdict import broken

SHOP = Shop(0)
STRICT = Bounds(away_s=0, hits=False)


def ask(text: str, state: str | None = "sent", message_id: str | None = "msg") -> Ask:
    return Ask(text, SHOP, "1", 0.0, 1, message_id, None, state)


def event(sequence: int, text: str = "", event_id: str = "") -> dict[str, Any]:
    kind = "message.received" if text else "instance.state"
    event_id = event_id or f"evt_{sequence}"
    return {"id": event_id, "type": kind, "instance": SHOP.id, "sequence": sequence, "data": {"text": text}}


def facts(*asks: Ask, arrived: str = "", written: str = "", log: list[dict[str, Any]] | None = None) -> Facts:
    events = log or []
    return Facts(
        asks=list(asks),
        written=[Written(text, SHOP, "id") for text in written],
        logged={SHOP: 10},
        hit=[SHOP],
        arrived=Counter(arrived),
        log={SHOP: events},
        heard={one["id"]: Heard(one["id"], one["type"], SHOP.id, one["sequence"]) for one in events},
    )


def verdict(seen: Facts, bounds: Bounds = STRICT) -> list[str]:
    return broken(reckon(seen), bounds, len(seen.hit), [])


def test_a_drill_in_which_all_went_well() -> None:
    seen = facts(ask("a"), ask("b", "delivered"), arrived="ab", written="c", log=[event(11, "c"), event(12)])
    tally = reckon(seen)
    assert (tally.accepted, tally.arrived, tally.lost, tally.in_logged, tally.events) == (2, 2, 0, 1, 2)
    assert seen.settled()
    assert verdict(seen) == []
    assert evidence(seen) == {}


def test_what_is_lost() -> None:
    for state in ("sent", "delivered", "queued", None):
        seen = facts(ask("a", state))
        assert "accepted messages lost: 1" in verdict(seen)
        assert not seen.settled()
        assert evidence(seen)["lost"][0]["text"] == "a"
    for state in ("uncertain", "failed"):
        assert reckon(facts(ask("a", state))).lost == 0


def test_what_was_never_accepted_is_not_lost() -> None:
    refused = ask("a", None, None)
    refused.refused = 409
    assert verdict(facts(refused)) == []
    assert verdict(facts(ask("a", None, None))) == ["calls that were never answered: 1"]


def test_what_arrives_twice_counts_even_when_its_call_was_never_answered() -> None:
    assert "messages duplicated: 1" in verdict(facts(ask("a"), arrived="aa"))
    assert "messages duplicated: 1" in verdict(facts(ask("a", None, None), arrived="aa"))


def test_a_state_that_is_on_its_way_for_ever_or_says_what_is_not_so() -> None:
    assert "messages never settled: 1" in verdict(facts(ask("a", "sending"), arrived="a"))
    assert "messages arrived that say failed: 1" in verdict(facts(ask("a", "failed"), arrived="a"))


def test_uncertain_and_failed_as_far_as_the_drill_allows() -> None:
    one, two = facts(ask("a", "uncertain")), facts(ask("a", "uncertain"), ask("b", "uncertain"))
    assert verdict(one) == ["uncertain: 1, up to 1 of one instance"]
    assert verdict(one, Bounds(away_s=0, uncertain=1, hits=False)) == []
    assert verdict(two, Bounds(away_s=0, uncertain=1, hits=False)) == ["uncertain: 2, up to 2 of one instance"]
    failed = facts(ask("a", "failed"))
    assert verdict(failed) == ["failed: 1"]
    assert verdict(failed, Bounds(away_s=0, failed=True, hits=False)) == []


def test_inbound_messages_that_are_lost_or_doubled() -> None:
    seen = facts(written="abc", log=[event(11, "b"), event(12, "c"), event(13, "c")])
    tally = reckon(seen)
    assert (tally.written, tally.in_logged, tally.in_lost, tally.in_duplicated) == (3, 2, 1, 1)
    assert [item["text"] for item in evidence(seen)["inbound"]] == ["a", "c"]
    assert "inbound messages lost: 1" in verdict(seen)
    assert "inbound messages lost: 1" not in verdict(seen, Bounds(away_s=0, in_lost=1, hits=False))


def test_sequences_with_gaps_and_repeats() -> None:
    assert reckon(facts(log=[event(11), event(13)])).gaps == 1
    assert reckon(facts(log=[event(12)])).gaps == 1
    assert reckon(facts(log=[event(11), event(11, event_id="evt_other")])).repeats == 1
    seen = facts(log=[event(11)])
    seen.heard["evt_ghost"] = Heard("evt_ghost", "instance.state", SHOP.id, 11)
    assert reckon(seen).repeats == 1
    seen.heard["evt_before"] = Heard("evt_before", "instance.state", SHOP.id, 3)
    assert reckon(seen).repeats == 1


def test_events_that_no_webhook_brought() -> None:
    seen = facts(log=[event(11)])
    seen.heard.clear()
    assert verdict(seen) == ["events that no webhook brought: 1"]
    seen.badly_signed = 2
    assert "deliveries with a bad signature: 2" in verdict(seen)


def test_time_without_service_and_second_logins() -> None:
    seen = facts()
    seen.outages, seen.second_logins = {SHOP: [(0.0, 5.0)]}, 1
    assert verdict(seen, Bounds(away_s=4)) == [
        "logins beside an open connection: 1",
        "5 s without service, more than 4 s",
    ]
    assert verdict(seen, Bounds(away_s=5, second_logins=1)) == []
    assert broken(reckon(seen), Bounds(away_s=4, second_logins=1), 1, [], timed=False) == []


def test_a_blow_that_hits_nobody_proves_nothing() -> None:
    assert verdict(facts(), Bounds(away_s=5)) == ["the blow interrupted nobody"]


def test_a_claim_of_the_drill_that_does_not_hold() -> None:
    checks = [Check("it flies", holds=False, seen="on the ground"), Check("it swims", holds=True)]
    assert broken(reckon(facts()), STRICT, 1, checks) == ["not so: it flies (on the ground)"]
