"""Which network addresses may be connected to for others: by default only those of the public internet."""

from __future__ import annotations

import ipaddress
import socket

from executions.threads import in_thread

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: NAT64: IPv6 addresses that stand for the IPv4 address in their last four bytes.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: Local by use, though not marked so in every version of ``ipaddress``.
_LOCAL = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("fec0::/10"))


def is_public(address: Address) -> bool:
    """Return whether the address is one of the public internet, and not an IPv6 cover for one that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(inner is not None and not is_public(inner) for inner in (address.sixtofour, *(address.teredo or ()))):
            return False
        if address.is_site_local or any(address in network for network in _LOCAL):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host name (or of an address in any spelling), best first.

    Raises OSError when it has none. Cancellation: raises at once, the name servers' answer is dropped.
    """
    found = await in_thread(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
    return list(dict.fromkeys(addresses))
