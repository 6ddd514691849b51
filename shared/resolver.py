"""The system's resolver, as it is told by the environment of a process that looks up customers' names.

A name that nobody answers for is given up in some 6 s, not 15: a lookup cannot be called off, and is not to outlast
its caller's patience by long.
"""

from __future__ import annotations

RESOLVER = {"RES_OPTIONS": "timeout:2 attempts:2"}
