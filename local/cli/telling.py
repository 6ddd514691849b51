"""How keys are shown in a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from shared.clock import iso
from shared.limits import plan_of
from shared.models.issued_key import IssuedKey, KeyState

if TYPE_CHECKING:
    from local.keys.issuer import Made

_HEADINGS = ("TENANT", "KEY_ID", "ENDS WITH", "PLAN", "SCOPES", "STATE", "EXPIRES", "CREATED", "LABEL")


def fresh_key(made: Made, *, as_json: bool) -> None:
    """Shows a key, alone on stdout; what there is to know about it goes to stderr."""
    key = made.key
    if as_json:
        typer.echo(json.dumps({"key": made.text, **plain(key)}, indent=2))
        return
    typer.echo(made.text)
    about = f"{key.key_id} of {key.tenant}: plan {_plan(key)}, may {', '.join(key.scopes)}, expires {_time(key)}"
    typer.echo(about + ". Keep it now: it is not stored and is never shown again.", err=True)
    if made.replaces:
        typer.echo(f"It replaces {made.replaces.key_id} (...{made.replaces.ending}).", err=True)


def plain(key: IssuedKey) -> dict[str, Any]:
    """A key's row for JSON, without anything that helps to guess the key."""
    return {
        "key_id": key.key_id,
        "tenant": key.tenant,
        "plan": key.plan,
        "messages_per_day": key.messages_per_day or plan_of(key.plan).messages_per_day,
        "scopes": list(key.scopes),
        "state": str(key.state),
        "created_at": iso(key.created_at) if key.created_at else None,
        "expires_at": None if key.expires_at is None else iso(key.expires_at),
        "ends_with": key.ending,
        "label": key.label,
        "replaced_by": key.replaced_by,
    }


def key_table(keys: Sequence[IssuedKey], now: float) -> str:
    """A table for people."""
    if not keys:
        return "there are no keys"
    rows = [_HEADINGS, *(_row(key, now) for key in keys)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(r, widths, strict=True)).rstrip() for r in rows)


def _row(key: IssuedKey, now: float) -> tuple[str, ...]:
    created = iso(key.created_at)[:10] if key.created_at else "-"
    ending, scopes = f"...{key.ending}" if key.ending else "-", ",".join(key.scopes)
    return (key.tenant, key.key_id, ending, _plan(key), scopes, _state(key, now), _time(key), created, key.label)


def _plan(key: IssuedKey) -> str:
    return key.plan + (f" ({key.messages_per_day:,} messages a day)" if key.messages_per_day else "")


def _state(key: IssuedKey, now: float) -> str:
    if key.state is KeyState.ACTIVE and key.expired(now):
        return "expired"
    return "replaced" if key.state is KeyState.ACTIVE and key.replaced_by else str(key.state)


def _time(key: IssuedKey) -> str:
    return "never" if key.expires_at is None else iso(key.expires_at)[:16] + "Z"
