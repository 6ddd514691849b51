"""What a synthesis is told: cdk.json's `context`, and what `cdk -c key=value` or `python -m infra key=value` adds.

| context | meaning | default |
|---|---|---|
| stage | `dev` or `prod`, see stages.py | dev |
| nat | `true`: hosts in private subnets behind a NAT gateway | the stage's |
| image | URI of the hosts' image; without it `cdk deploy` makes one, for which it needs docker | |
| code | `lambda`: functions with their libraries; `source`: our own code alone, for tests | lambda |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.stages import STAGES, Stage

CDK_JSON = Path(__file__).resolve().parent.parent / "cdk.json"
NAMES = ("stage", "nat", "image", "code")
CODES = ("lambda", "source")


class BadContext(ValueError):
    """A context value cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Context:
    """The context values, judged."""

    stage: Stage
    with_libraries: bool
    image: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Context:
        """From what the app's node knows, or a test says. Raises BadContext."""
        stage = STAGES[_one_of(values, "stage", tuple(STAGES))]
        if values.get("nat") is not None:
            stage = replace(stage, nat=_one_of(values, "nat", ("false", "true")) == "true")
        image = values.get("image")
        return cls(stage, _one_of(values, "code", CODES) == "lambda", str(image) if image else None)


def without_cdk(arguments: Sequence[str]) -> dict[str, object]:
    """The context of a run that CDK's command line did not start: cdk.json's, then arguments'. Raises BadContext."""
    context: dict[str, object] = json.loads(CDK_JSON.read_text())["context"]
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise BadContext(f"context is given as key=value, not {argument!r}")
        context[key] = value
    return context


def _one_of(values: Mapping[str, object], name: str, allowed: tuple[str, ...]) -> str:
    value = values.get(name)
    text = allowed[0] if value is None else str(value).lower()
    if text not in allowed:
        raise BadContext(f"context value {name} must be one of {', '.join(allowed)}, not {value!r}")
    return text
