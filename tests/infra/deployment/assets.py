"""The assets that templates name, put where CloudFormation looks for them; functions with bundles for this machine."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Container, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from infra.bundling import bundle_for
from tests.conftest import ROOT
from tests.infra.deployment.adaptation import FUNCTION, Template

INTERPRETER = ROOT / ".venv-ministack" / "bin" / "python"  # MiniStack runs functions on its own
HANDLER_END = ".handler.handler"


def function_of(made: dict[str, Any]) -> str:
    """The folder below functions/ whose handler a Lambda function calls."""
    handler = str(made["Properties"]["Handler"])
    assert handler.startswith("functions.")
    assert handler.endswith(HANDLER_END)
    return handler.removeprefix("functions.").removesuffix(HANDLER_END)


def zips(assembly: Path, stack: str, template: Template, there: Container[str]) -> Iterable[tuple[str, bytes]]:
    """Key and content of every zipped asset of a stack that is not there. Fails for one that is no function's."""
    functions = {
        made["Properties"]["Code"]["S3Key"]: function_of(made)
        for made in template["Resources"].values()
        if made["Type"] == FUNCTION
    }
    for key in _zipped(assembly, stack):
        if key not in there:
            yield key, _zip(bundle_for(functions[key], INTERPRETER))


def _zipped(assembly: Path, stack: str) -> list[str]:
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    files = [file for file in manifest["files"].values() if file["source"]["packaging"] == "zip"]
    return [str(place["objectKey"]) for file in files for place in file["destinations"].values()]


def _zip(folder: Path) -> bytes:
    """Stored, not compressed: it goes no further than this machine."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", strict_timestamps=False) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
