"""Where alerts of a stack on one machine go: HIVEWP_ALERT_URLS, separated by blanks or commas.

The host says what a URL understands: hooks.slack.com, discord.com; anything else is sent JSON. `slack+`, `discord+` or
`json+` before the URL says so itself, for a receiver that speaks as Slack does.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from functions.alerts.targets import Kind, Target
from shared.settings import BadSetting

_HOSTS = {"hooks.slack.com": Kind.SLACK, "discord.com": Kind.DISCORD, "discordapp.com": Kind.DISCORD}
SETTING = "HIVEWP_ALERT_URLS"


def targets_of(text: str) -> list[Target]:
    """The targets, each once, possibly none. Raises BadSetting, which shows no URL: who knows one can write there."""
    named = (_target(number, one) for number, one in enumerate(text.replace(",", " ").split(), 1))
    return list(dict.fromkeys(named))


def _target(number: int, text: str) -> Target:
    scheme, colon, rest = text.partition(":")
    kind, plus, plain = scheme.rpartition("+")
    url = plain + colon + rest
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if plain not in ("http", "https") or not host or (plus and kind not in list(Kind)):
        raise BadSetting(
            f"{SETTING}: number {number} is no URL of http or https, with {'+, '.join(Kind)}+ before it or not"
        )
    return Target(Kind(kind) if kind else _HOSTS.get(host, Kind.JSON), url)
