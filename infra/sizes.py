"""What the functions' bundles weigh, and what in them weighs most: `python -m infra.sizes` (makes missing ones).

Lambda takes 50 MB zipped and 250 MB unzipped; a cold start without a snapshot loads what it imports of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import ZIP_DEFLATED, ZipFile

from infra.bundling import ROOT, bundle

LARGEST = 5
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """A bundle's bytes, as they are and zipped, and the largest things at its top with theirs."""

    unzipped: int
    zipped: int
    largest: tuple[tuple[str, int], ...]


def functions() -> list[str]:
    """The folders of functions/ that hold a handler."""
    return sorted(handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py"))


def size_of(folder: Path) -> Size:
    """What a folder weighs."""
    parts = {one.name: sum(file.stat().st_size for file in _files(one)) for one in folder.iterdir()}
    largest = sorted(parts.items(), key=lambda part: -part[1])[:LARGEST]
    return Size(sum(parts.values()), _zipped(folder), tuple(largest))


def report(sizes: dict[str, Size]) -> str:
    """The table, in MB."""
    lines = [f"{'function':<16}{'MB':>8}{'zipped':>8}  largest"]
    for name, size in sizes.items():
        largest = ", ".join(f"{part} {weight / _MB:.1f}" for part, weight in size.largest)
        lines.append(f"{name:<16}{size.unzipped / _MB:>8.1f}{size.zipped / _MB:>8.1f}  {largest}")
    return "\n".join(lines) + "\n"


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]


def _zipped(folder: Path) -> int:
    with TemporaryFile() as target:
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            for file in _files(folder):
                archive.write(file, file.relative_to(folder))
        return target.tell()


if __name__ == "__main__":
    sys.stdout.write(report({name: size_of(bundle(name)) for name in functions()}))
