from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from local.gateway.window import SlidingWindow
from shared.limits import Limit


def passing(limit: Limit, calls: list[float]) -> list[bool]:
    """The reference: of calls at these times, which had fewer than `count` others in the window before."""
    return [
        sum(at - limit.window_s < earlier for earlier in calls[:number]) < limit.count
        for number, at in enumerate(calls)
    ]


@given(
    st.integers(1, 8),
    st.sampled_from([60, 300]),
    st.lists(st.one_of(st.just(0.0), st.floats(0, 400), st.sampled_from([60.0, 300.0, 59.999])), max_size=60),
)
def test_it_lets_pass_what_has_room_in_the_seconds_before(count: int, window_s: int, gaps: list[float]) -> None:
    limit, now, calls = Limit(count, window_s), 1000.0, []
    for gap in gaps:
        now += gap
        calls.append(now)
    window = SlidingWindow(limit)
    assert [window.take(at) for at in calls] == passing(limit, calls)


def test_whoever_goes_on_calling_stays_out_and_whoever_stops_comes_in_again() -> None:
    window = SlidingWindow(Limit(2, 60))
    assert [window.take(at) for at in (0, 0, 1, 59, 62, 63, 122, 123)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
        True,
    ]
    assert not window.idle(182)
    assert window.idle(183)
