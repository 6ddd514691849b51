"""The endpoint that an instance's setting `webhook_url` makes: its id follows from the instance, so it is found by key.

Ids of all other endpoints begin with the time of their making, with a 0 until the year 3084: they sort before these.
"""

from __future__ import annotations

import base64
import hashlib

from shared.models.instance import InstanceKey

FIRST_ID = "wh_2"
"""Sorts after the ids of all endpoints that are made for no instance, and before those of all that are."""


def endpoint_id(key: InstanceKey) -> str:
    """The id of an instance's own endpoint."""
    digest = hashlib.sha256(str(key).encode()).digest()[:16]
    return "wh_" + base64.b32encode(digest).decode().lower().rstrip("=")
