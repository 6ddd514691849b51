"""A record of the standard library's logging as one line of JSON. See the package for the fields."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from shared.clock import iso
from shared.logs.context import IDS, bound
from shared.logs.masking import mask
from shared.tracing import current, trace_id_of

# ASCII: no character that somebody takes for the end of a line, and none that cannot be written
_encode = json.JSONEncoder(default=lambda value: mask(str(value)), separators=(",", ":")).encode


class JsonLines(logging.Formatter):
    """`fixed` stands on every line of the process: its service, its host, its partition."""

    def __init__(self, fixed: Mapping[str, str | int] | None = None) -> None:
        super().__init__()
        self.fixed: dict[str, str | int] = dict(fixed or {})

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. None among the fields is left out."""
        line: dict[str, Any] = {
            "timestamp": iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(_text(record)),
            **self.fixed,
        }
        if traceparent := current():
            line["trace_id"] = trace_id_of(traceparent)
        line.update(bound())
        fields: Mapping[str, Any] | None = getattr(record, "fields", None)
        if fields:
            line.update({name: _masked(name, value) for name, value in fields.items() if value is not None})
        if record.exc_info and record.exc_info[0]:
            line["exception"] = mask(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = mask(record.stack_info)
        return _encode(line)


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # the arguments do not fit: the line is still worth having
        return str(record.msg)


def _masked(name: str, value: Any) -> Any:
    return mask(value) if isinstance(value, str) and name not in IDS else value
