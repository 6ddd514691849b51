"""docs/cost.md says what the templates and the prices give."""

from __future__ import annotations

from infra.cost.__main__ import DOCUMENT
from infra.cost.report import placed, report
from infra.cost.template import bought
from infra.stages import PROD
from tests.infra.conftest import Synthesis


def test_the_document_is_what_the_script_makes(template: Synthesis) -> None:
    has = bought(PROD.prefix, template(f"{PROD.prefix}-data"), template(PROD.prefix))
    said = DOCUMENT.read_text()
    assert said == placed(said, report(has, PROD)), "run: .venv/bin/python -m infra.cost --write"
