"""What all bodies have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class Body(BaseModel):
    """A request's body: unknown fields are errors, and no type is turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Change(Body):
    """A body in which what is absent stays as it is. Its schema states no defaults: a generated client would send them,
    and change what it was not to."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        for field in handler.resolve_ref_schema(schema)["properties"].values():
            field.pop("default", None)
        return schema


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
