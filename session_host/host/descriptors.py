"""Open files: sessions need several each, more than the usual soft limit allows."""

from __future__ import annotations

import resource


def raise_limit() -> None:
    """Lets this process, and those it starts, open as many files as the system grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
