"""One process at a time may use a data folder."""

import fcntl
from pathlib import Path
from typing import IO


class InUseError(Exception):
    """Another process uses the folder."""


class FolderLock:
    """Held from `take` to `release`, or until the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Raises InUseError."""
        file = self._path.open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise InUseError(f"{self._path.parent} is used by another local WhatsApp") from error
        self._file = file

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None
