"""Which network addresses may be connected to for a file that a user names: public ones only.

Facts: Python's `ipaddress` (IANA's registries); 168.63.129.16 looks public and is the platform's own
server on Azure; 6to4, Teredo and NAT64 addresses have another address inside, which is the one reached.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_OF_THE_PLATFORM = frozenset({"168.63.129.16"})
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL = IPv6Network("2000::/3")
"""All that is given out; the rest is for uses of their own: fec0::/10 of a site, 64:ff9b:1::/48 of a network's NAT64."""


def is_public(text: str) -> bool:
    """Whether this is an address, and one that anybody on the internet reaches."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if "%" in text or str(address) in _OF_THE_PLATFORM:
        return False
    if isinstance(address, IPv6Address):
        if (inner := _inside(address)) is not None:
            return is_public(str(inner))
        if address not in _GLOBAL:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The address of version 4 that one of version 6 leads to, if it does."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or address.packed[:12] == bytes(12):
        return IPv4Address(address.packed[-4:])
    return None
