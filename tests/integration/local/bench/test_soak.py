"""The soak in its short form: that it works and says what it should, not what it measures."""

from __future__ import annotations

from pathlib import Path

from local.bench.soak import Plan, soak


async def test_a_short_soak_counts_every_message_and_every_process(tmp_path: Path) -> None:
    plan = Plan(minutes=0.2, cycles=3, instances=3, out=3.0, into=2.0)
    report = await soak(plan, tmp_path / "data")
    out, into = report["out"], report["in"]
    assert out["accepted"] == sum(out["answers"].values()) == 36
    assert (out["lost"], out["failed"]) == (0, 0)
    assert into["written"] == 24
    assert into["lost"] == 0
    assert sum(report["restarts"].values()) == 3
    processes = report["processes"]
    assert {"api", "webhooks", "host-1", "host-1-all", "host-1-worker-0", "host-1-worker-1"} <= processes.keys()
    worker = processes["host-1-worker-0"]
    assert worker["samples"] > 5
    for measure in ("rss_mb", "pss_mb", "descriptors", "threads"):
        assert worker[measure]["peak"] >= worker[measure]["after"] > 0
