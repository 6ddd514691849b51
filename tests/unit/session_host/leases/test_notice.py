from __future__ import annotations

from session_host.leases.notice import Notice


def test_partitions_go_when_somebody_stands_by_for_them_one_after_the_other() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=2, under_way=0, now=1) == 1
    assert notice.granted(2, standing_by=2, under_way=1, now=2) == 0
    assert notice.granted(2, standing_by=1, under_way=0, now=3) == 1
    assert notice.granted(1, standing_by=9, under_way=0, now=4) == 1


def test_of_many_several_go_at_once() -> None:
    notice = Notice(10.0)
    assert notice.granted(20, standing_by=9, under_way=0, now=0) == 3
    assert notice.granted(17, standing_by=9, under_way=1, now=1) == 2
    assert notice.granted(15, standing_by=2, under_way=1, now=1) == 1


def test_patience_ends_some_time_after_the_last_progress_and_begins_anew() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=1, under_way=0, now=7) == 1
    assert notice.granted(2, standing_by=0, under_way=0, now=16) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=17) == 2
    assert notice.granted(0, standing_by=0, under_way=0, now=20) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=30) == 0


def test_with_progress_too_patience_ends() -> None:
    notice = Notice(10.0)
    assert [notice.granted(9, standing_by=1, under_way=0, now=now) for now in (0, 6, 12, 18)] == [1, 1, 1, 1]
    assert notice.granted(5, standing_by=1, under_way=0, now=20) == 5


def test_without_patience_nothing_goes_unless_somebody_stands_by() -> None:
    notice = Notice()
    assert [notice.granted(3, standing_by=0, under_way=0, now=now) for now in (0, 100, 1e6)] == [0, 0, 0]
    assert notice.granted(3, standing_by=1, under_way=0, now=1e6 + 1) == 1
