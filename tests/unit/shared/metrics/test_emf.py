"""Lines that CloudWatch can read: its rules are taken from the specification of the embedded metric format."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.metrics import ALL, DELIVERIES_DEAD, MESSAGES_SENT, OTHER_HALF, WEBHOOK_LATENCY, Meter, encode

VALUES = st.dictionaries(
    st.sampled_from(ALL), st.lists(st.floats(0, 1e9) | st.integers(0, 10**9), max_size=250), max_size=6
)


@given(VALUES)
def test_every_value_arrives_once_within_the_limits_of_the_format(values: dict[Any, list[float]]) -> None:
    arrived: dict[str, list[float]] = {}
    for text in encode("hivewp-test", values, 1_700_000_000.5):
        assert "\n" not in text
        line = json.loads(text)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert line["_aws"]["Timestamp"] == 1_700_000_000_500
        assert directive["Namespace"] == "HiveWP"
        assert directive["Dimensions"] == [["Deployment"]]
        assert line["Deployment"] == "hivewp-test"
        names = {metric["Name"] for metric in directive["Metrics"]}
        assert names == line.keys() - {"_aws", "Deployment"}
        for name in names:
            found = line[name] if isinstance(line[name], list) else [line[name]]
            assert 0 < len(found) <= 100
            arrived.setdefault(name, []).extend(found)
    assert arrived == {metric.name: found for metric, found in values.items() if found}


def test_units_are_cloudwatchs() -> None:
    (text,) = encode("hivewp-test", {WEBHOOK_LATENCY: [3], MESSAGES_SENT: [1]}, 0)
    (directive,) = json.loads(text)["_aws"]["CloudWatchMetrics"]
    assert directive["Metrics"] == [
        {"Name": "WebhookLatency", "Unit": "Milliseconds"},
        {"Name": "MessagesSent", "Unit": "Count"},
    ]


class TestMeter:
    def test_what_was_counted_is_one_sum_and_told_once(self) -> None:
        written: list[str] = []
        meter = Meter("hivewp-test", written.append, lambda: 5.0)
        for _ in range(3):
            meter.add(MESSAGES_SENT)
        meter.observe(WEBHOOK_LATENCY, 10)
        meter.observe(WEBHOOK_LATENCY, 20)
        meter.flush()
        meter.flush()
        (text,) = written
        assert text.endswith("\n")
        line = json.loads(text)
        assert (line["MessagesSent"], line["WebhookLatency"]) == (3, [10, 20])

    def test_nothing_counted_is_no_line(self) -> None:
        written: list[str] = []
        meter = Meter("hivewp-test", written.append)
        meter.add(DELIVERIES_DEAD, 0)
        meter.flush()
        assert written == []

    def test_what_counts_only_one_half_of_a_share_tells_0_of_the_other(self) -> None:
        for one, other in OTHER_HALF.items():
            written: list[str] = []
            meter = Meter("hivewp-test", written.append)
            meter.add(one, 3)
            meter.flush()
            line = json.loads(written[0])
            assert (line[one.name], line[other.name]) == (3, 0)
            assert len(line["_aws"]["CloudWatchMetrics"][0]["Metrics"]) == 2

    def test_many_values_are_lines_of_one_write(self) -> None:
        written: list[str] = []
        meter = Meter("hivewp-test", written.append)
        for value in range(150):
            meter.observe(WEBHOOK_LATENCY, value)
        meter.flush()
        (text,) = written
        assert [len(json.loads(line)["WebhookLatency"]) for line in text.splitlines()] == [100, 50]

    def test_off_is_silent_and_holds_nothing(self, capsys: Any) -> None:
        meter = Meter.of("off", "hivewp-test")
        meter.add(MESSAGES_SENT)
        meter.observe(WEBHOOK_LATENCY, 1)
        meter.flush()
        assert not meter.on
        assert capsys.readouterr() == ("", "")

    def test_emf_is_on_standard_output(self, capsys: Any) -> None:
        meter = Meter.of("emf", "hivewp-test", lambda: 1.0)
        meter.add(MESSAGES_SENT, 2)
        meter.flush()
        assert meter.on
        assert json.loads(capsys.readouterr().out)["MessagesSent"] == 2
