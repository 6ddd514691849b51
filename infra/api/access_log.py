"""One line for each call that reached API Gateway: who, what, how it ended and how long it took. No bodies, no queries,
no keys; the key's id names the caller. It has the calls that never came to the function too."""

from __future__ import annotations

import json

FIELDS = {
    "request_id": "$context.requestId",
    "at": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "key_id": "$context.identity.apiKeyId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "bytes": "$context.responseLength",
    "refused_as": "$context.error.responseType",
    "function_error": "$context.integrationErrorMessage",
    "firewall": "$context.waf.status",
}
FORMAT = json.dumps(FIELDS, separators=(",", ":"))
