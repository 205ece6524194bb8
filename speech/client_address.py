"""Who a request comes from, and whether it came by https: the one place that says so.

Rule: `X-Forwarded-For` and `X-Forwarded-Proto` are believed from a peer in TRUSTED_PROXIES only,
and read from the right: each trusted hop vouches for the one before it, and the first address
that is no trusted proxy is the client. What a client itself wrote stands further left and is never
reached. IPv4 addresses in IPv6 clothes (`::ffff:192.0.2.1`, as a socket on `::` reports them) are
the IPv4 addresses they are. `X-Forwarded-Host` and `Forwarded` are not read at all: proxies pass
`Host` on. Reason: throttles, limits and secure cookies hang on these words. Price: a proxy that
TRUSTED_PROXIES does not name stands for everybody behind it; so a peer that sends such headers
without being named is told of, in the log and to administrators under Settings.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

FORWARDED = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""Headers by which proxies speak of whom they pass on."""
MAPPED = IPv6Network("::ffff:0:0/96")
MOST_SHOWN = 5
MOST_LOGGED = 100
"""Lines of one process about untrusted peers: more of them are an attack on the log."""
MOST_HOPS = 50
ONE_SUBSCRIBER = 64
"""Bits of an IPv6 address that name a household or an office."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Client:
    """Who asked. `address` is "" where there is none, as for a Unix socket."""

    address: str
    scheme: str


@dataclass(frozen=True)
class Proxies:
    """The peers whose word is taken."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Proxies:
        """Raises ValueError with a sentence for what is neither an address nor a network."""
        return cls(tuple(_network(word) for word in words))

    def trust(self, address: str) -> bool:
        found = _parsed(address)
        return found is not None and any(found in network for network in self.networks)

    def client(self, *, peer: str, scheme: str, headers: Mapping[str, Sequence[str]]) -> Client:
        """Who is behind `peer`, by the forwarded headers if it is trusted.

        A word that is no address ("unknown") ends the chain at the proxy that wrote it.
        """
        address = canonical(peer)
        if not self.trust(address):
            return Client(address=address, scheme=scheme)
        hops = _listed(headers.get("x-forwarded-for", ()))[-MOST_HOPS:]
        depth = 0
        for hop in reversed(hops):
            found = _parsed(hop)
            if found is None:
                break
            address = str(found)
            depth += 1
            if not self.trust(address):
                break
        return Client(address=address, scheme=_scheme(headers, depth) or scheme)


class UntrustedForwarders:
    """Peers that sent forwarded headers and are not in TRUSTED_PROXIES, as far as this process
    knows: the latest of them, so that whoever asks finds the one that they came through."""

    def __init__(self) -> None:
        self._peers: dict[str, None] = {}
        self._told = 0

    def note(self, peer: str) -> None:
        is_new = peer not in self._peers
        self._peers.pop(peer, None)
        self._peers[peer] = None
        if len(self._peers) > MOST_SHOWN:
            del self._peers[next(iter(self._peers))]
        if is_new and self._told < MOST_LOGGED:
            self._told += 1
            logger.warning(
                "Forwarded headers from %s are ignored: it is not in TRUSTED_PROXIES. If it is"
                " your reverse proxy, add it there and set PUBLIC_URL; until then everybody behind"
                " it counts as one address.",
                peer,
            )

    def latest(self) -> list[str]:
        return list(reversed(self._peers))


untrusted_forwarders = UntrustedForwarders()


def client_address(request: HttpRequest) -> str:
    """The address of whoever sent this request, in its one spelling; "" where there is none."""
    return canonical(request.META.get("REMOTE_ADDR") or "")


def neighbourhood(address: str) -> str:
    """What counts as one place in a limit: an IPv4 address, or the network of an IPv6 one."""
    found = _parsed(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), ONE_SUBSCRIBER), strict=False))
    return address if found is None else str(found)


def canonical(address: str) -> str:
    """The one spelling of an address, without port, zone and IPv6 clothes; other text as it is."""
    found = _parsed(address)
    return address if found is None else str(found)


def _parsed(word: str) -> Address | None:
    """An address with or without a port, as the proxies of this world write them."""
    word = word.strip().strip('"')
    if word.startswith("["):
        word = word[1:].partition("]")[0]
    elif word.count(":") == 1:
        word = word.partition(":")[0]
    try:
        found = ip_address(word.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _network(word: str) -> Network:
    try:
        network = ip_network(word.strip("[]"), strict=False)
    except ValueError:
        raise ValueError(
            f"{word!r} is neither an address nor a network. Write them as 10.0.0.5 or 10.0.0.0/24,"
            " separated by commas."
        ) from None
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        address = network.network_address.ipv4_mapped
        return ip_network((int(address or 0), network.prefixlen - MAPPED.prefixlen))
    return network


def _listed(values: Sequence[str]) -> list[str]:
    """One list, however many headers it came in."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _scheme(headers: Mapping[str, Sequence[str]], depth: int) -> str:
    """What the outermost trusted proxy says the client used: several values belong to as many
    hops, and of a shorter list the leftmost is the nearest to that."""
    words = _listed(headers.get("x-forwarded-proto", ()))
    if not words:
        return ""
    word = words[-min(max(depth, 1), len(words))].lower()
    return word if word in {"http", "https"} else ""
