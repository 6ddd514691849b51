"""What one host decides. A lease of 15 s is fenced 12 s after a renewal began, expires 15 s after that was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_host.leases.ledger import Ledger, Plan
from session_host.leases.timing import Timing
from shared.models.host import Lease

MINE = Lease(0, "me", counter=1, epoch=1)
BEAT = {"me": "1"}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("me", Timing(15.0))


@pytest.fixture
def holder(ledger: Ledger) -> Ledger:
    """Holds partition 0; its take was called at 100 and answered at 101."""
    ledger.observe([Lease(0)], BEAT, 100.0)
    assert ledger.taken(MINE, 100.0, 101.0)
    return ledger


def beats(*hosts: str) -> dict[str, str]:
    return dict.fromkeys(hosts, "1")


def test_nothing_is_planned_before_the_first_look(ledger: Ledger) -> None:
    assert ledger.plan(0.0) == Plan()


def test_a_single_host_takes_everything_that_nobody_owns_at_once(ledger: Ledger) -> None:
    leases = [Lease(0), Lease(1, None, 7, 3)]
    ledger.observe(leases, {}, 0.0)
    plan = ledger.plan(0.0)
    assert set(plan.take) == set(leases)
    assert plan.lacking


def test_a_foreign_lease_is_taken_when_it_has_not_changed_for_its_duration(ledger: Ledger) -> None:
    theirs = Lease(0, "other", 5, 1)
    ledger.observe([theirs], beats("me", "other"), 100.0)
    ledger.observe([theirs], beats("me", "other"), 114.9)
    assert not ledger.plan(114.9).take
    assert ledger.next_expiry(114.9) == 115.0
    ledger.observe([theirs], beats("me", "other"), 115.0)
    assert ledger.plan(115.0).take == (theirs,)


def test_a_renewal_that_is_seen_restarts_the_time(ledger: Ledger) -> None:
    theirs = Lease(0, "other", 5, 1)
    ledger.observe([theirs], {}, 100.0)
    ledger.observe([replace(theirs, counter=6)], {}, 110.0)
    ledger.observe([replace(theirs, counter=6)], {}, 124.9)
    assert not ledger.plan(124.9).take


def test_expired_leases_are_taken_before_others_and_their_owner_no_longer_counts(ledger: Ledger) -> None:
    dead = [Lease(number, "dead", 1, 1) for number in (1, 3)]
    leases = [Lease(0), dead[0], Lease(2), dead[1]]
    ledger.observe(leases, beats("me", "dead"), 0.0)
    assert len(ledger.plan(0.0).take) == 2
    ledger.observe(leases, {"me": "2", "dead": "1"}, 15.0)
    assert ledger.plan(15.0).take == (*dead, Lease(0), Lease(2))


def test_what_nobody_took_for_a_moment_is_taken_beyond_the_share(ledger: Ledger) -> None:
    theirs = [Lease(1, "dead", 5, 1), Lease(2, "dead", 5, 1)]
    ledger.observe([Lease(0), *theirs, Lease(3)], beats("me", "dead"), 100.0)
    assert ledger.taken(MINE, 100.0, 100.1)
    assert ledger.taken(Lease(3, "me", 1, 1), 100.0, 100.1)
    heard = {"me": "1", "new": "1", "dead": "1"}
    ledger.observe(theirs, heard, 115.0)
    assert not ledger.plan(115.0).take  # two of four are its share, and the other host's clock may be as far
    assert set(ledger.plan(116.0).take) == set(theirs)


def test_what_is_free_and_nobody_takes_is_taken_beyond_the_share(ledger: Ledger) -> None:
    ledger.observe([Lease(0), Lease(1)], beats("me"), 100.0)
    assert ledger.taken(MINE, 100.0, 100.1)
    free = Lease(1, None, 3, 2)
    ledger.observe([free], {"me": "1", "unable": "1"}, 101.0)
    assert not ledger.plan(105.9).take
    assert ledger.plan(106.0).take == (free,)


def test_nothing_is_given_away_while_an_owner_may_be_dead(ledger: Ledger) -> None:
    theirs = [Lease(2, "elder", 5, 1), Lease(3, "elder", 5, 1)]
    ledger.observe([Lease(0), Lease(1), *theirs], beats("me", "elder"), 100.0)
    assert ledger.taken(MINE, 100.0, 100.1)
    assert ledger.taken(Lease(1, "me", 1, 1), 100.0, 100.1)
    joined = {"me": "1", "elder": "1", "joining": "1"}
    ledger.observe(theirs, joined, 104.0)
    assert ledger.plan(104.0).leave == (1,)
    assert not ledger.plan(107.5).leave
    ledger.observe([replace(lease, counter=6) for lease in theirs], joined, 108.0)
    assert ledger.plan(108.0).leave == (1,)


def test_a_share_is_taken_and_no_more(ledger: Ledger) -> None:
    leases = [Lease(number) for number in range(5)]
    ledger.observe(leases, beats("me", "other", "third"), 0.0)
    assert len(ledger.plan(0.0).take) == 2


def test_a_host_above_its_share_leaves_what_is_too_much(ledger: Ledger) -> None:
    mine = [replace(MINE, partition=number) for number in range(3)]
    ledger.observe(mine, beats("me"), 0.0)
    for lease in mine:
        ledger.taken(lease, 0.0, 0.0)
    assert ledger.plan(0.0) == Plan()
    ledger.observe(mine, beats("me", "new"), 1.0)
    assert ledger.plan(1.0).leave == (2,)
    left = ledger.leave(2)
    assert ledger.plan(1.0).leave == ()
    assert ledger.held() == [0, 1, 2]
    assert ledger.drop(left) == left
    ledger.released(left, 2.0)
    assert ledger.plan(2.0) == Plan()


def test_a_holder_renews_at_a_third(holder: Ledger) -> None:
    assert holder.due(104.9) == []
    assert holder.next_due() == 105.0
    assert holder.due(105.0) == [0]
    assert holder.begin_renewal(0, 105.0) == MINE
    assert holder.due(105.0) == []
    holder.renewed(replace(MINE, counter=2), 105.0, 106.0)
    assert holder.next_due() == 110.0


def test_the_fence_counts_from_the_start_of_the_call(holder: Ledger) -> None:
    assert holder.next_fence() == 112.0
    holder.begin_renewal(0, 105.0)
    holder.renewed(replace(MINE, counter=2), 105.0, 108.0)
    assert holder.next_fence() == 117.0
    assert holder.overdue(116.9) == []
    assert holder.holds(0, 116.9)
    assert not holder.holds(0, 117.0)
    assert holder.overdue(117.0) == [0]
    assert holder.held() == []


def test_a_take_that_was_answered_too_late_is_not_held(ledger: Ledger) -> None:
    ledger.observe([Lease(0)], BEAT, 100.0)
    assert not ledger.taken(MINE, 100.0, 112.0)
    assert ledger.held() == []
    assert ledger.plan(112.0).take == (MINE,)  # ours by name: taken again, with a new epoch


def test_a_renewal_whose_answer_was_lost_counts_from_the_first_try(holder: Ledger) -> None:
    holder.begin_renewal(0, 105.0)
    holder.postpone(0, 108.0)
    assert holder.due(108.5) == [0]
    holder.begin_renewal(0, 108.5)
    assert holder.observe([replace(MINE, counter=2)], BEAT, 109.0) == []
    assert holder.next_fence() == 117.0
    assert holder.begin_renewal(0, 110.0) == replace(MINE, counter=2)


@pytest.mark.parametrize(
    "now_theirs",
    [Lease(0, "other", 2, 2), Lease(0, "me", 2, 2), Lease(0, None, 2, 1)],
    ids=["taken", "ours under another epoch", "released"],
)
def test_a_lease_that_is_seen_with_somebody_else_is_lost(holder: Ledger, now_theirs: Lease) -> None:
    holder.begin_renewal(0, 105.0)
    assert holder.observe([now_theirs], BEAT, 106.0) == [0]
    assert holder.held() == []


def test_a_stale_read_loses_nothing(holder: Ledger) -> None:
    assert holder.observe([Lease(0)], BEAT, 102.0) == []
    assert holder.observe([Lease(0, "before", 1, 0)], BEAT, 103.0) == []
    assert holder.held() == [0]


def test_a_late_answer_changes_nothing_of_a_later_epoch(holder: Ledger) -> None:
    again = Lease(0, "me", 3, 2)
    holder.begin_renewal(0, 105.0)
    assert holder.overdue(112.0) == [0]
    assert holder.taken(again, 113.0, 113.0)
    holder.renewed(replace(MINE, counter=2), 105.0, 114.0)
    assert holder.drop(MINE) is None
    assert holder.held() == [0]
    assert holder.next_fence() == 125.0
    assert holder.drop(again) == again


def test_what_names_us_but_is_not_held_is_released_when_it_is_too_much(ledger: Ledger) -> None:
    strays = [replace(MINE, partition=number) for number in range(2)]
    ledger.observe(strays, beats("me", "other"), 0.0)
    plan = ledger.plan(0.0)
    assert len(plan.take) == 1
    assert set(plan.take + plan.release) == set(strays)
