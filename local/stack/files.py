"""The folder of a stack: where its parts' logs, process ids and state are.

api-key  sealing-key  lock  ports.json
run/<part>.pid        process ids of what runs
run/<part>.ready      made by a part that has no port to knock at, once it is ready
logs/<part>.log       this run's; .1 to .3 are those before
aws/ whatsapp/ sessions/
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack.readable import readable

OLD_LOGS = 3
TAIL_BYTES = 16_384  # a traceback is one line


@dataclass(frozen=True, slots=True)
class StackFiles:
    """Paths under the data folder, and the few ways in which they are written."""

    data: Path

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def api_key(self) -> Path:
        return self.data / "api-key"

    @property
    def sealing_key(self) -> Path:
        return self.data / "sealing-key"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    def pid(self, part: str) -> Path:
        return self.run / f"{part}.pid"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Makes the folders, readable by their owner alone: keys and credentials live here. Raises OSError."""
        for folder in (self.data, self.run, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear_run(self) -> None:
        """Forgets the processes of a run before."""
        for path in self.run.glob("*.pid"):
            path.unlink(missing_ok=True)

    def forget(self, part: str) -> None:
        """Forgets a part's process and its workers, which do not outlive it."""
        for path in [self.pid(part), *self.run.glob(f"{part}-worker-*.pid")]:
            path.unlink(missing_ok=True)

    def rotate_log(self, part: str) -> Path:
        """Moves the logs of the runs before aside and gives the path of this run's."""
        log = self.log(part)
        for age in range(OLD_LOGS, 0, -1):
            newer = log if age == 1 else Path(f"{log}.{age - 1}")
            if newer.exists():
                newer.replace(f"{log}.{age}")
        return log

    def tail(self, part: str, lines: int = 15) -> str:
        """The last lines of a part's log, for a person to read."""
        try:
            with self.log(part).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(map(readable, text.splitlines()[-lines:]))

    def secret(self, path: Path, make: Callable[[], str]) -> str:
        """The secret kept in `path`, made at first need."""
        if not path.exists():
            self.write(path, make() + "\n")
        return path.read_text().strip()

    def write(self, path: Path, text: str) -> None:
        """Writes a file for its owner alone, whole or not at all."""
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        new.replace(path)

    def write_ports(self, ports: Mapping[str, int]) -> None:
        """Keeps the ports of this run, for the commands and for the next run."""
        self.write(self.ports, json.dumps(ports, indent=2) + "\n")

    def read_ports(self) -> dict[str, int]:
        """The ports of the run that is or was, empty when there was none."""
        try:
            ports: dict[str, int] = json.loads(self.ports.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return ports
