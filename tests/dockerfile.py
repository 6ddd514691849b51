"""The host's Dockerfile, read: there is no container engine where the tests run."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "session_host" / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `rest` is the text behind its name, on one line."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest as words, of JSON where it is written so."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return shlex.split(self.rest)


def instructions() -> list[Instruction]:
    """All of them, in order."""
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def left_out() -> list[str]:
    """Paths in the packages that .dockerignore keeps out of the image."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line.startswith(("shared/", "session_host/"))]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, its FROM first; what comes before all stages is left out."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def environment(stage: list[Instruction]) -> dict[str, str]:
    """What a stage's ENV instructions say."""
    words = (word for instruction in stage if instruction.name == "ENV" for word in instruction.words)
    return dict(word.split("=", 1) for word in words)


def install() -> list[str]:
    """The command that installs the locked libraries."""
    (command,) = [one.words for one in stages()[0] if one.name == "RUN" and one.rest.startswith("uv sync")]
    return command
