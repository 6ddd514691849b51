"""The system's resolver, which some names are given no answer by."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names that begin with `slow` get no answer while it is open; all others lead to 127.0.0.1."""
    given_up = threading.Event()

    def asked(host: str, port: int, **options: Any) -> list[Any]:
        if host.startswith("slow"):
            given_up.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    try:
        yield
    finally:
        given_up.set()
