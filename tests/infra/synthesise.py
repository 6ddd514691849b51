"""Writes the templates of all stages, and of variations, into a folder; run once per test run as a process of its own.

python tests/infra/synthesise.py FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import replace

from aws_cdk import App

from infra.app import add_stage
from infra.bundling import code_source
from infra.context import without_cdk
from infra.stages import DEV, PROD

STAGES = (DEV, PROD, replace(DEV, name="nat", nat=True))

if __name__ == "__main__":
    app = App(outdir=sys.argv[1], context=without_cdk([]))
    for stage in STAGES:
        add_stage(app, stage, code_source(with_libraries=False))
    app.synth()
