"""A line of a part's log for a person at the terminal."""

from __future__ import annotations

import json


def readable(line: str) -> str:
    """Time, level, module, text and traceback of a JSON line; whatever else somebody wrote as it is."""
    try:
        said = json.loads(line)
        text = "{timestamp} {level} {logger}: {message}".format_map(said)
    except (ValueError, TypeError, KeyError):
        return line
    return "\n".join(filter(None, [text, said.get("exception")]))
