"""Whether a series of samples grows, and what is read of a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.bench.soak_samples import Record, growth, measure


def test_what_stays_flat_has_not_changed_whatever_the_warm_up_was() -> None:
    points = [(float(at), 10.0 if at < 10 else 100.0) for at in range(101)]
    figures = growth(points)
    assert (figures["before"], figures["after"], figures["change_percent"]) == (100.0, 100.0, 0.0)
    assert figures["slope_per_hour"] == 0.0


def test_what_grows_is_told_per_hour_and_in_percent() -> None:
    points = [(float(at), 100.0 + at / 36) for at in range(0, 3601, 5)]
    figures = growth(points)
    assert figures["slope_per_hour"] == pytest.approx(100.0)
    assert (figures["before"], figures["after"]) == (115.0, 195.0), "at 15 and at 95 percent of the time"
    assert figures["peak"] == 200.0


def test_a_single_sample_is_enough() -> None:
    assert growth([(0.0, 5.0)])["change_percent"] == 0.0
    assert growth([(90.0, 0.0)])["before"] == 0.0


def test_a_process_is_measured_and_one_that_is_gone_is_not() -> None:
    values = measure(os.getpid())
    assert values
    assert values["rss_mb"] >= values["pss_mb"] > 1
    assert values["threads"] >= 1
    assert values["descriptors"] >= 3
    assert measure(2**22 + 1) is None


def test_a_worker_that_was_replaced_keeps_its_line(tmp_path: Path) -> None:
    record, file = Record(), tmp_path / "host-1-worker-0.pid"
    file.write_text(f"{os.getpid()}\n")
    record.look(tmp_path, 0.0)
    file.write_text("")  # it is being written
    record.look(tmp_path, 5.0)
    file.write_text(f"{os.getppid()}\n")
    record.look(tmp_path, 10.0)
    report = record.report()["host-1-worker-0"]
    assert (report["processes"], report["samples"]) == (2, 2)


def test_a_host_is_counted_alone_and_with_all_that_it_started(tmp_path: Path) -> None:
    (tmp_path / "host-1.pid").write_text(str(os.getpid()))
    record = Record()
    record.look(tmp_path, 0.0)
    newest = record.newest("threads")
    assert newest.keys() == {"host-1", "host-1-all"}
    assert newest["host-1-all"] >= newest["host-1"]
