"""Which alarms people were told to be on."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from functions.alerts.alert import State
from local.stack.files import StackFiles
from shared.alarms import Alarm

log = logging.getLogger(__name__)


class Told:
    """Kept in `alerts.json` of the data folder: {"on": [ids]}."""

    def __init__(self, folder: Path) -> None:
        self._files = StackFiles(folder)
        self._path = folder / "alerts.json"
        self._on = self._load()

    def state(self, alarm: Alarm) -> State:
        """What was told last; that all is well goes without saying."""
        return State.ALARM if alarm.id in self._on else State.OK

    def note(self, alarm: Alarm, state: State) -> None:
        """Keeps what was told. Raises OSError."""
        self._on = self._on - {alarm.id} if state is State.OK else self._on | {alarm.id}
        self._files.write(self._path, json.dumps({"on": sorted(self._on)}) + "\n")

    def _load(self) -> frozenset[str]:
        try:
            return frozenset(map(str, json.loads(self._path.read_text())["on"]))
        except FileNotFoundError:
            return frozenset()
        except (KeyError, TypeError, ValueError):
            log.warning("%s cannot be read: alarms that are on are told once more", self._path)
            return frozenset()
