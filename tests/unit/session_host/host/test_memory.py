from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil

from session_host.host import memory


def test_children_count() -> None:
    alone = memory.used()
    code = "import sys; data = b'x' * 50_000_000; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-ISc", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert memory.used() - alone > 45_000_000


def a_tree(folder: Path, files: dict[str, str], own: str) -> tuple[Path, Path]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "own").write_text(own)
    return folder, folder / "own"


def test_the_limit_of_a_container(tmp_path: Path) -> None:
    assert memory.limit(*a_tree(tmp_path, {"memory.max": "1000000\n"}, "0::/\n")) == 1_000_000


def test_the_least_limit_counts(tmp_path: Path) -> None:
    files = {"memory.max": "max\n", "a/b/memory.max": "5000\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"}
    assert memory.limit(*a_tree(tmp_path, files, "4:memory:/\n0::/a/b\n")) == 5000


def test_without_limits_it_is_the_machine(tmp_path: Path) -> None:
    assert memory.limit(tmp_path, tmp_path / "none") == psutil.virtual_memory().total
