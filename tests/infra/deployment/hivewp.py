"""`hivewp` as an operator of the deployed stage runs it, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.infra.deployment.aws import REGION, Aws


async def keys(aws: Aws, command: str, *arguments: str) -> Any:
    """What `hivewp keys <command>` tells programs. Fails with what it complains about."""
    return json.loads(await keys_in_words(aws, command, "--json", *arguments))


async def keys_in_words(aws: Aws, command: str, *arguments: str) -> str:
    """What `hivewp keys <command>` tells people. Fails with what it complains about."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "AWS_REGION": REGION,
        "HIVEWP_AWS_ENDPOINT": aws.endpoint,
    }
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("hivewp"), "keys", command, "--stage", "dev", *arguments,
        env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return said.decode()
