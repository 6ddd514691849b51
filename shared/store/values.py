"""Plain values to DynamoDB's attribute values and back: numbers come back as int or float, None is left out."""

from __future__ import annotations

from typing import Any

Attribute = dict[str, Any]
Item = dict[str, Any]


def to_attribute(value: Any) -> Attribute:
    """The attribute value of a plain value. Raises TypeError for what DynamoDB has no type for."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [to_attribute(one) for one in value]}
        case dict():
            return {"M": {name: to_attribute(one) for name, one in value.items()}}
    raise TypeError(f"cannot be stored: {type(value).__name__}")


def from_attribute(attribute: Attribute) -> Any:
    """The plain value of an attribute value."""
    ((kind, raw),) = attribute.items()
    match kind:
        case "N":
            return int(raw) if raw.lstrip("-").isdigit() else float(raw)
        case "NULL":
            return None
        case "L":
            return [from_attribute(one) for one in raw]
        case "M":
            return {name: from_attribute(one) for name, one in raw.items()}
    return raw


def to_item(values: dict[str, Any]) -> Item:
    """An item of plain values; those that are None are left out."""
    return {name: to_attribute(value) for name, value in values.items() if value is not None}


def from_item(item: Item) -> dict[str, Any]:
    """The plain values of an item."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}
