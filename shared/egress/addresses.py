"""Which IP addresses are inside, and how a host in a URL can spell one."""

from __future__ import annotations

import socket
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address


class Place(StrEnum):
    """Where an address that is not public points."""

    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    PRIVATE = "private"
    SPECIAL = "special-purpose"


_V4 = {
    Place.LOOPBACK: ["127.0.0.0/8"],
    Place.LINK_LOCAL: ["169.254.0.0/16"],  # the metadata services of EC2 and ECS live here
    Place.PRIVATE: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
    Place.SPECIAL: [
        "0.0.0.0/8",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    ],
}
_V6 = {
    Place.LOOPBACK: ["::1/128"],
    Place.LINK_LOCAL: ["fe80::/10"],
    Place.PRIVATE: ["fc00::/7", "fec0::/10"],
    # Teredo and 6to4 hide an IPv4 address behind a relay that nobody runs any more
    Place.SPECIAL: ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"],
}
_V4_INSIDE = [(IPv4Network(net), place) for place, nets in _V4.items() for net in nets]
_V6_INSIDE = [(IPv6Network(net), place) for place, nets in _V6.items() for net in nets]
_V6_PUBLIC = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def place_of(address: IPAddress) -> Place | None:
    """Where `address` points, or None when it is public. Looks through the IPv6 forms that carry an IPv4 address."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        return next((place for net, place in _V4_INSIDE if address in net), None)
    inside = next((place for net, place in _V6_INSIDE if address in net), None)
    if inside is None and address not in _V6_PUBLIC:
        return Place.SPECIAL
    return inside


def _unwrapped(address: IPAddress) -> IPAddress:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:  # what DNS64 answers on a network that has IPv6 only
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def literal(host: str) -> IPAddress | None:
    """The address that `host` spells in any form resolvers take (`2130706433`, `0x7f.1`, `::1`); None for a name."""
    host = host.rstrip(".")
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not host[:1].isdigit():
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
