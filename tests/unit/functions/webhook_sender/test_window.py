"""How many attempts an endpoint may have, whatever its answers are like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.webhook_sender.window import PROVEN, QUICK_S, START, Window

MOST = 25
times = st.floats(0, 60)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("answered"), times),
        st.tuples(st.just("pushed back"), times),
        st.tuples(st.just("unanswered"), times),
        st.tuples(st.just("silent"), times),
    ),
    max_size=60,
)


def apply(window: Window, move: str, took_s: float) -> None:
    match move:
        case "answered":
            window.answered(took_s)
        case "pushed back":
            window.answered(took_s, pushed_back=True)
        case "unanswered":
            window.unanswered(took_s)
        case _:
            window.silent(took_s)


@given(moves, st.integers(1, 1000))
def test_it_is_never_closed_nor_wider_than_the_process_is(made: list[tuple[str, float]], most: int) -> None:
    window = Window(most)
    for move, took_s in made:
        apply(window, move, took_s)
        assert 1 <= window.room <= most
        assert window.wait_s(0) >= 0


@given(moves)
def test_quick_answers_open_it_whatever_was_before(made: list[tuple[str, float]]) -> None:
    window = Window(MOST)
    for move, took_s in made:
        apply(window, move, took_s)
    for _ in range(MOST):
        window.answered(QUICK_S)
    assert window.room == MOST


@given(moves)
def test_silence_leaves_one_whatever_was_before(made: list[tuple[str, float]]) -> None:
    window = Window(MOST)
    for move, took_s in made:
        apply(window, move, took_s)
    window.silent(1.0)
    assert window.room == 1
    assert window.wait_s(0) >= 1


def test_it_begins_small_and_doubles_while_answers_are_quick() -> None:
    window, sizes = Window(MOST), []
    for _ in range(4):
        sizes.append(window.room)
        for _ in range(window.room):
            window.answered(0.01)
    assert sizes == [START, 8, 16, 25]


def test_answers_after_three_seconds_open_it_slowly() -> None:
    window = Window(MOST)
    window.silent(1.0)
    for _ in range(10):
        window.answered(3.0)
    assert 3 <= window.room < 8


def test_only_quick_answers_in_a_row_prove_an_endpoint() -> None:
    window = Window(MOST)
    for _ in range(100):
        window.answered(2.0)
    assert (window.room, window.proven) == (14, False), "wide by slow answers"
    for took_s, pushed_back in ((2.0, False), (0.01, True)):
        for _ in range(PROVEN - 1):
            window.answered(QUICK_S)
        window.answered(took_s, pushed_back=pushed_back)
        assert not window.proven
    for _ in range(PROVEN):
        assert not window.proven
        window.answered(QUICK_S)
    assert window.proven


def test_a_failure_at_once_holds_up_nobody_and_a_timeout_does() -> None:
    quick, hanging = Window(MOST), Window(MOST)
    quick.unanswered(0.01)
    hanging.unanswered(10.0)
    assert (quick.room, hanging.room) == (START + 1, 1)


def test_an_endpoint_that_asks_for_less_gets_half() -> None:
    window = Window(MOST, size=20)
    window.answered(0.01, pushed_back=True)
    assert window.room == 10
