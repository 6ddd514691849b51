"""The report of what bundles weigh."""

from __future__ import annotations

from pathlib import Path

from infra.sizes import functions, report, size_of


def test_a_bundle_is_weighed_with_what_is_largest_in_it(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"part{number}" / "deep").mkdir(parents=True)
        (tmp_path / f"part{number}" / "deep" / "file").write_bytes(b"x" * 1_000_000 * number)
    (tmp_path / "single.py").write_bytes(b"y" * 2_500_000)
    size = size_of(tmp_path)
    assert size.unzipped == 23_500_000
    assert 0 < size.zipped < 100_000
    assert [name for name, _ in size.largest] == ["part6", "part5", "part4", "part3", "single.py"]
    assert report({"api": size}).splitlines()[1].startswith("api                 23.5     0.0  part6 6.0, part5 5.0")


def test_every_function_is_weighed() -> None:
    assert {"api", "webhook_sender"} <= set(functions())
