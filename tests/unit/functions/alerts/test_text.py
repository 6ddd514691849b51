"""What people read."""

from __future__ import annotations

import json

from functions.alerts.alert import Alert
from functions.alerts.cloudwatch import alert_of
from functions.alerts.targets import Kind, body_for
from functions.alerts.text import message_of, notice
from shared.alarms.catalog import HOST_MEMORY_HIGH
from tests.fakes.alarms import alarm_message


def an_alert(state: str = "ALARM", name: str = "hivewp-prod-host-memory", before: str = "ALARM") -> Alert:
    alert = alert_of(alarm_message(name, state, before), "hivewp-prod")
    assert alert is not None
    return alert


def test_an_alarm_says_what_it_means_the_figure_since_when_where_to_look_and_what_to_do() -> None:
    assert message_of(an_alert()).text.splitlines() == [
        "ALARM hivewp-prod: A session host is short of memory",
        f"What it means: {HOST_MEMORY_HIGH.meaning}",
        "Now: 95.31; bad is > 90 % in 3 of 5 minutes",
        "Since: 2026-11-22T10:05:12.345Z",
        f"First thing to do: {HOST_MEMORY_HIGH.first_step}",
        f"Dashboard: {an_alert().dashboard}",
    ]


def test_what_is_over_asks_for_nothing() -> None:
    text = message_of(an_alert("OK")).text
    assert text.startswith("OK hivewp-prod: A session host is short of memory (it is over)\nNow: ")
    assert "First thing to do" not in text
    new = message_of(an_alert("OK", before="INSUFFICIENT_DATA")).text
    assert new.startswith("OK hivewp-prod: A session host is short of memory (nothing to do)\nNow: ")


def test_without_figures_that_is_said() -> None:
    text = message_of(an_alert("INSUFFICIENT_DATA")).text
    assert text.startswith("NO DATA hivewp-prod: A session host is short of memory\nCloudWatch has no figures")
    assert f"First thing to do: {HOST_MEMORY_HIGH.first_step}" in text


def test_an_alarm_that_is_not_ours_is_told_in_cloudwatchs_words() -> None:
    text = message_of(an_alert(name="billing")).text
    assert text.startswith("ALARM hivewp-prod: billing\nWhat CloudWatch says: Threshold Crossed")


def test_slack_gets_its_markup_and_nothing_that_it_would_take_for_markup() -> None:
    said = json.loads(body_for(Kind.SLACK, message_of(an_alert())))
    assert said["text"].startswith("*ALARM hivewp-prod: A session host is short of memory*\n")
    assert "bad is &gt; 90 %" in said["text"]
    assert json.loads(body_for(Kind.SLACK, notice(None, "<!channel> & co")))["text"] == "*&lt;!channel&gt; &amp; co*"


def test_discord_gets_no_more_than_it_takes_and_nobody_is_called_by_it() -> None:
    said = json.loads(body_for(Kind.DISCORD, notice("A test", "@everyone " + "x" * 3000)))
    assert len(said["content"]) == 2000
    assert said["content"].startswith("**A test**\n@everyone x")
    assert said["allowed_mentions"] == {"parse": []}


def test_machines_get_the_facts_beside_the_text() -> None:
    said = json.loads(body_for(Kind.JSON, message_of(an_alert())))
    assert said["text"].splitlines()[0] == said["title"]
    assert (said["alarm"], said["state"], said["value"]) == ("host-memory", "ALARM", 95.31)
    assert said["first_step"] == HOST_MEMORY_HIGH.first_step
