from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.bench.processes import pid_of
from local.chaos.processes import limit_files, ports_of, workers_of

WRITES_WHEN_TOLD = """
import sys
for path in sys.stdin:
    try:
        with open(path.strip(), "w") as file: file.write("x")
        print("written", flush=True)
    except OSError as error:
        print(error.errno, flush=True)
"""


@pytest.fixture
def writer() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITES_WHEN_TOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_process_whose_files_may_not_grow_goes_on_when_they_may(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    def write() -> str:
        assert writer.stdin
        assert writer.stdout
        writer.stdin.write(f"{tmp_path / 'file'}\n")
        writer.stdin.flush()
        return writer.stdout.readline().strip()

    assert write() == "written"
    limit_files(writer.pid, 0)
    assert write().isdigit()
    limit_files(writer.pid, None)
    assert write() == "written"


def test_only_processes_that_live_are_found(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    (tmp_path / "api.pid").write_text(f"{writer.pid}\n")
    (tmp_path / "host-1-worker-3.pid").write_text(f"{writer.pid}\n")
    (tmp_path / "host-1-worker-4.pid").write_text("\n")
    assert pid_of(tmp_path, "api") == writer.pid
    assert pid_of(tmp_path, "webhooks") is None
    assert workers_of(tmp_path, "host-1") == {3: writer.pid}
    writer.kill()
    writer.wait()
    assert pid_of(tmp_path, "api") is None
    assert workers_of(tmp_path, "host-1") == {}


def test_the_ports_of_a_process_are_its_own_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getsockname()[1] in ports_of([os.getpid()])
