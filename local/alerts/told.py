"""Which alarms each target was told to be on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from functions.alerts.alert import State
from functions.alerts.targets import Target
from local.stack.files import StackFiles
from shared.alarms import Alarm

log = logging.getLogger(__name__)


class Told:
    """Kept in `alerts.json` of the data folder: {"on": {target: [ids]}}; a target's name there gives no URL away."""

    def __init__(self, folder: Path) -> None:
        self._files = StackFiles(folder)
        self._path = folder / "alerts.json"
        self._on = dict(self._load())

    def state(self, alarm: Alarm, target: Target) -> State:
        """What it was told last; that all is well goes without saying."""
        return State.ALARM if alarm.id in self._on.get(_name(target), ()) else State.OK

    def note(self, alarm: Alarm, target: Target, state: State) -> None:
        """Keeps what it was told. Raises OSError."""
        on = self._on.get(_name(target), frozenset())
        self._on[_name(target)] = on - {alarm.id} if state is State.OK else on | {alarm.id}
        kept = {name: sorted(ids) for name, ids in self._on.items() if ids}
        self._files.write(self._path, json.dumps({"on": kept}) + "\n")

    def _load(self) -> Mapping[str, frozenset[str]]:
        try:
            kept = json.loads(self._path.read_text())["on"]
            return {name: frozenset(map(str, ids)) for name, ids in kept.items()}
        except FileNotFoundError:
            return {}
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("%s cannot be read: alarms that are on are told once more", self._path)
            return {}


def _name(target: Target) -> str:
    return hashlib.sha256(f"{target.kind} {target.url}".encode()).hexdigest()[:32]
