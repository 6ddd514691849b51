from __future__ import annotations

import pytest

from functions.alerts.targets import Kind, Target
from local.alerts.targets import targets_of
from shared.settings import BadSetting


def test_the_host_says_what_a_url_understands_unless_it_is_said() -> None:
    found = targets_of(
        "https://hooks.slack.com/services/x, https://discord.com/api/webhooks/y\n"
        "http://127.0.0.1:9/alerts slack+http://127.0.0.1:9/ json+https://discord.com/z"
    )
    assert found == [
        Target(Kind.SLACK, "https://hooks.slack.com/services/x"),
        Target(Kind.DISCORD, "https://discord.com/api/webhooks/y"),
        Target(Kind.JSON, "http://127.0.0.1:9/alerts"),
        Target(Kind.SLACK, "http://127.0.0.1:9/"),
        Target(Kind.JSON, "https://discord.com/z"),
    ]
    assert targets_of(" , ") == []
    assert len(targets_of("http://127.0.0.1:9/, http://127.0.0.1:9/ slack+http://127.0.0.1:9/")) == 2


@pytest.mark.parametrize(
    "text", ["hooks.slack.com/secret", "ftp://x/secret", "https:///secret", "http://[secret", "teams+https://x/secret"]
)
def test_what_is_no_url_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(BadSetting, match="HIVEWP_ALERT_URLS: number 2") as refused:
        targets_of(f"https://example.com/ {text}")
    assert "secret" not in str(refused.value)
