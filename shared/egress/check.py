"""Judges URLs, addresses and headers that customers gave us."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address

from yarl import URL

from shared.egress.addresses import IPAddress, Place, literal, place_of
from shared.egress.errors import EgressRefused
from shared.egress.lookup import Lookup
from shared.egress.policy import EgressPolicy

MAX_URL = 2048
MAX_HEADERS = 20
MAX_HEADER_BYTES = 8000
_NAME = re.compile(
    r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?"
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,2000}")
_FRAMING = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive"}
)
_FRAMING |= {
    "accept-encoding",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


def check_url(url: str, policy: EgressPolicy) -> URL:
    """Judges what can be seen without asking a name server. Returns the URL in the form that is dialled.

    Raises EgressRefused; its `detail` tells the customer what to change."""
    parsed = _parsed(url)
    if parsed.scheme not in policy.schemes:
        raise EgressRefused(f"the URL must start with {' or '.join(f'{s}://' for s in sorted(policy.schemes))}")
    if not policy.allow_credentials and (parsed.raw_user or parsed.raw_password):
        raise EgressRefused("the URL must not contain a user name or password")
    _check_port(parsed, policy)
    _check_host(parsed.raw_host or "", policy)
    return parsed


async def check_url_and_addresses(url: str, policy: EgressPolicy, lookup: Lookup) -> URL:
    """`check_url`, and every address its host has now. Raises EgressRefused, also when the name does not exist."""
    parsed = check_url(url, policy)
    host = parsed.raw_host or ""
    if literal(host) is None:
        try:
            found = await lookup.addresses(host, port_of(parsed) or 0)
        except OSError as error:
            raise EgressRefused(f"the host {host} has no address") from error
        for address in found:
            check_address(ip_address(address), policy)
    return parsed


def check_address(address: IPAddress, policy: EgressPolicy) -> None:
    """Raises EgressRefused unless the policy permits to dial `address`."""
    place = place_of(address)
    if place is None or (place is Place.LOOPBACK and policy.allow_loopback):
        return
    raise EgressRefused(f"the URL points at a {place} address, which is not permitted")


def check_headers(headers: Mapping[str, str], reserved: Collection[str] = ()) -> None:
    """Raises EgressRefused for headers that cannot be sent or are not the customer's; `reserved` is lower-case."""
    if len(headers) > MAX_HEADERS:
        raise EgressRefused(f"at most {MAX_HEADERS} headers are permitted")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise EgressRefused(f"{name[:100]!r} is not a header name")
        if name.lower() in _FRAMING or name.lower() in reserved:
            raise EgressRefused(f"the header {name} is set by the sender and cannot be chosen")
        if not _HEADER_VALUE.fullmatch(value):
            raise EgressRefused(f"the value of the header {name} holds characters that cannot be sent, or is too long")
    if sum(len(f"{name}{value}".encode()) for name, value in headers.items()) > MAX_HEADER_BYTES:
        raise EgressRefused(
            f"the headers' names and values must not be longer than {MAX_HEADER_BYTES:,} bytes together"
        )


def port_of(url: URL) -> int | None:
    """The port that is dialled, None where the URL's scheme has no usual one."""
    return 1080 if url.port is None and url.scheme == "socks5" else url.port


def _parsed(url: str) -> URL:
    if len(url) > MAX_URL:
        raise EgressRefused(f"the URL must not be longer than {MAX_URL} characters")
    if any(c <= " " or c in "\\\x7f" for c in url):
        raise EgressRefused("the URL must not contain spaces, control characters or backslashes")
    try:
        parsed = URL(url)
    except ValueError as error:
        raise EgressRefused("this is not a URL") from error
    if not parsed.raw_host:
        raise EgressRefused("the URL has no host")
    return parsed


def _check_port(url: URL, policy: EgressPolicy) -> None:
    port = port_of(url)
    if not port:
        raise EgressRefused("the URL's port must be between 1 and 65535")
    if policy.ports is not None and port not in policy.ports:
        raise EgressRefused(f"the URL's port must be one of {', '.join(map(str, sorted(policy.ports)))}")


def _check_host(host: str, policy: EgressPolicy) -> None:
    address = literal(host)
    if address is not None:
        check_address(address, policy)
        if "%" in host or (":" not in host and host.rstrip(".") != str(address)):
            raise EgressRefused("write the IP address in its usual form")
    elif not _NAME.fullmatch(host.lower()) or host.rstrip(".").rpartition(".")[2].isdigit():
        raise EgressRefused("the URL's host is neither a name nor an IP address")
    elif not policy.allow_loopback and _is_localhost(host):
        raise EgressRefused("the URL points at a loopback address, which is not permitted")


def _is_localhost(host: str) -> bool:
    return host.lower().rstrip(".").rpartition(".")[2] == "localhost"
