from __future__ import annotations

from session_host.leases.given import Given
from shared.models.host import HostReport, Lease, WorkerReport


def beat(states: dict[str, int], *, ready: bool = True, host: str = "other", partition: int = 1) -> list[HostReport]:
    worker = WorkerReport(partition, 1, states, memory=0, threads=1, descriptors=1, ready=ready)
    return [HostReport(id=host, started_at="", at="", memory_used=0, memory_limit=0, workers=(worker,))]


def given(owner: str | None, hosts: list[HostReport]) -> int:
    """How many are settling after partition 1 was given away and a look showed this."""
    given = Given("me")
    given.add(1)
    given.look(hosts, [Lease(0, "other"), Lease(1, owner)])
    return given.settling


def test_nothing_settles_before_another_host_has_it() -> None:
    assert given("me", []) == 0
    assert given(None, []) == 0


def test_it_settles_until_its_new_owner_has_taken_all_up_and_nearly_all_are_connected() -> None:
    assert given("other", []) == 1
    assert given("other", beat({}, ready=False)) == 1
    assert given("other", beat({"connected": 9}, ready=False)) == 1
    assert given("other", beat({"connecting": 25})) == 1
    assert given("other", beat({"connecting": 3, "connected": 22})) == 1
    assert given("other", beat({"connecting": 2, "connected": 23})) == 0
    assert given("other", beat({"connected": 25})) == 0


def test_sessions_that_ended_are_not_waited_for() -> None:
    assert given("other", beat({"logged_out": 2, "failed": 1})) == 0
    assert given("other", beat({})) == 0


def test_only_the_partition_itself_at_its_owner_tells() -> None:
    assert given("other", beat({"connected": 25}, host="third")) == 1
    assert given("other", beat({"connected": 25}, partition=0)) == 1


def test_once_settled_it_is_forgotten() -> None:
    given = Given("me")
    given.add(1)
    given.look(beat({"connected": 9}), [Lease(1, "other")])
    given.look(beat({"connecting": 9}), [Lease(1, "other")])
    assert given.settling == 0


def test_what_is_taken_back_is_not_waited_for() -> None:
    given = Given("me")
    given.add(1)
    given.taken_back(1)
    given.look(beat({"connecting": 9}), [Lease(1, "other")])
    assert given.settling == 0
