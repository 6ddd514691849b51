"""Which AWS is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.keys.errors import KeyProblem
from local.keys.places import local_aws
from local.stack.files import StackFiles
from local.stack.lock import StackLock


def test_the_stack_of_this_machine_must_run(tmp_path: Path) -> None:
    files, env = StackFiles(tmp_path / "data"), {"HIVEWP_DATA": str(tmp_path / "data")}
    with pytest.raises(KeyProblem, match="no stack has run"):
        local_aws(env)
    files.make()
    files.write_ports({"HIVEWP_AWS_PORT": 4567})
    with pytest.raises(KeyProblem, match="is not running"):
        local_aws(env)
    lock = StackLock.take(files.lock)
    assert local_aws(env).endpoint_url == "http://127.0.0.1:4567"
    lock.release()
    with pytest.raises(KeyProblem, match="is not running"):
        local_aws(env)
