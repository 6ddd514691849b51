"""What a synthesis is told: cdk.json's `context`, and what `cdk -c key=value` or `python -m infra key=value` adds.

| context | meaning | default |
|---|---|---|
| stage | `dev` or `prod`, see stages.py | dev |
| nat | `true`: hosts in private subnets behind a NAT gateway | the stage's |
| webhook-concurrency | invocations of the webhook sender at once, 2 to 1,000, or `auto` (webhooks.py) | the stage's |
| image | URI of the hosts' image; without it `cdk deploy` makes one, for which it needs docker | |
| alert-email | address that alarms are mailed to, as CloudWatch words them; it is asked to confirm | |
| alert-targets | name of a secret that says where alerts go; without it the stack makes one (docs/alarms.md) | |
| otlp-endpoint | base URL of a collector that spans are sent to (docs/tracing.md); without it none are recorded | |
| otlp-headers | name of a secret with the headers that the collector asks for, `name=value,...` | |
| otlp-ratio | which share of the traces is recorded, 0 to 1 | 1 |
| code | `lambda`: functions with their libraries; `source`: our own code alone, for tests | lambda |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.stages import STAGES, Spans, Stage

CDK_JSON = Path(__file__).resolve().parent.parent / "cdk.json"
NAMES = (
    "stage",
    "nat",
    "webhook-concurrency",
    "image",
    "alert-email",
    "alert-targets",
    "otlp-endpoint",
    "otlp-headers",
    "otlp-ratio",
    "code",
)
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
        if values.get("webhook-concurrency") is not None:
            stage = replace(stage, webhook_concurrency=_concurrency(str(values["webhook-concurrency"])))
        email, targets = _text(values, "alert-email"), _text(values, "alert-targets")
        stage = replace(stage, alert_email=email, alert_targets=targets)
        stage = replace(stage, spans=_spans(values))
        return cls(stage, _one_of(values, "code", CODES) == "lambda", _text(values, "image"))


def _concurrency(text: str) -> int | None:
    if text.lower() == "auto":
        return None
    if re.fullmatch(r"[0-9]{1,4}", text) and 2 <= int(text) <= 1000:
        return int(text)
    raise BadContext(f"context value webhook-concurrency must be 2 to 1000, or auto, not {text!r}")


def _spans(values: Mapping[str, object]) -> Spans | None:
    endpoint, headers, ratio = (_text(values, f"otlp-{name}") for name in ("endpoint", "headers", "ratio"))
    if endpoint is None:
        if headers or ratio:
            raise BadContext("context values otlp-headers and otlp-ratio ask for an otlp-endpoint")
        return None
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", endpoint):
        raise BadContext("context value otlp-endpoint must be a URL without a key, a ? or a # in it")
    if ratio is not None and not re.fullmatch(r"0(\.\d+)?|1(\.0+)?", ratio):
        raise BadContext(f"context value otlp-ratio must be a number from 0 to 1, not {ratio!r}")
    return Spans(endpoint, headers, ratio or "1")


def without_cdk(arguments: Sequence[str]) -> dict[str, object]:
    """The context of a run that CDK's command line did not start: cdk.json's, then arguments'. Raises BadContext."""
    context: dict[str, object] = json.loads(CDK_JSON.read_text())["context"]
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            raise BadContext(f"context is given as key=value, not {argument!r}")
        context[key] = value
    return context


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    return str(value) if value else None


def _one_of(values: Mapping[str, object], name: str, allowed: tuple[str, ...]) -> str:
    value = values.get(name)
    text = allowed[0] if value is None else str(value).lower()
    if text not in allowed:
        raise BadContext(f"context value {name} must be one of {', '.join(allowed)}, not {value!r}")
    return text
