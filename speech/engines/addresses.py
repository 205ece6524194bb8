"""Which addresses the studio may visit on somebody's behalf.

Rule: a web address is taken apart once, here; its name is resolved once; *all* its addresses must
be public; and the connection is made to those very addresses (see `download.py`), so that a name
cannot answer differently the second time. Odd spellings (decimal, hex, octal, short, trailing
dot, zone id, embedded IPv4) are refused, not understood. Reason: what is not understood cannot be
misunderstood. Price: NAT64 networks that answer 64:ff9b:: for public names are refused too.
Source: IANA special-purpose address registries (2026). Revisit when those change.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import idna

from speech.errors import BlockedAddress, TryLater

IPAddress = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port → numeric addresses; raises OSError where the name is not known."""

DEFAULT_PORTS = {"http": 80, "https": 443}
URL_LIMIT = 4096

CLOSED_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a cloud's metadata service on a public-looking address
    )
)  # fmt: skip
OPEN_V6 = ip_network("2000::/3")
"""All that IANA has given out as global unicast; everything outside is closed."""
CLOSED_V6 = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments, with Teredo, ORCHID and benchmarking
        "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48",
    )
)  # fmt: skip
CLOSED_NAMES = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "onion",
)

NOT_WEB = "The address must start with https:// or http://."
PRIVATE = "The address leads to a private or reserved network, which the studio never visits."
ODD = "The address is spelled in a way the studio does not accept; use a plain host name."


@dataclass(frozen=True, kw_only=True)
class Target:
    """A web address, taken apart once. `host` is lower-case ASCII; `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def host_header(self) -> str:
        usual = self.port == DEFAULT_PORTS[self.scheme]
        return _bracketed(self.host) if usual else f"{_bracketed(self.host)}:{self.port}"

    def at(self, address: IPAddress) -> str:
        """The same address with the host replaced by a number."""
        return f"{self.scheme}://{_bracketed(str(address))}:{self.port}{self.path}"


@lru_cache(maxsize=4096)  # the same few addresses are judged at each poll
def parse_url(url: str) -> Target:
    """The parts of `url`; `BlockedAddress` for a shape we do not accept. Looks nothing up."""
    if len(url) > URL_LIMIT or not url.isprintable() or any(c in url for c in " \\"):
        raise BlockedAddress(ODD)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BlockedAddress(ODD) from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise BlockedAddress(NOT_WEB)
    if "@" in parts.netloc:
        raise BlockedAddress("The address holds a user name or password; leave them out.")
    if port == 0 or parts.netloc.endswith(":"):
        raise BlockedAddress(ODD)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        scheme=scheme,
        host=_host(parts.hostname or "", literal_v6="[" in parts.netloc),
        port=port or DEFAULT_PORTS[scheme],
        path=path,
    )


def check_url(url: str) -> Target:
    """`parse_url`, and no private number or local name in it. Looks nothing up."""
    target = parse_url(url)
    literal = _literal(target.host)
    if literal is not None and not is_public(literal):
        raise BlockedAddress(PRIVATE)
    if literal is None and any(
        target.host == name or target.host.endswith(f".{name}") for name in CLOSED_NAMES
    ):
        raise BlockedAddress(PRIVATE)
    return target


async def resolve_public(
    host: str, port: int, *, resolver: Resolver | None = None
) -> list[IPAddress]:
    """The addresses of `host`, all of them public; `BlockedAddress` if a single one is not."""
    found = await resolve(host, port, resolver=resolver)
    if not all(is_public(address) for address in found):
        raise BlockedAddress(PRIVATE)
    return found


async def resolve(host: str, port: int, *, resolver: Resolver | None = None) -> list[IPAddress]:
    """The addresses of `host`, unjudged, each once; `TryLater` where the name is not known."""
    literal = _literal(host)
    if literal is not None:
        return [literal]
    try:
        names = await (resolver or system_resolver)(host, port)
        # A zone id (fe80::1%eth0) stays on the address and makes it non-public below.
        found = list(dict.fromkeys(ip_address(name) for name in names))
    except (OSError, UnicodeError) as error:
        raise TryLater(f"The host {host} could not be found.", code="unknown_host") from error
    except ValueError as error:
        raise BlockedAddress(ODD) from error
    if not found:
        raise TryLater(f"The host {host} could not be found.", code="unknown_host")
    return found


async def system_resolver(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in rows]


def is_public(address: IPAddress) -> bool:
    """True for addresses of the open internet. Embedded IPv4 forms never are."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in CLOSED_V4)
    if address.scope_id is not None or address not in OPEN_V6:
        return False
    return not any(address in block for block in CLOSED_V6)


def origin_of(url: str) -> str:
    """`scheme://host:port`, always with the port; `BlockedAddress` for a shape we refuse."""
    return parse_url(url).origin


def trusted_origins(hosts: Iterable[str]) -> frozenset[str]:
    """Origins named by an administrator: `host`, `host:port` or a whole origin.

    A bare `host` means its two usual ports only; `host:9000` means that port with either scheme.
    """
    found: set[str] = set()
    for host in hosts:
        wanted = [host] if "://" in host else [f"{scheme}://{host}" for scheme in DEFAULT_PORTS]
        found.update(origin_of(url) for url in wanted)
    return frozenset(found)


def _host(raw: str, *, literal_v6: bool) -> str:
    host = raw.lower()
    if not host or "%" in host or host.endswith("."):
        raise BlockedAddress(ODD)
    if literal_v6:
        try:
            return str(IPv6Address(host))
        except ValueError as error:
            raise BlockedAddress(ODD) from error
    if not host.isascii():
        try:
            # strict: only real dots separate labels, so look-alike dots and digits are refused.
            host = idna.encode(host, strict=True, std3_rules=True).decode("ascii").lower()
        except idna.IDNAError as error:
            raise BlockedAddress(ODD) from error
    if not re.fullmatch(
        r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", host
    ):
        raise BlockedAddress(ODD)
    if re.fullmatch(r"\d+|0x[0-9a-f]*", host.rsplit(".", 1)[-1]):
        # A name that ends in a number is an IPv4 address to some readers: only the plain form.
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise BlockedAddress(ODD) from error
    return host


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
