"""The crossing benchmark in its short form: that it works and says what it should, not what it measures."""

from __future__ import annotations

from pathlib import Path

from local.bench.crossing import Plan, crossing


async def test_both_patterns_count_both_directions(tmp_path: Path) -> None:
    plan = Plan(instances=1, chats=2, seconds=2, texts_s=0.2, bursts_s=0.2, pauses_ms=(0,))
    runs = (await crossing(plan, tmp_path))["runs"]
    assert [run["pattern"] for run in runs] == ["random", "replies"]
    for run in runs:
        assert run["out"]["messages"] > 0
        assert run["in"] == {"messages": run["in"]["messages"], "lost": 0, "lost_per_1000": 0.0}
        assert run["out"]["lost"] == run["reused_counters_at_phones"]
    replies = runs[1]
    assert replies["out"]["messages"] == replies["in"]["messages"], "each text is answered"
