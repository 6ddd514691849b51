"""Small, blocking calls to the parts of a stack on this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from local.cli.errors import CommandError

# Loopback needs no proxy, whatever the environment says.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with its JSON body, None where there is none."""

    status: int
    body: Any

    @property
    def problem(self) -> str:
        """What an answer of 400 and more says."""
        body = self.body if isinstance(self.body, dict) else {}
        errors = [f"{e.get('pointer', '')}: {e.get('detail', '')}" for e in body.get("errors", [])]
        said = body.get("detail") or body.get("title") or f"status {self.status}"
        return "; ".join([said, *errors])


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 30) -> Answer:
    """One call; any status is an answer. Raises CommandError when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the URL is ours and starts with http
        url, data, {"content-type": "application/json", **(headers or {})}, method=method
    )
    try:
        with _opener.open(request, timeout=timeout) as response:
            return Answer(response.status, _json(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _json(error.read()))
    except OSError as error:
        raise CommandError(f"nobody answers at {request.host}: start HiveWP with `make up`") from error


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
