"""What the store may ask DynamoDB to write, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.store.values import to_attribute

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression such as `#s = :sending`, its names and values without their marks."""

    expression: str
    names: dict[str, str] = field(default_factory=dict)
    values: Values = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """The call's arguments for names and values."""
        arguments: dict[str, Any] = {}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": real for name, real in self.names.items()}
        if self.values:
            arguments["ExpressionAttributeValues"] = {f":{n}": to_attribute(v) for n, v in self.values.items()}
        return arguments


def absent(key: str) -> Condition:
    """The item does not exist; `key` is any of its key attributes."""
    return Condition("attribute_not_exists(#k)", {"k": key})


@dataclass(frozen=True, slots=True)
class Put:
    """Writes a whole item."""

    table: str
    values: Values
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Changes an item: `sets` to values, `adds` to numbers, `appends` lists, `removes` attributes."""

    table: str
    key: Values
    sets: Values = field(default_factory=dict)
    adds: dict[str, int] = field(default_factory=dict)
    appends: dict[str, list[Any]] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes an item."""

    table: str
    key: Values
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Only asks that a condition holds, as part of a transaction."""

    table: str
    key: Values
    condition: Condition


Write = Put | Update | Delete | Check


def update_expression(write: Update, names: dict[str, str], values: Values) -> str:
    """The UpdateExpression; what it names is added to `names` and `values`."""
    sets, adds, removes = [], [], [*write.removes]
    for position, (name, value) in enumerate(write.sets.items()):
        if value is None:
            removes.append(name)
            continue
        names[f"s{position}"], values[f"s{position}"] = name, value
        sets.append(f"#s{position} = :s{position}")
    for position, (name, value) in enumerate(write.appends.items()):
        names[f"l{position}"], values[f"l{position}"], values["empty"] = name, value, []
        sets.append(f"#l{position} = list_append(if_not_exists(#l{position}, :empty), :l{position})")
    for position, (name, value) in enumerate(write.adds.items()):
        names[f"a{position}"], values[f"a{position}"] = name, value
        adds.append(f"#a{position} :a{position}")
    for position, name in enumerate(removes):
        names[f"r{position}"] = name
    parts = {"SET": sets, "ADD": adds, "REMOVE": [f"#r{position}" for position in range(len(removes))]}
    return " ".join(f"{verb} {', '.join(expressions)}" for verb, expressions in parts.items() if expressions)
