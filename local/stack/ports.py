"""Ports: those that were asked for must be free, the others are chosen."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

from local.settings import LOOPBACK
from shared.settings import BadSetting


def choose_ports(asked: Mapping[str, int | None], before: Mapping[str, int]) -> dict[str, int]:
    """A free port for every variable. Raises BadSetting, naming port and variable, for one that is taken.

    `before` holds the ports of the last run: one that was chosen then is taken again if it can be."""
    ports: dict[str, int] = {}
    for name, port in asked.items():
        if port is not None:
            _check(name, port)
            ports[name] = port
    for name, port in asked.items():
        if port is None:
            again = before.get(name, 0)
            ports[name] = again if again not in {0, *ports.values()} and _error(again) is None else _free_port(ports)
    return ports


def _check(name: str, port: int) -> None:
    error = _error(port)
    if error is not None:
        what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise BadSetting(f"port {port} {what}: end what listens there, or set {name} to another port")


def _error(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what is left of closed connections does not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error
    return None


def _free_port(taken: Mapping[str, int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken.values():
            return port
