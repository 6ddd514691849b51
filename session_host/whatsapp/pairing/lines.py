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


def encode(line: Line) -> bytes:
    """One line with its end."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes) -> Line:
    """Raises ValueError for anything but a JSON object."""
    line = json.loads(data)
    if not isinstance(line, dict):
        raise ValueError("a line is an object")
    return line
