"""What is in hand: when it must be hidden for longer, and what that says of the queue."""

from __future__ import annotations

from session_host.worker.hand import PATIENT_AFTER_S, PATIENT_VISIBILITY_S, Hand
from shared.queues.names import COMMAND_VISIBILITY_S
from shared.queues.queue import Received


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def received(name: str, *, group: str = "acme#a", handle: str = "h", sent_at: float = 1.0) -> Received:
    return Received("{}", f"{handle}-{name}", 1, sent_at, group, f"id-{name}", f"msg_{name}")


def test_a_command_that_is_done_at_once_is_never_kept() -> None:
    hand = Hand(Time())
    hand.take(received("1"))
    assert hand.due() == {}
    assert hand.drop("id-1") == "h-1"
    assert hand.drop("id-1") is None
    assert len(hand) == 0


def test_it_is_kept_before_it_is_seen_again_and_for_longer_when_it_waits_long() -> None:
    time = Time()
    hand = Hand(time)
    hand.take(received("1"))
    calls, ends = 0, time.now + 300
    hidden_until = time.now + COMMAND_VISIBILITY_S
    while time.now < ends:
        time.now += 1.5
        assert time.now < hidden_until
        for seconds, commands in hand.due().items():
            calls += 1
            assert seconds in {COMMAND_VISIBILITY_S, PATIENT_VISIBILITY_S}
            hidden_until = time.now + seconds
            hand.kept(commands, hidden_until)
    assert calls <= PATIENT_AFTER_S / 3 + 270 / 9


def test_what_comes_again_is_known_by_its_name_and_settled_by_its_new_handle() -> None:
    hand = Hand(Time())
    assert hand.take(received("1"))
    assert not hand.take(received("1", handle="again"))
    assert hand.handles(["id-1", "id-2"]) == ["again-1"]
    assert hand.drop_all() == ["again-1"]


def test_it_tells_how_far_a_group_was_received_and_what_of_it_is_in_hand() -> None:
    hand = Hand(Time())
    assert hand.received_until("acme#a") is None
    hand.take(received("1", sent_at=5.0))
    hand.take(received("2", sent_at=7.0))
    hand.take(received("3", group="acme#b", sent_at=9.0))
    assert hand.has("acme#a", "msg_1")
    assert not hand.has("acme#b", "msg_1")
    hand.drop("id-1")
    assert not hand.has("acme#a", "msg_1")
    assert hand.holds_back("acme#a")
    hand.drop("id-2")
    assert not hand.holds_back("acme#a")
    assert hand.received_until("acme#a") == 7.0
