from __future__ import annotations

import signal

import pytest

from session_host.host.suspects import Suspects, is_crash

X, NEIGHBOURS = "t#x", frozenset({"t#a", "t#b", "t#c", "t#d"})


def test_faults_of_native_code_are_crashes_and_kills_are_not() -> None:
    assert all(is_crash(code) for code in (-signal.SIGABRT, -signal.SIGSEGV, 2))
    assert not any(is_crash(code) for code in (0, 1, 3, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGALRM))


def test_two_crashes_make_it_cautious_for_a_while() -> None:
    suspects = Suspects()
    assert not suspects.cautious(0)
    suspects.crashed(NEIGHBOURS | {X}, 0)
    assert not suspects.cautious(1)
    suspects.crashed(frozenset({X}), 100)
    assert suspects.cautious(101)
    assert suspects.first()[0] == X
    assert not suspects.cautious(301)


def test_many_suspects_tell_nothing_and_the_third_crash_of_few_sets_aside() -> None:
    suspects = Suspects()
    for now in range(10):
        assert suspects.crashed(NEIGHBOURS | {X}, now) is None
    assert suspects.crashed(frozenset({X}), 11) is None
    assert suspects.crashed(frozenset({X, "t#a"}), 12) is None
    assert suspects.crashed(frozenset({X, "t#b"}), 13) == X
    assert suspects.aside == {X}
    assert X not in suspects.first()
    suspects.settled()
    assert suspects.aside == frozenset()


def test_of_two_that_were_always_there_together_neither_is_set_aside_until_one_was_there_once_more() -> None:
    suspects = Suspects()
    assert [suspects.crashed(frozenset({X, "t#a"}), now) for now in range(4)] == [None] * 4
    assert suspects.crashed(frozenset({X}), 5) == X


def test_tried_again_soon_one_crash_is_enough() -> None:
    suspects = Suspects()
    for now in range(3):
        suspects.crashed(frozenset({X}), now)
    suspects.settled()
    assert suspects.crashed(frozenset({X}), 200) == X


def test_a_long_quiet_time_clears_everybody() -> None:
    suspects = Suspects()
    for now in range(2):
        suspects.crashed(frozenset({X}), now)
    assert suspects.crashed(frozenset({X}), 400) is None
    assert not suspects.cautious(401)


def test_a_crash_without_suspects() -> None:
    suspects = Suspects()
    assert [suspects.crashed(frozenset(), now) for now in range(5)] == [None] * 5
    assert suspects.first() == ()


def test_a_busy_neighbour_is_not_blamed_for_crashes_most_of_which_came_without_it() -> None:
    suspects = Suspects()
    for now in range(12):
        noted = frozenset({"t#busy"}) if now % 3 == 0 else frozenset[str]()
        assert suspects.crashed(noted, now) is None


def test_several_that_bring_it_down_are_found_one_after_the_other() -> None:
    suspects = Suspects()
    for number in range(3):
        key, now = f"t#{number}", 10 * number
        assert [suspects.crashed(frozenset({key}), now + more) for more in range(3)] == [None, None, key]


@pytest.mark.parametrize("hanging", [{"t#a"}, {"t#a", "t#b", "t#c"}], ids=["one", "three"])
def test_one_that_crashes_is_found_although_others_hang(hanging: set[str]) -> None:
    """Cautious, those that hang are taken off the board before the next one connects; else all are on it."""
    suspects = Suspects()
    for now in range(0, 200, 40):
        noted = {X} if suspects.cautious(now) else hanging | {X}
        if (culprit := suspects.crashed(frozenset(noted), now)) is not None:
            break
    assert culprit == X
