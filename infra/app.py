"""A stage of the product in a CDK app: a stack that keeps the data and one that can be torn down and made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import App, Tags

from infra.bundling import CodeSource
from infra.rules import hold_to_rules
from infra.stacks.data import DataStack
from infra.stacks.service import ServiceStack
from infra.stages import Stage


@dataclass(frozen=True, slots=True)
class Stacks:
    """The two stacks of a stage."""

    data: DataStack
    service: ServiceStack


def new_app(folder: str | Path, context: Mapping[str, object] | None = None) -> App:
    """An app that writes into a folder what it holds, if the rules have no objections."""
    app = App(outdir=str(folder), context=context)
    hold_to_rules(app)
    return app


def add_stage(app: App, stage: Stage, code: CodeSource, image: str | None = None) -> Stacks:
    """Puts both stacks of a stage into the app. `image`: of the hosts, in place of the one made from here."""
    data = DataStack(app, f"{stage.prefix}-data", stage=stage)
    service = ServiceStack(app, stage.prefix, stage=stage, data=data, code=code, image=image)
    service.add_stack_dependency(data)
    for stack in (data, service):
        Tags.of(stack).add("product", "hivewp")
        Tags.of(stack).add("stage", stage.name)
    return Stacks(data, service)
