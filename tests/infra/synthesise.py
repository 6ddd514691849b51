"""Writes the templates of all stages, and of variations, into a folder; run once per test run as a process of its own.

    python tests/infra/synthesise.py FOLDER

Findings of the rules are left in FOLDER/validation-report.json for the tests to judge.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from infra.app import add_stage, new_app
from infra.bundling import code_source
from infra.capacity import HOSTS, Hosts
from infra.context import without_cdk
from infra.stages import DEV, PROD, Spans
from shared.settings import MAX_PARTITIONS

IMAGES = {  # from any registry, from one of ECR, and made from here
    "dev": "registry.example/hivewp-host:1",
    "prod": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/hivewp-host:1",
    "nat": None,
}
NAT = replace(  # everything that there can be in a stage
    DEV,
    name="nat",
    nat=True,
    partitions=MAX_PARTITIONS,
    webhook_concurrency=None,
    alert_email="ops@example.com",
    alert_targets="ops/chat",
    spans=Spans("https://collector.example:4318", "ops/otlp", "0.25"),
)
HOSTS[NAT.name] = Hosts(cpu=4096, memory_mb=8192, least=10, most=40, sessions=500)
STAGES = (DEV, PROD, NAT)


def main(folder: Path) -> None:
    app = new_app(folder, without_cdk([]))
    for stage in STAGES:
        add_stage(app, stage, code_source(with_libraries=False), IMAGES[stage.name])
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
