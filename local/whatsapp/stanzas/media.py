"""Namespace `w:m`: where media is uploaded to and downloaded from."""

import secrets

from local.whatsapp.stanzas.query import Answer, Query
from local.whatsapp.wire.node import Attributes, Node

HOST = "mmg.whatsapp.net"
TTL = 3_600


def media_connection(_query: Query) -> Answer:
    attrs: Attributes = {"auth": secrets.token_urlsafe(16), "ttl": TTL, "auth_ttl": TTL, "max_buckets": 12}
    return [Node("media_conn", attrs, [Node("host", {"hostname": HOST})])]
