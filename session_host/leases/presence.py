"""The hosts that take part: those whose heartbeat changes. A host that owns nothing is known by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class _Beat:
    at: str
    seen: float
    gone: bool = False


class Presence:
    """Judged by the observer's monotonic clock; the text of a heartbeat's time is only compared."""

    def __init__(self, presence_s: float) -> None:
        self._presence_s = presence_s
        self._beats: dict[str, _Beat] = {}

    def observe(self, heartbeats: Mapping[str, str], now: float) -> None:
        """`heartbeats`: the time of the last one per host; a host that left is not in it."""
        for left in self._beats.keys() - heartbeats.keys():
            del self._beats[left]
        for host, at in heartbeats.items():
            known = self._beats.get(host)
            if known is None or known.at != at:
                self._beats[host] = _Beat(at, now)

    def gone(self, host: str) -> None:
        """Its lease ran out: it does not take part until its next heartbeat.

        Without this the survivors would keep a share for a dead host until its last heartbeat is old enough.
        """
        if host in self._beats:
            self._beats[host].gone = True

    def present(self, now: float) -> set[str]:
        """The hosts that take part now."""
        return {host for host, beat in self._beats.items() if not beat.gone and now - beat.seen < self._presence_s}
