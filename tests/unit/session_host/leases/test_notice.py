from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_host.leases.notice import GATHER, MOST_SETTLING_S, PACE, SHARING_PATIENCE_S, Notice

GATHERED = GATHER * 10.0


def test_partitions_go_when_somebody_stands_by_for_each_one_after_the_other() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=2, under_way=0, now=1) == 0
    assert notice.granted(3, standing_by=3, under_way=0, now=2) == 1
    assert notice.granted(2, standing_by=3, under_way=1, now=3) == 0
    assert notice.granted(2, standing_by=1, under_way=0, now=4) == 1
    assert notice.granted(1, standing_by=9, under_way=0, now=5) == 1


def test_one_for_which_nobody_comes_to_stand_by_holds_up_the_others_for_a_while() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=2, under_way=0, now=GATHERED - 0.1) == 0
    assert notice.granted(3, standing_by=2, under_way=0, now=GATHERED) == 1


def test_of_many_several_go_at_once() -> None:
    notice = Notice(10.0)
    assert notice.granted(20, standing_by=20, under_way=0, now=0) == 3
    assert notice.granted(17, standing_by=20, under_way=1, now=1) == 2
    assert notice.granted(15, standing_by=2, under_way=1, now=1) == 1


def test_the_next_one_goes_when_the_sessions_of_the_last_are_connected() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=9, under_way=0, now=0) == 1
    assert notice.granted(2, standing_by=9, under_way=0, settling=1, now=2) == 0
    assert notice.granted(2, standing_by=9, under_way=0, settling=0, now=3) == 1


def test_sessions_that_do_not_connect_hold_the_next_one_up_for_a_while() -> None:
    notice = Notice()
    assert notice.granted(3, standing_by=9, under_way=0, now=100) == 1
    assert notice.granted(2, standing_by=9, under_way=0, settling=1, now=99.9 + MOST_SETTLING_S) == 0
    assert notice.granted(2, standing_by=9, under_way=0, settling=1, now=100 + MOST_SETTLING_S) == 1


def test_when_nobody_stands_by_for_long_they_go_all_the_same_one_after_the_other() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=1, under_way=0, now=6) == 1
    assert notice.granted(2, standing_by=0, under_way=0, now=15.9) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=16) == 1
    assert notice.granted(1, standing_by=0, under_way=1, now=16.5) == 0
    assert notice.granted(1, standing_by=0, under_way=0, now=16.9) == 1


def test_when_nothing_is_wanted_any_more_patience_begins_anew() -> None:
    notice = Notice(10.0)
    assert notice.granted(2, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=10) == 1
    assert notice.granted(0, standing_by=0, under_way=0, now=20) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=30) == 0


def test_with_progress_too_patience_ends() -> None:
    notice = Notice(10.0)
    assert [notice.granted(9, standing_by=9, under_way=0, now=0)] == [2]
    assert [notice.granted(7, standing_by=1, under_way=0, now=now) for now in (6, 12, 16.9)] == [1, 1, 1]
    assert notice.granted(5, standing_by=1, under_way=0, now=17) == 5


def test_without_patience_nothing_goes_unless_somebody_stands_by() -> None:
    notice = Notice()
    assert [notice.granted(3, standing_by=0, under_way=0, now=now) for now in (0, 100, 1e6)] == [0, 0, 0]
    assert notice.granted(3, standing_by=1, under_way=0, now=1e6 + 1) == 1


def test_a_host_that_only_shares_gathers_for_no_longer_than_one_that_leaves() -> None:
    notice = Notice()
    assert notice.granted(3, standing_by=1, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=1, under_way=0, now=GATHER * SHARING_PATIENCE_S) == 1


@given(
    partitions=st.integers(1, 64),
    gathered_at=st.floats(0, 30),
    drain_s=st.floats(0.1, 3),
    connect_s=st.floats(0.1, 60),
)
def test_a_host_that_leaves_has_given_everything_away_in_time(
    partitions: int, gathered_at: float, drain_s: float, connect_s: float
) -> None:
    """Whatever the sessions do; and where processes stand by, few are without service at once until late."""
    notice, now, left, look = Notice(10.0), 0.0, partitions, 0.25
    draining: list[float] = []  # until when
    connecting: list[float] = []
    while left:
        connecting = [end for end in connecting if end > now] + [end + connect_s for end in draining if end <= now]
        draining = [end for end in draining if end > now]
        granted = notice.granted(left, partitions if now >= gathered_at else 0, len(draining), now, len(connecting))
        if gathered_at < GATHERED and now < 10.0 * PACE - look:
            assert len(draining) + granted <= -(-partitions // 8)
        left -= granted
        draining += [now + drain_s] * granted
        now += look
    assert max(draining) <= 2 * 10.0
