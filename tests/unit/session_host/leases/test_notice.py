from __future__ import annotations

from session_host.leases.notice import Notice


def test_partitions_go_when_somebody_stands_by_for_them() -> None:
    notice = Notice(10.0)
    assert notice.granted(3, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(3, standing_by=2, under_way=0, now=1) == 2
    assert notice.granted(1, standing_by=2, under_way=2, now=2) == 0
    assert notice.granted(1, standing_by=9, under_way=0, now=3) == 1


def test_patience_ends_and_begins_anew() -> None:
    notice = Notice(10.0)
    assert notice.granted(2, standing_by=0, under_way=0, now=0) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=10) == 2
    assert notice.granted(0, standing_by=0, under_way=0, now=11) == 0
    assert notice.granted(2, standing_by=0, under_way=0, now=12) == 0
