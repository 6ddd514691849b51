from __future__ import annotations

import pytest

from session_host.leases.presence import Presence


@pytest.fixture
def presence() -> Presence:
    seen = Presence(20.0)
    seen.observe({"a": "12:00", "b": "12:00"}, 100.0)
    return seen


def test_a_host_takes_part_while_its_heartbeat_changes(presence: Presence) -> None:
    presence.observe({"a": "12:10", "b": "12:00"}, 110.0)
    assert presence.present(119.9) == {"a", "b"}
    assert presence.present(120.0) == {"a"}
    assert presence.present(130.0) == set()


def test_a_host_whose_heartbeat_is_removed_left(presence: Presence) -> None:
    presence.observe({"b": "12:00"}, 101.0)
    assert presence.present(101.0) == {"b"}


def test_a_host_whose_lease_ran_out_is_back_with_its_next_heartbeat(presence: Presence) -> None:
    presence.gone("a")
    presence.gone("never heard of")
    presence.observe({"a": "12:00", "b": "12:00"}, 101.0)
    assert presence.present(101.0) == {"b"}
    presence.observe({"a": "12:01", "b": "12:00"}, 102.0)
    assert presence.present(102.0) == {"a", "b"}
