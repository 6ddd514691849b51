"""cfn-lint has nothing to say about any template; a file of its own, since it takes longer than all others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.infra.conftest import ROOT

STACKS = [f"hivewp-{stage}{part}" for stage in ("dev", "prod") for part in ("-data", "")]


def test_templates_are_what_cloudformation_takes(assembly: Path) -> None:
    templates = [str(assembly / f"{stack}.template.json") for stack in STACKS]
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([cfn_lint, *templates], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
