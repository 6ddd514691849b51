"""The ids in paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

WebhookId = Annotated[str, Path(pattern=r"^wh_[0-9a-z]{26}$", description="The webhook's id.")]
DeliveryId = Annotated[str, Path(pattern=r"^dlv_[0-9a-z]{26}_[0-9a-z]{26}$", description="The delivery's id.")]
ReplayId = Annotated[str, Path(pattern=r"^rpl_[0-9a-z]{26}$", description="The replay's id.")]
