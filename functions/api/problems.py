"""Every problem that the API answers with, as application/problem+json (RFC 9457). The names are stable.

The table below is the one place where they are declared; the OpenAPI document is made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.limits import MAX_BODY_BYTES

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50
LONGEST_POINTER = 200


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: `name` is its `type` member, `meaning` what a caller should make of it."""

    name: str
    status: int
    title: str
    meaning: str


FORBIDDEN = ProblemType("forbidden", 403, "Forbidden", "The x-api-key header is missing or holds no valid key.")
MISSING_SCOPE = ProblemType(
    "missing-scope", 403, "Missing scope", "The key is valid but not good for this: `scope` names what it lacks."
)
BLOCKED = ProblemType("blocked", 403, "Blocked", "The firewall took the call for an attack: it never came to the API.")
NOT_FOUND = ProblemType("not-found", 404, "Not found", "There is no such thing, or it is not yours.")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "Method not allowed", "See the Allow header.")
BAD_REQUEST = ProblemType("bad-request", 400, "Bad request", "The call could not be read as one of this API's.")
INVALID_JSON = ProblemType("invalid-json", 400, "Invalid JSON", "The body could not be read as JSON.")
INVALID_HEADER = ProblemType("invalid-header", 400, "Invalid header", "A request header cannot be used as it is.")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type", 415, "Unsupported media type", "Send bodies with content-type: application/json."
)
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "Not acceptable", "No form of the answer matches Accept.")
INVALID_REQUEST = ProblemType(
    "invalid-request", 422, "Invalid request", "A field or parameter is missing, unknown or wrong: see `errors`."
)
UNSUPPORTED_TYPE = ProblemType(
    "unsupported-type",
    422,
    "Unsupported message type",
    "Messages of this type cannot be sent; `types` lists those that can.",
)
PAYLOAD_TOO_LARGE = ProblemType(
    "payload-too-large", 413, "Content too large", f"The body is over {MAX_BODY_BYTES / 1e6:g} MB."
)
RATE_LIMITED = ProblemType(
    "rate-limited", 429, "Too many requests", "Over the limit of the key's plan: wait as Retry-After says."
)
QUOTA_EXCEEDED = ProblemType(
    "quota-exceeded", 429, "Quota exceeded", "The key's plan allows no more calls today: it is renewed at midnight UTC."
)
MESSAGE_QUOTA_EXCEEDED = ProblemType(
    "message-quota-exceeded",
    429,
    "Message quota exceeded",
    "The tenant may have no more messages accepted today (`limit`): the count begins anew at midnight UTC.",
)
INSTANCE_EXISTS = ProblemType(
    "instance-exists", 409, "Instance exists", "You have an instance of this id, or it is still being deleted."
)
ALREADY_PAIRED = ProblemType(
    "already-paired", 409, "Already paired", "The instance is linked to a phone: log it out first."
)
NOT_PAIRED = ProblemType(
    "not-paired", 409, "Not paired", "The instance is not linked to a phone; `state` tells where it stands."
)
NOT_CONNECTED = ProblemType(
    "not-connected", 409, "Not connected", "The instance has no connection to WhatsApp now; `state` tells where it is."
)
NUMBER_NOT_ON_WHATSAPP = ProblemType(
    "number-not-on-whatsapp", 422, "Number not on WhatsApp", "`validate` was asked for, and nobody has this number."
)
TOO_MANY_CHECKS = ProblemType(
    "too-many-checks",
    429,
    "Too many number checks",
    "The instance may not ask WhatsApp about so many numbers in a minute (`limit`): wait as Retry-After says.",
)
QR_NOT_READY = ProblemType(
    "qr-not-ready", 404, "QR code not ready", "A code is on its way: ask again as Retry-After says."
)
PAIRING_FAILED = ProblemType(
    "pairing-failed", 409, "Pairing failed", "WhatsApp did not take up the pairing: restart the instance and try again."
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency-key-reused", 422, "Idempotency key reused", "The key was used with another body in the last 24 hours."
)
MANAGED_BY_INSTANCE = ProblemType(
    "managed-by-instance", 409, "Managed by an instance", "Change the `webhook_url` setting of the instance instead."
)
WEBHOOK_DISABLED = ProblemType(
    "webhook-disabled",
    409,
    "Webhook disabled",
    "The endpoint is not called now, by you or for failing: enable it first.",
)
REPLAY_RUNNING = ProblemType(
    "replay-running",
    409,
    "Replay running",
    "An endpoint has one replay of a time range at once: wait for the end of that of `replay_id`, or stop it.",
)
REPLAY_OVER = ProblemType("replay-over", 409, "Replay over", "The replay is done: there is nothing left to stop.")
LIMIT_REACHED = ProblemType("limit-reached", 409, "Limit reached", "You have as many of these as are allowed.")
PARTITIONS_FULL = ProblemType(
    "partitions-full", 503, "Partitions full", "The deployment has no room for another instance: add partitions."
)
EVENT_EXPIRED = ProblemType(
    "event-expired", 410, "Event expired", "The event is no longer in the log, which keeps 30 days."
)
COMMAND_FAILED = ProblemType(
    "command-failed", 502, "Command failed", "WhatsApp or the session host refused: `code` and `detail` tell why."
)
NO_ANSWER = ProblemType(
    "no-answer", 504, "No answer yet", "The session host has not answered in time; it may still do what was asked."
)
UNAVAILABLE = ProblemType(
    "unavailable", 503, "Unavailable", "Something that the API needs does not answer: try again soon."
)
INTERNAL = ProblemType("internal", 500, "Internal error", "A fault of ours; it was logged under `request_id`.")

TYPES: Mapping[str, ProblemType] = {
    kind.name: kind for kind in list(globals().values()) if isinstance(kind, ProblemType)
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value. `pointer`: `/settings/name` in the body (JSON pointer), `?limit` in the query, or a header."""

    pointer: str
    detail: str


class Problem(HTTPException):
    """An answer that is a problem. `members` are added to its body, `headers` to the answer."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.errors = tuple(errors)
        self.members = members

    def body(self) -> dict[str, Any]:
        """The problem's JSON."""
        kind = self.kind
        body = {"type": kind.name, "title": kind.title, "status": kind.status, "detail": self.detail, **self.members}
        if self.errors:
            body["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors[:MAX_ERRORS]]
        return body


def problem_response(problem: Problem) -> Response:
    """The answer that carries a problem."""
    # in ASCII: what it quotes of a bad request may hold lone surrogates, which UTF-8 has no form for
    content = json.dumps(problem.body()).encode("ascii")
    return Response(content, problem.status_code, problem.headers, MEDIA_TYPE)


def invalid(pointer: str, detail: str) -> Problem:
    """The problem of one wrong value."""
    return Problem(INVALID_REQUEST, f"{pointer}: {detail}", errors=[FieldError(pointer, detail)])


def not_found(what: str) -> Problem:
    """The problem of something that is not there, or is another tenant's: the two look alike."""
    return Problem(NOT_FOUND, f"There is no such {what}.")
