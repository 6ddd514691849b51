"""What all bodies have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request's body: unknown fields are errors, and no type is turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class View(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


def example(*examples: dict[str, Any]) -> ConfigDict:
    """The model configuration that shows these in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


def _is_none(value: object) -> bool:
    return value is None


def left_out(description: str, **more: Any) -> Any:
    """A field that an answer has only where there is something to say."""
    return Field(default=None, exclude_if=_is_none, description=description, **more)
