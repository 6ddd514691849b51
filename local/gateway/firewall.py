"""The stand-in for the firewall's rate rules (infra/api/firewall.py), from the same table.

It stands before everything else: calls without a valid key count too, and so do calls that a plan refuses. The real one
looks at its counts some times a minute and lets a few calls more pass; this one is exact. Its rules against known
attacks have no stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from local.gateway.window import SlidingWindow
from shared.limits import RateRule, method_class, rate_rules
from shared.models.api_key import digest

MOST_WINDOWS = 10_000  # of the real one, for each rule

_Name = tuple[str, str, str]


class Firewall:
    """Counts calls by client IP, and by client IP and key; `monotonic` gives the time in seconds."""

    def __init__(self, monotonic: Callable[[], float], rules: Sequence[RateRule] | None = None) -> None:
        self._monotonic = monotonic
        self._rules = rate_rules() if rules is None else rules
        self._windows: dict[_Name, SlidingWindow] = {}

    def refusing(self, ip: str, key: str | None, method: str, path: str) -> RateRule | None:
        """Counts a call and gives the rule that refuses it. `key`: the text in x-api-key, valid or not; None: none."""
        kind, now = method_class(method, path), self._monotonic()
        shown = "" if key is None else digest(key)
        for rule in self._rules:
            if rule.kind is None:
                window = self._window((rule.name, ip, ""), rule, now)
            elif key is not None and rule.kind is kind:
                window = self._window((rule.name, ip, shown), rule, now)
            else:
                continue
            if not window.take(now):
                return rule
        return None

    def _window(self, name: _Name, rule: RateRule, now: float) -> SlidingWindow:
        found = self._windows.get(name)
        if found is None:
            if len(self._windows) >= MOST_WINDOWS:
                self._forget(now)
            found = self._windows[name] = SlidingWindow(rule.limit)
        return found

    def _forget(self, now: float) -> None:
        busy = {name: window for name, window in self._windows.items() if not window.idle(now)}
        self._windows = busy if len(busy) < MOST_WINDOWS else {}
