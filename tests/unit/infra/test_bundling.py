"""A bundle is whole or not there, and holds our code of one function alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra import bundling


@pytest.fixture(autouse=True)
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bundles are put, instead of the project's cdk.out."""
    monkeypatch.setattr(bundling, "BUNDLES", tmp_path / "bundles")
    return tmp_path / "bundles"


def test_the_code_of_a_function_comes_with_what_is_shared_and_without_other_functions() -> None:
    folder = bundling.source("webhook_sender")
    assert {path.name for path in folder.iterdir()} == {"functions", "shared"}
    assert {path.name for path in (folder / "functions").iterdir()} == {"__init__.py", "webhook_sender"}
    assert (folder / "functions" / "webhook_sender" / "handler.py").exists()
    assert not [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py"]


def test_what_is_there_already_is_not_made_again() -> None:
    folder = bundling.source("alerts")
    made = folder.stat().st_ino
    assert (bundling.source("alerts"), folder.stat().st_ino) == (folder, made)


def test_a_function_that_does_not_exist_is_named_and_leaves_nothing(bundles: Path) -> None:
    with pytest.raises(bundling.BundleError, match="no function nonsense"):
        bundling.source("nonsense")
    assert not bundles.exists()


def test_libraries_that_cannot_be_installed_leave_nothing_that_looks_like_a_bundle(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: str) -> None:
        raise bundling.BundleError(f"uv {arguments[0]} failed")

    monkeypatch.setattr(bundling, "_uv", fails)
    with pytest.raises(bundling.BundleError):
        bundling.bundle("alerts")
    assert list(bundles.iterdir()) == []


def test_a_bundle_can_be_read_by_everybody_whatever_the_umask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda reads it as a user of its own; and the same code must be the same asset on every machine."""
    monkeypatch.setattr(bundling, "_uv", _installs)
    before = os.umask(0o077)
    try:
        folders = [bundling.source("alerts"), bundling.bundle("alerts")]
    finally:
        os.umask(before)
    found = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    assert {path.stat().st_mode & 0o777 for path in found if path.is_dir()} == {0o755}
    assert {path.stat().st_mode & 0o777 for path in found if path.is_file()} == {0o644}
    assert (folders[1] / "library" / "fast.so").exists()


def _installs(*arguments: str) -> None:
    """What uv would do, with one library."""
    if arguments[0] == "export":
        Path(arguments[-1]).write_text("")
        return
    library = Path(arguments[arguments.index("--target") + 1]) / "library"
    library.mkdir()
    (library / "fast.so").touch(0o700)
