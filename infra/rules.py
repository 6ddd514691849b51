"""The rules that every synthesis is held to: a finding ends it, unless acknowledged with a reason on the spot."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def hold_to_rules(app: App) -> None:
    """Checks what the app holds by cdk-nag's AwsSolutions when it is synthesised."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Says for rules of cdk-nag (`AwsSolutions-SMG4`) why what they find in a construct, or below it, is meant so.

    Rules with several findings are acknowledged one by one: `AwsSolutions-IAM5[Resource::*]`.
    """
    Validations.of(construct).acknowledge(*(Acknowledgment(id=rule, reason=why) for rule, why in reasons.items()))
