"""Where alerts go. The secret that says so holds JSON, since a webhook's URL lets anybody write there:

{"targets": [{"kind": "slack", "url": "https://hooks.slack.com/services/..."},
             {"kind": "discord", "url": "https://discord.com/api/webhooks/..."},
             {"kind": "json", "url": "https://example.com/alerts"}]}

A URL is judged when it is called, so that a wrong one holds up no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from functions.alerts.text import Message

_LONGEST_DISCORD = 2_000


class BadTargets(ValueError):
    """The secret does not say where alerts go. The text never holds a URL."""


class Kind(StrEnum):
    """What a target understands."""

    SLACK = "slack"
    DISCORD = "discord"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that takes POSTs of a kind."""

    kind: Kind
    url: str = field(repr=False)


def parse_targets(secret: str) -> list[Target]:
    """The targets that a secret names, possibly none. Raises BadTargets."""
    try:
        listed = json.loads(secret)["targets"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise BadTargets(f'the targets must be JSON like {{"targets": []}}: {type(error).__name__}') from None
    if not isinstance(listed, list):
        raise BadTargets("the targets must be a list")
    return [_target(number, one) for number, one in enumerate(listed)]


def body_for(kind: Kind, message: Message) -> bytes:
    """What a target of this kind is sent."""
    return json.dumps(_BODIES[kind](message)).encode()


def _target(number: int, said: Any) -> Target:
    kind, url = (said.get("kind"), said.get("url")) if isinstance(said, dict) else (None, None)
    if kind not in list(Kind) or not isinstance(url, str) or not url:
        raise BadTargets(f"target {number} needs a url, and a kind of {', '.join(Kind)}")
    return Target(Kind(kind), url)


def _slack(message: Message) -> dict[str, Any]:
    escaped = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    title, newline, rest = escaped.partition("\n")
    return {"text": f"*{title}*{newline}{rest}"}


def _discord(message: Message) -> dict[str, Any]:
    title, newline, rest = message.text.partition("\n")
    return {"content": f"**{title}**{newline}{rest}"[:_LONGEST_DISCORD], "allowed_mentions": {"parse": []}}


def _json(message: Message) -> dict[str, Any]:
    return {"text": message.text} | message.facts


_BODIES = {Kind.SLACK: _slack, Kind.DISCORD: _discord, Kind.JSON: _json}
