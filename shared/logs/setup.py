"""A process's logging, set up once at its start: JSON lines on standard error, whoever has something to say.

Levels: what is ours is heard from the level of HIVEWP_LOG_LEVEL on, libraries from WARNING on at any level: at DEBUG
they would tell whole requests. One line for each thing that was asked is written at any level (OUTCOMES).
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from shared.logs.lines import JsonLines

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from threading import ExceptHookArgs

OURS = ("__main__", "functions", "local", "session_host", "shared")
OUTCOMES = ("functions.api.middleware.request_log", "functions.webhook_sender.deliver")

_log = logging.getLogger(__name__)


def log_json(level: str, service: str, stream: TextIO | None = None, **fixed: str | int) -> None:
    """Sends everything to standard error, or `stream`, as JSON lines: ours from `level` on.

    `fixed` stands on each line. Also what Python itself would print: warnings, and exceptions that nobody caught."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines({"service": service, **fixed}))
    logging.basicConfig(level=_at_least(logging.WARNING, level), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in OUTCOMES:
        logging.getLogger(name).setLevel(min(logging.INFO, logging.getLogger(name.partition(".")[0]).level))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def stamp(**fixed: str | int) -> None:
    """Puts these on each later line of the process as well; does nothing where `log_json` was not called."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLines):
            handler.formatter.fixed.update(fixed)


def _at_least(least: int, level: str) -> int:
    return max(least, logging.getLevelNamesMapping()[level])


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("the process ends: %s", kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_thread(uncaught: ExceptHookArgs) -> None:
    if uncaught.exc_value is not None and not isinstance(uncaught.exc_value, SystemExit):
        _log.critical("a thread ends: %s", uncaught.exc_type.__name__, exc_info=uncaught.exc_value)


def _unraisable(unraisable: UnraisableHookArgs) -> None:
    what = unraisable.err_msg or "an exception was ignored"
    _log.error("%s: %s", what, type(unraisable.object).__name__, exc_info=unraisable.exc_value)
