"""Logs as JSON, one line each, in one form for every process, so that they can be searched by field.

    context   what a line is about: bound once, on every line that is written inside; its trace, unless bound, is the
              one that shared/tracing is within
    masking   the net under everything: phone numbers and secrets in texts are cut short
    lines     a record as a line of JSON
    setup     a process's logging, set up once when it starts

| field | what it holds |
|---|---|
| timestamp, level, logger, message | ISO 8601 UTC with milliseconds; the level; the module that says it; the text |
| service | api, webhook_sender, alerts, host, worker, pairing, whatsapp or aws |
| host, partition | the session host's id; a worker's partition |
| tenant, instance, message_id, trace_id, request_id | what the line is about, where it is about one |
| exception | the traceback, where there is one |

and fields of its own: `log.info("request", extra={"fields": {"status": 200}})`.

The ids stand as their owners chose them, even if somebody called an instance by its phone number; all other texts are
masked. What is logged is ours: never a message's text, a body, a query or a key, masked or not.
"""

from __future__ import annotations

from shared.logs.context import bind, note
from shared.logs.setup import log_json, stamp

__all__ = ["bind", "log_json", "note", "stamp"]
