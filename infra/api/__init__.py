"""The API: API Gateway with its methods, plans, answers and firewall, and the function behind it.

Api(stack, "api", stage=..., code=..., tables=..., queues=..., sealing_key=...)
"""

from infra.api.api import Api

__all__ = ["Api"]
