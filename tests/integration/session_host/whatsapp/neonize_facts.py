"""Prints what neonize's own Python half says of the library: its events, and the C types of what we call."""

from __future__ import annotations

import ctypes
import json
from importlib import import_module
from typing import Any

import pylibmagic  # noqa: F401 - neonize looks for libmagic, this finds it

from session_host.whatsapp.library import SIGNATURES, Bytes

gocode: Any = import_module("neonize._binder").gocode
event_to_int: dict[Any, int] = import_module("neonize.events").EVENT_TO_INT


def described(c_type: Any) -> str:
    """A name under which equal C types are equal, whoever defined them."""
    if c_type is None:
        return "void"
    if hasattr(c_type, "_restype_"):
        return f"function({', '.join(map(described, c_type._argtypes_))})"
    if hasattr(c_type, "contents"):
        return f"pointer to {described(c_type._type_)}"
    if issubclass(c_type, ctypes.Structure):
        return f"structure({', '.join(described(kind) for _, kind in c_type._fields_)})"
    return str(c_type.__name__)


def signature(function: Any) -> list[str]:
    return [*map(described, function.argtypes), described(function.restype)]


ours = ctypes.CDLL(gocode._name)
for name, (arguments, gives_buffer) in SIGNATURES.items():
    getattr(ours, name).argtypes = arguments
    getattr(ours, name).restype = ctypes.POINTER(Bytes) if gives_buffer else ctypes.c_void_p

facts = {
    "events": {str(number): event.__name__ for event, number in event_to_int.items()},
    "theirs": {name: signature(getattr(gocode, name)) for name in SIGNATURES},
    "ours": {name: signature(getattr(ours, name)) for name in SIGNATURES},
}
print(json.dumps(facts))  # noqa: T201
