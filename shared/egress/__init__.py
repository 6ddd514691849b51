"""The only door through which customers' URLs are called.

`check_url` judges a URL when it is registered, `GuardedClient` judges it again with every address it dials.

    EgressError
    |-- EgressRefused     before: the URL or an address behind its name is not permitted; nothing was dialled
    |-- EgressUnreachable before: no such name, no connection or no TLS; nothing was sent
    |-- EgressTimeout     during: no answer in time; it may have arrived
    `-- EgressBroken      during: the connection broke or what came back was not HTTP; it may have arrived

Each carries `kind` (`refused`, `connect`, `timeout`, `protocol`), `detail` (safe to show to the tenant) and `ms`.
"""

from shared.egress.check import check_address, check_headers, check_url, check_url_and_addresses
from shared.egress.client import EgressResponse, GuardedClient
from shared.egress.errors import EgressBroken, EgressError, EgressRefused, EgressTimeout, EgressUnreachable
from shared.egress.lookup import Lookup, SystemLookup
from shared.egress.policy import EgressPolicy

__all__ = [
    "EgressBroken",
    "EgressError",
    "EgressPolicy",
    "EgressRefused",
    "EgressResponse",
    "EgressTimeout",
    "EgressUnreachable",
    "GuardedClient",
    "Lookup",
    "SystemLookup",
    "check_address",
    "check_headers",
    "check_url",
    "check_url_and_addresses",
]
