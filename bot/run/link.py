"""Which links may be fetched, and at which addresses: what stands between a stranger's URL and our own network."""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

MESSENGER_HOSTS = ("fbcdn.net", "fbsbx.com")
"""Where Meta keeps what people send: webhooks/messages shows scontent.xx.fbcdn.net and cdn.fbsbx.com.

By https only. Nothing under facebook.com: files are not kept there, and its pages lead anywhere.
"""
ZALO_HOSTS = ("zdn.vn", "zadn.vn", "zaloapp.com")
"""webhook/user-send-image shows f6.photo.talk.zdn.vn; older files and thumbnails are at zadn.vn and zaloapp.com.

By http as well: webhook/user-send-image has such an address.
"""

LONGEST = 4096
PORTS = {"http": 80, "https": 443}

_VISIBLE = re.compile(r"[^\x00-\x20\x7f-\xa0\\]+")  # a backslash is a slash to some programs and a letter to others
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_SIX = ipaddress.IPv6Network("2000::/3")  # all that is given out of IPv6: RFC 4291, 2.4
_NOT_THESE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # RFC 6890: for protocols
        "192.88.99.0/24",  # RFC 7526: relays into 6to4
        "2001::/23",  # RFC 2928: for protocols, Teredo among them, which carries an IPv4 address
        "2001:db8::/32",  # RFC 3849: for documents
        "2002::/16",  # RFC 3056: 6to4, which carries an IPv4 address
        "3fff::/20",  # RFC 9637: for documents
    )
)


class Refused(Exception):
    """Not to be fetched. Its words say why and never hold the link."""


@dataclass(frozen=True, slots=True)
class Link:
    """host: as DNS wants it. target: path and query. private: whether its host may be inside our own network."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)  # the query is often a key to the file
    private: bool

    @property
    def authority(self) -> str:
        """What goes into the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def read_link(url: str, hosts: Collection[str], private_hosts: Collection[str] = ()) -> Link:
    """hosts: each stands for all that ends with it. private_hosts: as they are, on any port. Raises `Refused`."""
    if len(url) > LONGEST or not _VISIBLE.fullmatch(url):
        raise Refused("not a link")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _plain_host(parts.hostname or "")
    except ValueError:  # its words would hold the link
        host, port = "", None
    if not host or parts.scheme not in PORTS:
        raise Refused("not a link")
    if "@" in parts.netloc:
        raise Refused("a name or password in the link")
    private = host in private_hosts
    if not private and not _is_under(host, hosts):
        raise Refused("a host that is not the platform's")
    if not private and parts.scheme == "http" and _is_under(host, MESSENGER_HOSTS):
        raise Refused("not over https")
    port = PORTS[parts.scheme] if port is None else port
    if not private and port not in PORTS.values():
        raise Refused("an odd port")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Link(parts.scheme, host, port, quote(target, safe="/?:@!$&'()*+,;=-._~%"), private)


def is_public(address: str) -> bool:
    """Whether this IP address is one of the open Internet, and not one that only looks so."""
    if "%" in address:  # a zone: RFC 4007 has them for addresses that hold on one link or host only
        return False
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _SIX:  # mapped, NAT64, local, multicast: all outside
        return False
    special = not ip.is_global or ip.is_multicast or ip.is_reserved
    return not special and not any(ip in network for network in _NOT_THESE if network.version == ip.version)


def _is_under(host: str, hosts: Collection[str]) -> bool:
    return any(f".{host}".endswith(f".{allowed}") for allowed in hosts)


def _plain_host(host: str) -> str:
    """In lower-case ASCII, without the dot of the root; empty where it is no name. Raises ValueError."""
    if "%" in host:  # the zone of an address (RFC 6874), or a letter in disguise
        return ""
    if ":" in host:  # urlsplit has seen the brackets
        return str(ipaddress.IPv6Address(host))
    plain = host.encode("idna").decode("ascii").lower().removesuffix(".")
    return plain if _NAME.fullmatch(plain) else ""
