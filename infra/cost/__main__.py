"""`python -m infra.cost [--write]`: prints the tables of docs/cost.md, or puts them there. Needs no AWS account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.cost.report import placed, report
from infra.cost.template import Bought, bought
from infra.stages import PROD, Stage

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "cost.md"


def main(arguments: list[str]) -> None:
    """Synthesises the production stage and reckons."""
    if arguments not in ([], ["--write"]):
        sys.exit("usage: python -m infra.cost [--write]")
    tables = report(_synthesised(PROD), PROD)
    if arguments:
        DOCUMENT.write_text(placed(DOCUMENT.read_text(), tables))
    else:
        sys.stdout.write(tables + "\n")


def _synthesised(stage: Stage) -> Bought:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "infra", f"stage={stage.name}", "code=source"]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"CDK_OUTDIR": folder}, stdout=sys.stderr, check=True)
        names = (f"{stage.prefix}-data", stage.prefix)
        return bought(stage.prefix, *(json.loads(Path(folder, f"{name}.template.json").read_text()) for name in names))


if __name__ == "__main__":
    main(sys.argv[1:])
