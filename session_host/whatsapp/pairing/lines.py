"""The lines between the desk and a child: one JSON object each, with the attempt's number.

    desk -> child   {"do": "begin", "id": 1, "store": "/path", "proxy": null}
                    {"do": "code", "id": 1, "phone": "4915..."}
                    {"do": "cancel", "id": 1}
    child -> desk   {"is": "qr", "id": 1, "code": "..."}
                    {"is": "code", "id": 1, "code": "ABCD-1234"}
                    {"is": "refused", "id": 1, "kind": "Rejected", "code": "...", "detail": "..."}
                    {"is": "paired", "id": 1, "jid": "...", "phone": "...", "lid": "...", "platform": "..."}
                    {"is": "ended", "id": 1, "reason": "qr_expired", "detail": "..."}
                    {"is": "cancelled", "id": 1}

The child ends when its input does.
"""

from __future__ import annotations

import json
from typing import Any

Line = dict[str, Any]


class LineError(ValueError):
    """This is no line."""


def encode(line: Line) -> bytes:
    """One line with its end."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes) -> Line:
    """Raises LineError for anything but a JSON object."""
    try:
        line = json.loads(data)
    except ValueError as error:
        raise LineError from error
    if not isinstance(line, dict):
        raise LineError
    return line
