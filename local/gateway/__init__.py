"""The stand-in for API Gateway and the firewall in front of the API: rates, keys, limits by plan, the size of bodies.

    app = Gateway(app, keys=..., monotonic=time.monotonic)

It answers by itself, as problem+json: 403 `forbidden`, 429 `rate-limited` and `quota-exceeded`, 413
`payload-too-large`.
"""

from local.gateway.gateway import Gateway, KeyDirectory

__all__ = ["Gateway", "KeyDirectory"]
