"""Addresses of those who connect."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

_CUSTOMER = 64
"""Bits of an IPv6 address that one customer has at least to themselves: all the others they choose as they like."""
_LONGEST = 64
"""Letters of what is no address, and yet stood where one should."""


def is_address(text: str) -> bool:
    """Whether a text is an IP address, without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def customer_of(address: str) -> str:
    """What is counted as one: an IPv4 address, or the network in which an IPv6 address can be changed at will."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _CUSTOMER), strict=False))


@lru_cache(16)
def _networks(listed: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    found = []
    for each in listed:
        try:
            found.append(ipaddress.ip_network(each, strict=False))
        except ValueError:
            continue
    return tuple(found)


def is_among(address: str, listed: Iterable[str]) -> bool:
    """Whether an address is one of those listed, or in a network that is; ``*`` is every address."""
    listed = tuple(listed)
    if "*" in listed or address in listed:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _networks(listed))
