"""From which address somebody looks, for counting how often."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

IPV6_PREFIX = 64
"""A household, and whoever rents a server, has 2**64 addresses of IPv6 to choose from: the network counts as one."""

NEIGHBOURS = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Where only our own proxy can be. `is_private` of the standard library holds more, such as addresses for manuals."""

_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+", re.ASCII)


def address_of(remote: str | None, forwarded: str | None) -> str:
    """The client's own address: `203.0.113.7`, or of IPv6 the first address of its network, `2001:db8::`.

    remote: who is connected to us; no address for a socket of this machine. forwarded: the header X-Forwarded-For. It
    is believed only from a neighbour, and of it only the last entry: our own proxy wrote that, the first anybody can.
    """
    near = _parsed(remote or "")
    if near is not None and not any(near in network for network in NEIGHBOURS):
        return _shown(near)
    far = _parsed((forwarded or "").rpartition(",")[2])
    return _shown(far or near) or (remote or "")


def _parsed(written: str) -> IPv4Address | IPv6Address | None:
    bare = written.strip()
    with_port = _WITH_PORT.fullmatch(bare)
    if with_port:
        bare = with_port[1] or with_port[2]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _shown(found: IPv4Address | IPv6Address | None) -> str:
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, IPV6_PREFIX), strict=False).network_address)
    return "" if found is None else str(found)
