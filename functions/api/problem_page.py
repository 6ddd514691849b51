"""The page of all problems, `docs/errors.md`: `python -m functions.api.problem_page > docs/errors.md`."""

from __future__ import annotations

import sys

from functions.api import problems
from functions.api.problems import ProblemType

_HEAD = """# Errors

Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and for bad input `errors`, a
list of `{pointer, detail}`. `type` is stable: decide by it, not by the texts. `pointer` is a JSON pointer into the body
(`/settings/pacing/min_gap_ms`), `?name` for a query parameter, or a header's name. A
field or query parameter that a route does not have is refused with `invalid-request`, as is a parameter that is given
twice: a filter is never left out because of a typo. `/monitoring/health` alone takes no notice of them.

| type | status | meaning |
|---|---|---|
"""


def page() -> str:
    """The page, made from the one table of problems."""
    kinds = sorted(
        (kind for kind in vars(problems).values() if isinstance(kind, ProblemType)), key=lambda k: (k.status, k.name)
    )
    return _HEAD + "".join(f"| `{kind.name}` | {kind.status} | {kind.meaning} |\n" for kind in kinds)


if __name__ == "__main__":
    sys.stdout.write(page())
