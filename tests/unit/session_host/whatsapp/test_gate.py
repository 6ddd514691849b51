from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_host.whatsapp.gate import Gate

SETTLE = 0.02
FOREVER = 3600.0


class Maps:
    """The library's maps: tells when a read or a write happened during a write."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self.clashes = 0

    def read(self) -> None:
        self.clashes += self._writing.locked()

    def write(self) -> None:
        if not self._writing.acquire(blocking=False):
            self.clashes += 1
            return
        time.sleep(0.002)
        self._writing.release()


def test_a_call_waits_while_the_maps_are_written() -> None:
    gate, entered = Gate(SETTLE), threading.Event()
    writing = gate.write(FOREVER)

    def call() -> None:
        with gate.call():
            entered.set()

    caller = threading.Thread(target=call)
    caller.start()
    assert not entered.wait(0.05)
    writing.done()

    assert entered.wait(5)
    caller.join()


def test_a_writer_does_not_wait_for_a_call_to_end() -> None:
    gate, hang_up = Gate(SETTLE), threading.Event()

    def send() -> None:
        with gate.call():
            hang_up.wait(10)

    sender = threading.Thread(target=send)
    sender.start()
    gate.write(FOREVER).done()  # would block for ever if it waited

    assert sender.is_alive()
    hang_up.set()
    sender.join()


def test_a_writer_waits_until_a_call_that_has_just_entered_is_past_its_read() -> None:
    clock = Ticking()
    gate = Gate(SETTLE, clock)
    with gate.call():
        entered = clock.now
        gate.write(FOREVER).done()
        assert clock.now - entered >= SETTLE


def test_a_writer_that_forgets_to_finish_holds_the_gate_only_for_so_long() -> None:
    gate = Gate(SETTLE)
    gate.write(0.03)

    with gate.call():
        pass
    gate.write(0.03)


def test_a_late_finish_does_not_open_the_gate_of_the_next_writer() -> None:
    gate = Gate(SETTLE)
    late = gate.write(0.0)
    next_one = gate.write(FOREVER)
    late.done()
    entered = threading.Event()

    def call() -> None:
        with gate.call():
            entered.set()

    caller = threading.Thread(target=call)
    caller.start()
    assert not entered.wait(0.05)
    next_one.done()
    caller.join()


def test_calls_get_through_a_row_of_writers() -> None:
    gate, stop = Gate(0.0), threading.Event()

    def write() -> None:
        while not stop.is_set():
            writing = gate.write(FOREVER)
            time.sleep(0.001)
            writing.done()

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write) for _ in range(5)]
        for _ in range(20):
            with gate.call():
                pass
        stop.set()
        wait(writers, 10)


@settings(max_examples=15, deadline=None)
@given(calls=st.lists(st.floats(0, 0.03), min_size=1, max_size=8), writers=st.integers(1, 4), rounds=st.integers(1, 3))
def test_no_read_and_no_other_write_happens_during_a_write(calls: list[float], writers: int, rounds: int) -> None:
    gate, maps = Gate(SETTLE), Maps()

    def call(length: float) -> None:
        for _ in range(rounds):
            with gate.call():
                time.sleep(SETTLE / 10)  # from entering the gate to the read
                maps.read()
                time.sleep(length)  # the rest of the call, which a writer does not wait for

    def write() -> None:
        for _ in range(rounds):
            writing = gate.write(FOREVER)
            maps.write()
            writing.done()

    with ThreadPoolExecutor(len(calls) + writers) as pool:
        for done in [*(pool.submit(call, length) for length in calls), *(pool.submit(write) for _ in range(writers))]:
            done.result(20)
    assert maps.clashes == 0


def test_without_the_gate_they_do() -> None:
    """The test above can fail."""
    maps = Maps()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(maps.write) for _ in range(40)]:
            done.result(10)
    assert maps.clashes > 0


def test_a_call_that_raises_leaves_the_gate() -> None:
    gate = Gate(FOREVER)
    with pytest.raises(ZeroDivisionError), gate.call():
        _ = 1 / 0

    gate.write(0.0)  # would wait for the call's hour to pass


class Ticking:
    """A clock that goes on by itself a little at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now
