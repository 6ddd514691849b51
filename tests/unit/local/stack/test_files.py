from __future__ import annotations

from pathlib import Path

import pytest

from local.stack.files import StackFiles


@pytest.fixture
def files(tmp_path: Path) -> StackFiles:
    files = StackFiles(tmp_path / "data")
    files.make()
    return files


def test_secrets_are_made_once_and_are_the_owners_alone(files: StackFiles) -> None:
    made = iter(["first", "second"])
    assert files.secret(files.api_key, lambda: next(made)) == "first"
    assert files.secret(files.api_key, lambda: next(made)) == "first"
    assert files.api_key.stat().st_mode & 0o777 == 0o600
    assert files.data.stat().st_mode & 0o777 == 0o700


def test_logs_of_earlier_runs_are_kept_but_not_for_ever(files: StackFiles) -> None:
    for run in range(6):
        files.rotate_log("api").write_text(f"run {run}")
    kept = {path.name: path.read_text() for path in files.logs.iterdir()}
    assert kept == {"api.log": "run 5", "api.log.1": "run 4", "api.log.2": "run 3", "api.log.3": "run 2"}


def test_the_tail_of_a_log(files: StackFiles) -> None:
    assert files.tail("api") == ""
    files.log("api").write_text("x" * 20_000 + "\n" + "\n".join(f"line {n}" for n in range(100)))
    assert files.tail("api", 2) == "line 98\nline 99"


def test_ports_are_kept_and_a_damaged_file_is_none(files: StackFiles) -> None:
    assert files.read_ports() == {}
    files.write_ports({"HIVEWP_PORT": 3000})
    assert files.read_ports() == {"HIVEWP_PORT": 3000}
    files.ports.write_text("{")
    assert files.read_ports() == {}


def test_processes_of_a_run_before_are_forgotten(files: StackFiles) -> None:
    files.pid("api").touch()
    files.clear_run()
    assert list(files.run.iterdir()) == []


def test_a_part_is_forgotten_with_its_workers_and_no_others(files: StackFiles) -> None:
    for name in ("host-1", "host-1-worker-0", "host-1-worker-12", "host-10", "host-10-worker-1"):
        files.pid(name).touch()
    files.forget("host-1")
    assert {path.stem for path in files.run.iterdir()} == {"host-10", "host-10-worker-1"}
