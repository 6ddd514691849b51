from __future__ import annotations

from session_host.host.backoff import Backoff


def test_it_doubles_up_to_its_bound() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_after_a_healthy_run_the_first_restart_comes_at_once() -> None:
    backoff = Backoff()
    for ran in (0.1, 0.1, 0.1):
        backoff.after(ran)
    assert [backoff.after(ran) for ran in (30.0, 0.1, 0.1, 60.0)] == [0, 1, 2, 0]


def test_it_starts_over() -> None:
    backoff = Backoff()
    for ran in (0.1, 0.1, 0.1):
        backoff.after(ran)
    backoff.start_over()
    assert backoff.after(0.1) == 1
