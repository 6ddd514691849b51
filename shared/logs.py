"""Logs as JSON, one line each, so that they can be searched by field.

log.info("request", extra={"fields": {"status": 200}})
"""

from __future__ import annotations

import json
import logging

from shared.clock import iso


class JsonLines(logging.Formatter):
    """at, level, logger, message, the fields of `extra`, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_json(level: str) -> None:
    """Sends everything from `level` on to standard error, as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def quiet_libraries() -> None:
    """The AWS client tells where it found its credentials, once per client, and at DEBUG whole requests."""
    for library in ("aiobotocore", "botocore"):
        logging.getLogger(library).setLevel(logging.WARNING)
