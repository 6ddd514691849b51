from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from session_host.worker.alarm import arm

BLOCKED = """
import signal, sys, time
from session_host.worker import alarm
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
alarm.unblock()
alarm.arm(time.monotonic() + float(sys.argv[1]), time.monotonic)
print("armed", flush=True)
"""
HANGS = BLOCKED + "while True: sum(range(10**6))"
EXTENDED = BLOCKED + "alarm.arm(time.monotonic() + 1000, time.monotonic); sys.stdin.read(); sys.exit(7)"
SLEEPS = BLOCKED + "time.sleep(1000)"


def run(code: str, seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("seconds", [0.05, 0.0, -100.0])
def test_a_process_that_hangs_is_ended_by_the_kernel(seconds: float) -> None:
    with run(HANGS, seconds) as process:
        assert process.wait(20) == -signal.SIGALRM


def test_a_process_that_is_told_in_time_lives_on() -> None:
    with run(EXTENDED, 10.0) as process:
        process.communicate(b"", 20)
    assert process.returncode == 7


def test_one_that_was_stopped_for_too_long_dies_when_it_is_continued() -> None:
    with run(SLEEPS, 0.3) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.6)
        process.send_signal(signal.SIGCONT)
        assert process.wait(20) == -signal.SIGALRM


def test_a_stop_between_looking_at_the_clock_and_setting_the_timer_is_made_good() -> None:
    now = iter([100.0, 109.0, 109.0, 109.0])
    timers: list[float] = []
    arm(112.0, lambda: next(now), timers.append)
    assert timers == [12.0, 3.0]
