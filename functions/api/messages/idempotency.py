"""The Idempotency-Key header: one key and body make one message, however often they are sent within 24 hours."""

from __future__ import annotations

import hashlib
import json
import re

from functions.api import problems
from functions.api.messages.schemas import TextMessage
from functions.api.problems import FieldError, Problem
from shared.store.messages import IdempotencyKey

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def idempotency_key(header: str | None, path: str, body: TextMessage) -> IdempotencyKey | None:
    """The key of a request and the digest of what it asks for. Raises Problem for a key that is none."""
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        error = FieldError("idempotency-key", "1 to 255 visible ASCII characters")
        raise Problem(problems.INVALID_HEADER, "The Idempotency-Key is not usable.", errors=[error])
    return IdempotencyKey(header, _digest(path, body))


def _digest(path: str, body: TextMessage) -> str:
    """Equal for bodies that mean the same. Without defaults, so that a field added later changes no digest."""
    meaning = json.dumps(body.model_dump(exclude_defaults=True), sort_keys=True)
    return hashlib.sha256(f"{path}\n{meaning}".encode()).hexdigest()
