from __future__ import annotations

from session_host.host.backoff import Backoff


def test_it_doubles_up_to_its_bound_and_starts_over_after_a_long_run() -> None:
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [backoff.after(60.0), backoff.after(0.1)] == [1, 2]
