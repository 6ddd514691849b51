from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.egress.addresses import Place, literal, place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1", Place.LOOPBACK),
        ("127.255.255.254", Place.LOOPBACK),
        ("::1", Place.LOOPBACK),
        ("::ffff:127.0.0.1", Place.LOOPBACK),
        ("64:ff9b::7f00:1", Place.LOOPBACK),
        ("169.254.169.254", Place.LINK_LOCAL),
        ("169.254.170.2", Place.LINK_LOCAL),
        ("::ffff:169.254.169.254", Place.LINK_LOCAL),
        ("64:ff9b::a9fe:a9fe", Place.LINK_LOCAL),
        ("169.254.170.23", Place.LINK_LOCAL),
        ("169.254.169.253", Place.LINK_LOCAL),
        ("fe80::1", Place.LINK_LOCAL),
        ("10.1.2.3", Place.PRIVATE),
        ("172.31.255.255", Place.PRIVATE),
        ("192.168.0.1", Place.PRIVATE),
        ("100.64.0.1", Place.PRIVATE),
        ("fd00:ec2::254", Place.PRIVATE),
        ("fd00:ec2::23", Place.PRIVATE),
        ("100.100.100.200", Place.PRIVATE),
        ("192.0.0.192", Place.SPECIAL),
        ("::ffff:0:127.0.0.1", Place.SPECIAL),
        ("0.0.0.0", Place.SPECIAL),
        ("::", Place.SPECIAL),
        ("::127.0.0.1", Place.SPECIAL),
        ("255.255.255.255", Place.SPECIAL),
        ("224.0.0.1", Place.SPECIAL),
        ("ff02::1", Place.SPECIAL),
        ("2002:7f00:1::", Place.SPECIAL),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Place.SPECIAL),
        ("64:ff9b:1::1", Place.SPECIAL),
        ("8.8.8.8", None),
        ("172.32.0.1", None),
        ("100.128.0.1", None),
        ("2606:4700::1111", None),
        ("64:ff9b::808:808", None),
    ],
)
def test_every_inside_address_is_known_for_what_it_is(text: str, place: Place | None) -> None:
    assert place_of(ip_address(text)) == place


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "017700000001"],
)
def test_every_spelling_of_an_ipv4_address_is_read(spelling: str) -> None:
    assert literal(spelling) == IPv4Address("127.0.0.1")


@pytest.mark.parametrize("name", ["example.com", "1.example.com", "127.0.0.1.example.com", "0x7f.example", "abc", ""])
def test_names_are_no_addresses(name: str) -> None:
    assert literal(name) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_keeps_its_place_in_every_ipv6_form(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    translated = IPv6Address((0x64FF9B << 96) | number)
    assert place_of(mapped) == place_of(translated) == place_of(address)
    assert place_of(IPv6Address((0x2002 << 112) | (number << 80))) is not None


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global and not (isinstance(address, IPv6Address) and int(address) >> 32 == 0x64FF9B << 64):
        assert place_of(address) is not None or getattr(address, "ipv4_mapped", None) is not None
