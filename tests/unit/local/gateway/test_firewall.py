from __future__ import annotations

import pytest

from local.gateway import firewall
from local.gateway.firewall import Firewall
from shared.limits import Limit, MethodClass, RateRule, highest, per_ip_limit
from tests.fakes.clock import FakeClock

RULES = [
    RateRule("per-ip", Limit(5, 60)),
    RateRule("messages", Limit(2, 60), MethodClass.MESSAGES),
    RateRule("queries", Limit(3, 60), MethodClass.QUERIES),
]
SEND = ("POST", "/v1/instances/shop-1/messages")
LOOK = ("GET", "/v1/instances")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def refused_by(wall: Firewall, ip: str, key: str | None, call: tuple[str, str], times: int = 1) -> list[str]:
    found = [wall.refusing(ip, key, *call) for _ in range(times)]
    return [rule.name if rule else "" for rule in found]


def test_a_class_is_counted_by_address_and_key(clock: FakeClock) -> None:
    wall = Firewall(clock.monotonic, RULES)
    assert refused_by(wall, "a", "k", SEND, 3) == ["", "", "messages"]
    assert refused_by(wall, "a", "k", LOOK) == [""]
    assert refused_by(wall, "a", "other", SEND) == [""]
    assert refused_by(wall, "b", "k", SEND) == [""]


def test_an_address_is_counted_with_whatever_key_and_without_one(clock: FakeClock) -> None:
    wall = Firewall(clock.monotonic, RULES)
    assert refused_by(wall, "a", None, LOOK, 4) == [""] * 4, "without a key only the plain rule counts"
    assert refused_by(wall, "a", "k", SEND) == [""]
    assert refused_by(wall, "a", "new", LOOK) == ["per-ip"]
    assert refused_by(wall, "b", None, LOOK) == [""]
    clock.now += 60
    assert refused_by(wall, "a", "new", LOOK) == [""]


def test_what_an_earlier_rule_refuses_a_later_one_does_not_count(clock: FakeClock) -> None:
    wall = Firewall(
        clock.monotonic, [RateRule("per-ip", Limit(1, 60)), RateRule("queries", Limit(1, 300), MethodClass.QUERIES)]
    )
    assert refused_by(wall, "a", None, LOOK) == [""]
    assert refused_by(wall, "a", "k", LOOK) == ["per-ip"]
    clock.now += 60
    assert refused_by(wall, "a", "k", LOOK) == [""]


def test_its_numbers_are_those_of_the_deployed_one(clock: FakeClock) -> None:
    wall = Firewall(clock.monotonic)
    most = highest(MethodClass.INSTANCE_OPERATIONS).count
    create = ("POST", "/v1/instances")
    assert refused_by(wall, "a", "k", create, most + 1) == [""] * most + ["instance-operations"]
    most = per_ip_limit().count - most - 1
    assert refused_by(wall, "a", None, LOOK, most + 1) == [""] * most + ["per-ip"]


def test_what_it_remembers_is_bounded(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firewall, "MOST_WINDOWS", 4)
    wall = Firewall(clock.monotonic, RULES)
    assert refused_by(wall, "a", "k", SEND, 2) == ["", ""]
    clock.now += 30
    for number in range(3):
        assert refused_by(wall, "a", f"guess-{number}", LOOK) == [""]
        assert len(wall._windows) <= 4
