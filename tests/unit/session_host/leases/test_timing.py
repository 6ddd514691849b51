from __future__ import annotations

import pytest

from session_host.leases.timing import Timing


@pytest.mark.parametrize("lease_s", [2, 15, 300])
def test_two_renewals_fit_before_the_fence_and_a_margin_behind_it(lease_s: float) -> None:
    timing = Timing(lease_s)
    assert timing.renew_s + 2 * timing.call_s < timing.fence_s < 0.85 * lease_s
    assert timing.heartbeat_s < timing.presence_s
    assert timing.eager_s < timing.poll_s < timing.renew_s


def test_the_usual_lease() -> None:
    timing = Timing()
    assert (timing.lease_s, timing.renew_s, timing.heartbeat_s) == (15, 5, 10)
